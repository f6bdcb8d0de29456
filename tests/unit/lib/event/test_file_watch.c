/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_file_watch: every way in which a file becomes another one is seen, once.
 */
#include "config.h"

#include "lib/event/file_watch.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct file_watch *watch_two(void) {
    const char *const paths[] = {unit_path("a"), NULL, unit_path("b")};

    unlink(unit_path("b"));
    unit_text_file("a", "one");
    struct file_watch *watch = file_watch_new(paths, 3);
    ck_assert_ptr_nonnull(watch);
    ck_assert(!file_watch_has_changed(watch));
    return watch;
}

static void change_content(void) {
    unit_text_file("a", "three");
}

static void replace_by_rename(void) {
    unit_text_file("c", "two");
    ck_assert_int_eq(unlink(unit_path("a")), 0); /* Windows' rename() does not replace */
    ck_assert_int_eq(rename(unit_path("c"), unit_path("a")), 0);
}

static void change_mode(void) {
    unit_let_others_read(unit_path("a"));
}

static void make_the_other(void) {
    unit_text_file("b", "");
}

static void take_away(void) {
    ck_assert_int_eq(unlink(unit_path("a")), 0);
}

static void (*const changes[])(void) = {change_content, replace_by_rename, change_mode, make_the_other, take_away};
enum { CHANGES = sizeof changes / sizeof *changes };

START_TEST(change_is_seen_once) {
    struct file_watch *watch = watch_two();

    changes[_i]();
    ck_assert(file_watch_has_changed(watch));
    ck_assert(!file_watch_has_changed(watch));
    file_watch_free(watch);
}
END_TEST

/* As certbot does it: the name is a link, and what changes is where it leads. */
START_TEST(link_that_leads_elsewhere_is_a_change) {
    const char *const paths[] = {unit_path("link")};

    unit_text_file("one", "same");
    unit_text_file("two", "same");
    unlink(unit_path("link"));
    if (!unit_make_link(unit_path("one"), unit_path("link")))
        return;
    struct file_watch *watch = file_watch_new(paths, 1);
    ck_assert_int_eq(unlink(unit_path("link")), 0);
    ck_assert(unit_make_link(unit_path("two"), unit_path("link")));
    ck_assert(file_watch_has_changed(watch));
    file_watch_free(watch);
}
END_TEST

START_TEST(what_cannot_be_read_is_named) {
    struct file_watch *watch = watch_two(); /* there is no b */
    struct error error = {""};

    ck_assert_int_eq(file_watch_check_readable(watch, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, unit_path("b")));
    make_the_other();
    ck_assert_int_eq(file_watch_check_readable(watch, &error), 0);
    file_watch_free(watch);
}
END_TEST

static TCase *watching(void) {
    TCase *group = tcase_create("watching");

    tcase_add_loop_test(group, change_is_seen_once, 0, CHANGES);
    tcase_add_test(group, link_that_leads_elsewhere_is_a_change);
    tcase_add_test(group, what_cannot_be_read_is_named);
    return group;
}

UNIT_MAIN("lib/event/file_watch", watching)

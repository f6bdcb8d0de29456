/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_privilege: who may become whom. Each test runs in a process of its own, which is another user afterwards.
 */
#include "config.h"

#include "lib/os/privilege.h"
#include "unit.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only root in a process of its own can try what cannot be undone. */
static bool can_try(void) {
    const char *fork = getenv("CK_FORK");

    return geteuid() == 0 && getpwnam("nobody") && !(fork && strcmp(fork, "no") == 0);
}

START_TEST(unknown_names_are_refused) {
    struct error error = {""};

    ck_assert_int_eq(privilege_drop("no such user", NULL, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no such user"));
    ck_assert_int_eq(privilege_drop("root", "no such group", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no such group"));
    ck_assert_int_eq(privilege_drop(NULL, NULL, &error), 0);
}
END_TEST

START_TEST(root_becomes_another_for_good_and_keeps_no_group) {
    static const gid_t some[] = {0, 1, 2};
    struct error error = {""};

    if (!can_try())
        return;
    const struct passwd *nobody = getpwnam("nobody");
    uid_t user = nobody->pw_uid;
    gid_t group = nobody->pw_gid;
    ck_assert_int_eq(setgroups(3, some), 0);
    ck_assert_msg(privilege_drop("nobody", NULL, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(getuid(), user);
    ck_assert_uint_eq(getegid(), group);
    ck_assert_int_le(getgroups(0, NULL), 1);
    ck_assert_int_ne(seteuid(0), 0);
}
END_TEST

START_TEST(who_is_it_already_does_not_try_and_another_is_refused) {
    struct error error = {""};

    if (!can_try())
        return;
    ck_assert_int_eq(privilege_drop("nobody", NULL, &error), 0);
    ck_assert_int_eq(privilege_drop("nobody", NULL, &error), 0);
    ck_assert_int_eq(privilege_drop("root", NULL, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "start as root"));
    ck_assert_int_eq(privilege_drop("nobody", "root", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "group \"root\""));
}
END_TEST

START_TEST(log_file_is_given_and_nothing_else) {
    const char *path = unit_text_file("log", "");
    struct error error = {""};
    struct stat status;

    if (!can_try())
        return;
    uid_t user = getpwnam("nobody")->pw_uid;
    ck_assert_int_eq(privilege_give("stderr", "nobody", NULL, &error), 0);
    ck_assert_int_eq(privilege_give("/dev/null", "nobody", NULL, &error), 0);
    ck_assert_int_eq(stat("/dev/null", &status), 0);
    ck_assert_uint_eq(status.st_uid, 0);
    unlink(unit_path("second"));
    ck_assert_int_eq(link(path, unit_path("second")), 0);
    ck_assert_int_eq(privilege_give(path, "nobody", NULL, &error), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_uid, 0); /* it may be a file that another user wants to have */
    ck_assert_int_eq(unlink(unit_path("second")), 0);
    ck_assert_int_eq(privilege_give(path, "nobody", NULL, &error), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_uid, user);
}
END_TEST

static TCase *dropping(void) {
    TCase *group = tcase_create("dropping");

    tcase_add_test(group, unknown_names_are_refused);
    tcase_add_test(group, root_becomes_another_for_good_and_keeps_no_group);
    tcase_add_test(group, who_is_it_already_does_not_try_and_another_is_refused);
    tcase_add_test(group, log_file_is_given_and_nothing_else);
    return group;
}

UNIT_MAIN("lib/os/privilege", dropping)

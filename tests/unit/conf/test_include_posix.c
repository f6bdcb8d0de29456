/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_include_posix: root includes files that other users and groups own.
 */
#include "config.h"

#include "conf/include.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMED(name, port) "{ \"name\": \"" name "\", \"listen\": \":" port "\", \"connect\": \"h:1\" }"

static struct error error;
static struct option_fault fault;

static struct server_config *read_with(const char *include) {
    char text[512];
    error.text[0] = '\0';
    snprintf(text, sizeof text, "{ \"include\": %s,\n  \"services\": [ " NAMED("main", "1") " ] }", include);
    return server_config_load(unit_text_file("munnel.json", text), &fault, &error);
}

static void make_folder(void) {
    unit_make_folder(unit_path("d"));
}

/* As the folder of services is the server's own, whose user could have root read any file at the next start. */
static bool make_foreign(const char *text, uid_t owner, gid_t group, mode_t mode) {
    const char *path = unit_text_file("d/x.json", text);
    return geteuid() == 0 && chown(path, owner, group) == 0 && chmod(path, mode) == 0;
}

static const struct {
    const char *text;
    uid_t owner;
    gid_t group;
    mode_t mode;
    bool is_refused;
} foreign[] = {
    {NAMED("x", "${PORT}"), 1, 1, 0640, true},
    {NAMED("x", "${file:port}"), 1, 1, 0640, true},
    {NAMED("x", "${PORT}"), 0, 1, 0660, true},
    {NAMED("x", "${PORT}"), 0, 1, 0640, false},
    {NAMED("x", "${PORT}"), 0, 0, 0660, false},
    {"{ \"services\": [ " NAMED("x", "5") " ] }", 1, 1, 0640, false},
    {"{ \"services\": [ { \"name\": \"x\",\n\n\"listen\": \":${PORT}\", \"connect\": \"h:1\" } ] }", 1, 1, 0640, true},
};

START_TEST(root_takes_no_references_from_what_others_may_change) {
    make_folder();
    unit_set_environment("PORT", "5");
    unit_text_file("d/port", "5");
    if (!make_foreign(foreign[_i].text, foreign[_i].owner, foreign[_i].group, foreign[_i].mode))
        return; /* only root may */
    struct server_config *conf = read_with("\"d/?.json\"");
    if (foreign[_i].is_refused) {
        ck_assert_ptr_null(conf);
        ck_assert_msg(strstr(error.text,
                             "listen: root takes no \"${\" from this file, which others may change; write the "
                             "value itself, or chown root:root "),
                      "%s", error.text);
        ck_assert_str_eq(fault.file, unit_path("d/x.json"));
        ck_assert_uint_gt(fault.line, 0);
    } else {
        ck_assert_msg(conf, "%s", error.text);
        ck_assert_str_eq(conf->services[1].listen.items[0], ":5");
    }
    server_config_free(conf);
}
END_TEST

START_TEST(an_escaped_reference_is_none) {
    make_folder();
    if (!make_foreign("{ \"name\": \"x\", \"listen\": \"unix:$${PORT}\", \"connect\": \"h:1\" }", 1, 1, 0640))
        return; /* only root may */
    struct server_config *conf = read_with("\"d/?.json\"");
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_msg(strstr(conf->services[1].listen.items[0], "/d/${PORT}"), "%s", conf->services[1].listen.items[0]);
    server_config_free(conf);
}
END_TEST

static TCase *refusing(void) {
    TCase *group = tcase_create("refusing");
    tcase_add_loop_test(group, root_takes_no_references_from_what_others_may_change, 0,
                        sizeof foreign / sizeof *foreign);
    tcase_add_test(group, an_escaped_reference_is_none);
    return group;
}

UNIT_MAIN("conf/include_posix", refusing)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_include: services in files of their own, and the place in them that an error names (server_place.c). Owners and
 * groups: test_include_posix.c.
 */
#include "config.h"

#include "conf/include.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

START_TEST(files_are_read_in_the_order_of_patterns_and_names) {
    make_folder();
    unit_text_file("d/2.json", "// two\n{ \"services\": [ " NAMED("b", "3") ", " NAMED("c", "4") " ] }");
    unit_text_file("d/1.json", NAMED("a", "2"));
    unit_text_file("z.json", "{ \"services\": [] }");
    unit_text_file("d/3.json~", "no JSON");
    unit_set_environment("PORT", "5");
    unit_text_file("d/3.json", NAMED("d", "${PORT}"));
    struct server_config *conf = read_with("[\"z.json\", \"d/?.json\", \"d/1.*\"]");
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_uint_eq(conf->service_count, 5);
    ck_assert_uint_eq(conf->file_service_count, 5);
    for (size_t i = 1; i < 5; i++)
        ck_assert_int_eq(conf->services[i].name[0], (char)('a' + (int)i - 1));
    ck_assert_str_eq(conf->services[4].listen.items[0], ":5");
    ck_assert_uint_eq(conf->file_count, 5);
    ck_assert_str_eq(conf->files[2].path, unit_path("d/1.json"));
    ck_assert(conf->files[2].is_service);
    ck_assert_uint_eq(conf->files[3].first, 2);
    ck_assert_uint_eq(conf->files[3].count, 2);
    server_config_free(conf);
}
END_TEST

START_TEST(relative_paths_start_from_the_folder_of_the_included_file) {
    char socket[300];
    make_folder();
    unit_text_file("d/a.json", "{ \"name\": \"a\", \"listen\": \"unix:a.sock\", \"connect\": \"h:1\" }");
    struct server_config *conf = read_with("\"d/?.json\"");
    ck_assert_msg(conf, "%s", error.text);
    snprintf(socket, sizeof socket, "unix:%s", unit_path("d/a.sock"));
    ck_assert_str_eq(conf->services[1].listen.items[0], socket);
    server_config_free(conf);
}
END_TEST

static const struct {
    const char *text, *error, *pointer;
} slips[] = {
    {"{ \"name\": \"x\", }", "d/x.json:1:16: the comma before this '}' is one too many; remove it", ""},
    {"{ \"services\": [ " NAMED("x", "2") ",\n" NAMED("y", "3") ",\n { \"name\": \"z\", \"listen\": \"80\" } ] }",
     "d/x.json: services[2].listen: \"80\" has no address; write \"0.0.0.0:80\"", "/services/2/listen"},
    {"{ \"name\": \"x\",\n\n\"listen\": \"80\" }", "d/x.json: listen: \"80\" has no address; write \"0.0.0.0:80\"",
     "/listen"},
    {"{ \"name\": \"x\",\n\n\"listen\": \":80\" }", "d/x.json: connect: is missing; write a destination like",
     "/connect"},
    {NAMED("main", "2"), "d/x.json: name: \"main\" is the name of an earlier service; write another", "/name"},
    {NAMED("x", "1"),
     "d/x.json: listen: \":1\" is taken: service \"main\" listens on \":1\"; write another port, or give "
     "them hosts, to share it",
     "/listen"},
    {"{ \"services\": [ 1 ] }", "d/x.json: services[0]: write an object {...}", "/services/0"},
    {"{ \"services\": {} }", "d/x.json: services: write a list [{...}, {...}]", "/services"},
    {"{ \"services\": [], \"threads\": 2 }",
     "d/x.json: threads: an included file has nothing but \"services\"; write it", "/threads"},
    {"{ \"include\": \"*\" }", "d/x.json: include: there is no such option", "/include"},
    {"[]", "d/x.json:1:1: one JSON object { ... } is expected", ""},
};

START_TEST(a_mistake_in_an_included_file_has_its_place) {
    make_folder();
    memset(&fault, 0, sizeof fault);
    unit_text_file("d/x.json", slips[_i].text);
    ck_assert_ptr_null(read_with("\"d/?.json\""));
    ck_assert_msg(strstr(error.text, slips[_i].error), "%s", error.text);
    ck_assert_str_eq(fault.pointer, slips[_i].pointer);
    if (*fault.pointer)
        ck_assert_str_eq(fault.file, unit_path("d/x.json"));
}
END_TEST

START_TEST(the_line_is_that_of_the_included_file) {
    make_folder();
    unit_text_file("d/x.json", slips[2].text);
    ck_assert_ptr_null(read_with("\"d/?.json\""));
    ck_assert_uint_eq(fault.line, 3);
    ck_assert_uint_eq(fault.column, 11);
}
END_TEST

static void expect_refusal(const char *include, const char *detail) {
    ck_assert_ptr_null(read_with(include));
    ck_assert_msg(strstr(error.text, "munnel.json: include: "), "%s", error.text);
    ck_assert_msg(strstr(error.text, detail), "%s", error.text);
    ck_assert_str_eq(fault.pointer, "/include");
}

START_TEST(a_file_that_cannot_be_trusted_is_refused) {
    make_folder();
    unit_text_file("d/a.json", NAMED("a", "2"));
    unit_let_others_write(unit_path("d/a.json"));
    expect_refusal("\"d/?.json\"", " may change ");
    if (unit_make_link("loop.json", unit_path("d/loop.json")))
        expect_refusal("\"d/loop.json\"", "symbolic links");
    if (unit_make_fifo(unit_path("d/fifo.json")))
        expect_refusal("\"d/fifo.json\"", "is not a regular file");
    expect_refusal("\"*.json\"", "it names this file itself");
    expect_refusal("\"d/none.json\"", "there is no file ");
}
END_TEST

START_TEST(files_together_have_a_limit) {
    char name[32], *spaces = malloc(5 << 20);
    memset(spaces, ' ', 5 << 20);
    make_folder();
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "d/%d.json", i);
        memcpy(spaces, "{\"services\":[]}", 15);
        unit_file(name, spaces, 5 << 20);
    }
    expect_refusal("\"d/?.json\"", "is too long: at most ");
    free(spaces);
}
END_TEST

START_TEST(an_empty_folder_is_right) {
    make_folder();
    struct server_config *conf = read_with("\"d/?.json\"");
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_uint_eq(conf->service_count, 1);
    server_config_free(conf);
}
END_TEST

static TCase *including(void) {
    TCase *group = tcase_create("including");
    tcase_add_test(group, files_are_read_in_the_order_of_patterns_and_names);
    tcase_add_test(group, relative_paths_start_from_the_folder_of_the_included_file);
    tcase_add_test(group, an_empty_folder_is_right);
    return group;
}

static TCase *refusing(void) {
    TCase *group = tcase_create("refusing");
    tcase_add_loop_test(group, a_mistake_in_an_included_file_has_its_place, 0, sizeof slips / sizeof *slips);
    tcase_add_test(group, the_line_is_that_of_the_included_file);
    tcase_add_test(group, a_file_that_cannot_be_trusted_is_refused);
    tcase_add_test(group, files_together_have_a_limit);
    return group;
}

UNIT_MAIN("conf/include", including, refusing)

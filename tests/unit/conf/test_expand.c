/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_expand: what strings of a configuration take from the environment and from files.
 */
#include "config.h"

#include "conf/expand.h"
#include "conf/server_config.h"
#include "slip.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error error;

static struct server_config *read_state(const char *state) {
    char text[512];
    error.text[0] = '\0';
    snprintf(text, sizeof text, "{ " ONE_SERVICE ",\n  \"state\": \"%s\" }", state);
    return server_config_read(unit_text_file("munnel.json", text), &error);
}

static const struct {
    const char *written, *expanded;
} values[] = {
    {"/a/${FOLDER}", "/a/right"},
    {"${SLASH}", "/x"},
    {"/${FOLDER}/${FOLDER}${BLANK}", "/right/right"},
    {"/$${FOLDER}", "/${FOLDER}"},
    {"/$$${FOLDER}", "/$${FOLDER}"},
    {"/$FOLDER$", "/$FOLDER$"},
    {"${file:in}", "/from a file"},
    {"/x${file:in}/y", "/x/from a file/y"},
};

START_TEST(a_variable_or_file_is_the_whole_value_or_a_part) {
    unit_set_environment("FOLDER", " right\n");
    unit_set_environment("SLASH", "/x");
    unit_set_environment("BLANK", " ");
    unit_text_file("in", "\t/from a file \r\n\n");
    struct server_config *conf = read_state(values[_i].written);
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_str_eq(conf->state, values[_i].expanded);
    server_config_free(conf);
}
END_TEST

START_TEST(an_empty_variable_stands_for_nothing) {
    unit_set_environment("EMPTY", "");
    if (!getenv("EMPTY"))
        return; /* Windows has no empty variables */
    struct server_config *conf = read_state("/a${EMPTY}/b");
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_str_eq(conf->state, "/a/b");
    server_config_free(conf);
}
END_TEST

static const struct {
    const char *written, *details[2]; /* the second: on Windows, where it differs */
} mistakes[] = {
    {"/${NOT_SET}", {": state: the environment variable NOT_SET is not set; set it where the program is started"}},
    {"/${FOLDER", {": state: the '}' of \"${\" is missing; or write $${ for a \"${\" itself"}},
    {"/${}", {": state: \"${}\" names no variable; write ${NAME} or ${file:PATH}, or $${ for a \"${\" itself"}},
    {"/${1A}", {": state: \"${1A}\" names no variable; write ${NAME} or ${file:PATH}, or $${ for a \"${\" itself"}},
    {"${file:nowhere}", {": state: ${file:nowhere}: cannot read "}},
    {"${file:.}", {" is not a regular file", ": Is a directory"}},
    {"${file:zero}", {": state: ${file:zero}: the file holds a zero byte; it must be text"}},
    {"${file:latin1}", {": state: what it stands for is not UTF-8 text"}},
    {"${file:open}",
     {": state: ${file:open}: everybody on this machine may change ", ": state: ${file:open}: Everyone may change "}},
    {"${file:long}", {" is too long: at most 65536 bytes are expected"}},
    {"${file:half}${file:half}", {": state: it is longer than 65536 bytes with what it stands for"}},
};

static void make_files(void) {
    static char many[EXPAND_VALUE_MAX + 1];
    memset(many, 'x', sizeof many);
    unit_set_environment("NOT_SET", NULL);
    unit_file("zero", "a\0b", 3);
    unit_text_file("latin1", "\xe4");
    unit_let_others_write(unit_text_file("open", "x"));
    unit_file("long", many, sizeof many);
    unit_file("half", many, EXPAND_VALUE_MAX / 2 + 1);
}

START_TEST(what_cannot_be_expanded_is_an_error_with_its_place) {
    make_files();
    ck_assert_ptr_null(read_state(mistakes[_i].written));
    const char *const *details = mistakes[_i].details;
    bool is_told = strstr(error.text, details[0]) || (details[1] && strstr(error.text, details[1]));
    ck_assert_msg(is_told && strstr(error.text, "munnel.json: state: "), "%s", error.text);
}
END_TEST

START_TEST(a_link_to_itself_is_an_error) {
    if (!unit_make_link("loop", unit_path("loop")))
        return;
    ck_assert_ptr_null(read_state("${file:loop}"));
    ck_assert_msg(strstr(error.text, "munnel.json: state: ") && strstr(error.text, "symbolic links"), "%s", error.text);
}
END_TEST

START_TEST(a_fifo_does_not_block_the_reader) {
    if (!unit_make_fifo(unit_path("fifo")))
        return;
    ck_assert_ptr_null(read_state("${file:fifo}"));
    ck_assert_msg(strstr(error.text, "is not a regular file"), "%s", error.text);
}
END_TEST

START_TEST(an_error_never_shows_what_a_file_or_variable_holds) {
    unit_set_environment("SECRET", "hunter2");
    static const struct slip slips[] = {
        {"{ \"services\": [ { \"name\": \"a\", \"listen\": \"${SECRET}\", \"connect\": \"h:1\" } ] }",
         ": services[0].listen: what \"${SECRET}\" stands for is not right here; write an address like "
         "\"0.0.0.0:5900\", or a list of them, or null"},
        {"{ \"services\": [ { \"name\": \"a\", \"listen\": [\":1\", \"x${SECRET}\"], \"connect\": \"h:1\" } ] }",
         ": services[0].listen: what [\":1\",\"x${SECRET}\"] stands for is not right here; write an address like "
         "\"0.0.0.0:5900\", or a list of them, or null"},
        {"{ \"log\": { \"level\": \"${SECRET}\" } }",
         ": log.level: what \"${SECRET}\" stands for is not right here; write \"error\", \"warning\", \"info\" or "
         "\"debug\""}};
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
        expect_slip(&slips[i]);
}
END_TEST

START_TEST(an_error_has_the_pointer_and_line_of_its_value) {
    struct option_fault fault;
    const char *path =
        unit_text_file("munnel.json", "{ " ONE_SERVICE ",\n  \"log\": {\n    \"to\": \"${NOT_SET}\" } }");
    unit_set_environment("NOT_SET", NULL);
    ck_assert_ptr_null(server_config_load(path, &fault, &error));
    ck_assert_str_eq(fault.file, path);
    ck_assert_str_eq(fault.pointer, "/log/to");
    ck_assert_uint_eq(fault.line, 3);
    ck_assert_uint_eq(fault.column, 11);
}
END_TEST

START_TEST(a_text_that_is_no_json_is_an_error_with_its_line) {
    struct option_fault fault;
    const char *path = unit_text_file("munnel.json", "{\n  \"log\" \"x\" }");
    ck_assert_ptr_null(server_config_load(path, &fault, &error));
    ck_assert_str_eq(fault.file, path);
    ck_assert_str_eq(fault.pointer, "");
    ck_assert_uint_eq(fault.line, 2);
}
END_TEST

static TCase *expanding(void) {
    TCase *group = tcase_create("expanding");
    tcase_add_loop_test(group, a_variable_or_file_is_the_whole_value_or_a_part, 0, sizeof values / sizeof *values);
    tcase_add_test(group, an_empty_variable_stands_for_nothing);
    tcase_add_loop_test(group, what_cannot_be_expanded_is_an_error_with_its_place, 0,
                        sizeof mistakes / sizeof *mistakes);
    tcase_add_test(group, a_link_to_itself_is_an_error);
    tcase_add_test(group, a_fifo_does_not_block_the_reader);
    tcase_add_test(group, an_error_never_shows_what_a_file_or_variable_holds);
    tcase_add_test(group, an_error_has_the_pointer_and_line_of_its_value);
    tcase_add_test(group, a_text_that_is_no_json_is_an_error_with_its_line);
    return group;
}

UNIT_MAIN("conf/expand", expanding)

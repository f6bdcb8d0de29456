/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_change: options of a service on the command line, and what of them is sent.
 */
#include "config.h"

#include "conf/capture.h"
#include "conf/server_config.h"
#include "ctl/commands.h"
#include "ctl/service_change.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(each_option_of_a_service_can_be_written) {
    for (size_t i = 0; i < service_option_table.count; i++) {
        const char *name = service_option_table.specs[i].name;
        if (strcmp(name, "name") != 0)
            ck_assert_msg(service_change_flag(name), "no flag for %s", name);
    }
    ck_assert_str_eq(service_change_flag("max_rate"), "max-rate");
    ck_assert_ptr_null(service_change_flag("no_such"));
}
END_TEST

/* A value given once is sent as one, several as a list; numbers as numbers. */
START_TEST(what_was_written_is_sent_by_the_names_of_the_configuration) {
    const struct option_spec *listen = option_find(&service_option_table, "listen");
    const struct option_spec *connect = option_find(&service_option_table, "connect");
    const struct option_spec *rate = option_find(&service_option_table, "max_rate");
    const struct cmdline_flag json = {"json", 0, NULL, NULL, NULL};
    struct cmdline_given given[] = {{connect, NULL, "a:1"}, {rate, NULL, "5"},      {connect, NULL, "b:2"},
                                    {listen, NULL, ":80"},  {connect, NULL, "c:3"}, {NULL, &json, NULL}};
    const struct cmdline line = {.given = given, .count = sizeof given / sizeof *given};
    json_t *body = service_change_body(&line);
    char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);

    ck_assert_str_eq(text, "{\"connect\":[\"a:1\",\"b:2\",\"c:3\"],\"listen\":\":80\",\"max_rate\":5}");
    free(text);
    json_decref(body);
}
END_TEST

/* Before any server is asked. */
START_TEST(a_wrong_value_names_its_option) {
    char words[][32] = {"add", "--listen", "nonsense", "--connect=a:1", "web"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], NULL};
    struct capture printed = {0};

    capture_begin(&printed);
    ck_assert_int_eq(service_add_run("munnel", 5, argv), 2);
    capture_end(&printed);
    ck_assert_msg(strstr(printed.text[1], "munnel service add: --listen"), "%s", printed.text[1]);
    capture_done(&printed);
}
END_TEST

static TCase *changes(void) {
    TCase *group = tcase_create("changes");
    tcase_add_test(group, each_option_of_a_service_can_be_written);
    tcase_add_test(group, what_was_written_is_sent_by_the_names_of_the_configuration);
    tcase_add_test(group, a_wrong_value_names_its_option);
    return group;
}

UNIT_MAIN("ctl/service_change", changes)

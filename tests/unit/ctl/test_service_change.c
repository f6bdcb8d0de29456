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

START_TEST(flag_of_an_option_is_its_name_with_dashes) {
    ck_assert_str_eq(service_change_flag("max_rate"), "max-rate");
    ck_assert_ptr_null(service_change_flag("backlog"));
    ck_assert_ptr_null(service_change_flag("no_such"));
}
END_TEST

static char *body_of(struct cmdline_given *given, size_t count) {
    const struct cmdline line = {.given = given, .count = count};
    json_t *body = service_change_body(&line);
    char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(body);
    return text;
}

/* A type of its own, an object in it, and a list. */
START_TEST(settings_are_sent_as_their_kinds) {
    const struct option_spec set = {.name = "set", .kind = OPTION_TEXTS, .help = ""};
    struct cmdline_given given[] = {{&set, NULL, "backlog=100"},      {&set, NULL, "freebind=true"},
                                    {&set, NULL, "allow=10.0.0.0/8"}, {&set, NULL, "allow=::1"},
                                    {&set, NULL, "interface=null"},   {&set, NULL, "keepalive_idle=many"}};
    char *text = body_of(given, sizeof given / sizeof *given);

    ck_assert_str_eq(text, "{\"allow\":[\"10.0.0.0/8\",\"::1\"],\"backlog\":100,\"freebind\":true,\"interface\":null,"
                           "\"keepalive_idle\":\"many\"}");
    free(text);
}
END_TEST

static void expect_refusal(const char *setting, const char *says) {
    char words[][64] = {"add", "--listen=:80", "--connect=a:1", "--set", "", "web"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5], NULL};
    struct capture printed = {0};

    snprintf(words[4], sizeof words[4], "%s", setting);
    capture_begin(&printed);
    ck_assert_int_eq(service_add_run("munnel", 6, argv), 2);
    capture_end(&printed);
    ck_assert_msg(strstr(printed.text[1], says), "%s", printed.text[1]);
    capture_done(&printed);
}

START_TEST(a_wrong_setting_is_refused_before_any_server_is_asked) {
    expect_refusal("backlog", "--set: \"backlog\" has no value; write backlog=VALUE");
    expect_refusal("backlg=1", "a service has no option \"backlg\"; did you mean \"backlog\"?");
    expect_refusal("name=x", "a service has no option \"name\"");
}
END_TEST

static void expect_options_refused(const char *first, const char *second, const char *says) {
    char words[][64] = {"add", "--listen=:80", "--connect=a:1", "web", "", ""};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5], NULL};
    struct capture printed = {0};

    snprintf(words[4], sizeof words[4], "%s", first);
    snprintf(words[5], sizeof words[5], "%s", second);
    capture_begin(&printed);
    ck_assert_int_eq(service_add_run("munnel", 6, argv), 2);
    capture_end(&printed);
    ck_assert_msg(strstr(printed.text[1], says), "%s", printed.text[1]);
    capture_done(&printed);
}

START_TEST(what_has_no_flag_is_led_to_set_and_one_value_is_not_written_twice) {
    expect_options_refused("--accept-proxy", "10.0.0.1",
                           "there is no option --accept-proxy; write --set accept_proxy=VALUE");
    expect_options_refused("--accept-prxy", "10.0.0.1", "there is no option --accept-prxy; see");
    expect_options_refused("--proxy-protocol=v1", "--set=proxy_protocol=v2",
                           "proxy_protocol is written twice, and has one value; leave one out");
    expect_options_refused("--set=backlog=1", "--set=backlog=2", "backlog is written twice");
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
    char *text = body_of(given, sizeof given / sizeof *given);

    ck_assert_str_eq(text, "{\"connect\":[\"a:1\",\"b:2\",\"c:3\"],\"listen\":\":80\",\"max_rate\":5}");
    free(text);
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

static const struct {
    const char *pointer, *detail, *says;
} explained[] = {
    {"/listen/0", "listen: no port", "--listen: no port"},
    {"/check/type", "check.type: not with UDP", "--set check.type: not with UDP"},
    {"/answer_timeout", "it is of UDP", "--set answer_timeout: it is of UDP"},
    {"/nothing", "what the answer has said", "as it was"},
    {"", "what the answer has said", "as it was"},
};

START_TEST(an_error_names_the_option_that_was_written_once) {
    struct error error;
    error_set(&error, "as it was");
    service_change_explain(explained[_i].pointer, explained[_i].detail, &error);
    ck_assert_str_eq(error.text, explained[_i].says);
}
END_TEST

START_TEST(a_service_without_a_way_in_is_refused) {
    char words[][32] = {"add", "--connect=a:1", "web"};
    char *argv[] = {words[0], words[1], words[2], NULL};
    struct capture printed = {0};

    capture_begin(&printed);
    ck_assert_int_eq(service_add_run("munnel", 3, argv), 2);
    capture_end(&printed);
    ck_assert_msg(strstr(printed.text[1], "--listen :2222, or --set visitors=GROUP, and --connect"), "%s",
                  printed.text[1]);
    capture_done(&printed);
}
END_TEST

static TCase *changes(void) {
    TCase *group = tcase_create("changes");
    tcase_add_test(group, flag_of_an_option_is_its_name_with_dashes);
    tcase_add_test(group, settings_are_sent_as_their_kinds);
    tcase_add_test(group, a_wrong_setting_is_refused_before_any_server_is_asked);
    tcase_add_test(group, what_has_no_flag_is_led_to_set_and_one_value_is_not_written_twice);
    tcase_add_test(group, what_was_written_is_sent_by_the_names_of_the_configuration);
    tcase_add_test(group, a_wrong_value_names_its_option);
    tcase_add_test(group, a_service_without_a_way_in_is_refused);
    tcase_add_loop_test(group, an_error_names_the_option_that_was_written_once, 0,
                        (int)(sizeof explained / sizeof *explained));
    return group;
}

UNIT_MAIN("ctl/service_change", changes)

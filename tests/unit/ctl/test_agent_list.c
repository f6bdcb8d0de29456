/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_list: "munnel agent list": the table for people and the JSON for programs.
 */
#include "config.h"

#include "unit.h"

#include "ctl/tool.h"
#include "lib/base/date.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define KEY     "{\"key\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddee00\"}"
#define KEY_OLD "{\"key\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddee01\"}"
#define KEY_UNTIL(date)                                                                                                \
    "{\"key\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddee02\",\"until\":\"" date "\"}"
#define ALL "\"groups\":[\"*\"],"

START_TEST(the_list_is_aligned_and_tells_no_key) {
    ck_assert_int_eq(tool_run(agent_add_run, "a-longer-name", "--group", "web", "--expires=2099-12-31", NULL), 0);
    ck_assert_int_eq(tool_run(agent_list_run, NULL), 0);
    ck_assert_str_eq(printed.text[0], "NAME           GROUPS  TOKENS  CERTIFICATE  EXPIRES\n"
                                      "default        *       1       -            never\n"
                                      "a-longer-name  web     1       -            2099-12-31\n");
    ck_assert_int_eq(tool_run(agent_add_run, "signed", "--certificate", unit_path("c"), NULL), 0);
    ck_assert_int_eq(tool_run(agent_list_run, NULL), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "signed         *       none    sha256:"));
}
END_TEST

START_TEST(what_an_agent_may_publish_is_a_column_if_any_may) {
    ck_assert_int_eq(tool_run(agent_add_run, "dev", "--publish-ports", "20000-20099", "--publish-hosts=*.dev.example",
                              NULL),
                     0);
    ck_assert_int_eq(tool_run(agent_list_run, NULL), 0);
    ck_assert_str_eq(printed.text[0], "NAME     GROUPS  TOKENS  CERTIFICATE  EXPIRES  PUBLISHES\n"
                                      "default  *       1       -            never    -\n"
                                      "dev      *       1       -            never    20000-20099,*.dev.example\n");
    ck_assert_int_eq(tool_run(agent_list_run, "--json", NULL), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "\"20000-20099\""));
}
END_TEST

/* A row of the table with its columns apart; fails the test if there is none of this name. */
static const char *row_of(const char *name) {
    static char row[512];
    char start[80];
    snprintf(start, sizeof start, "\n%s ", name);
    ck_assert_int_eq(tool_run(agent_list_run, NULL), 0);
    const char *at = strstr(printed.text[0], start);
    ck_assert_msg(at, "no %s in:\n%s", name, printed.text[0]);
    snprintf(row, sizeof row, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    return row;
}

START_TEST(what_has_expired_and_what_still_holds_is_shown) {
    unit_text_file("s/agents.json",
                   "{\"agents\":[{\"name\":\"old\"," ALL "\"expires\":\"2020-02-03T00:00:00Z\",\"keys\":[" KEY "]},"
                   "{\"name\":\"twice\"," ALL "\"keys\":[" KEY
                   "," KEY_UNTIL("2099-01-02T00:00:00Z") "]},"
                                                         "{\"name\":\"over\"," ALL "\"keys\":[" KEY
                                                         "," KEY_UNTIL("2020-01-02T00:00:00Z") "]},"
                                                                                               "{\"name\":\"both\"," ALL
                                                                                               "\"keys\":[" KEY
                                                                                               "," KEY_OLD "]}]}");
    ck_assert_ptr_nonnull(strstr(row_of("old"), "expired 2020-02-03"));
    ck_assert_ptr_nonnull(strstr(row_of("twice"), "2, the old one until 2099-01-02 "));
    ck_assert_ptr_nonnull(strstr(row_of("over"), " 1 "));
    ck_assert_ptr_nonnull(strstr(row_of("both"), "2, the old one for ever"));
}
END_TEST

START_TEST(of_several_old_tokens_the_oldest_is_shown_and_near_ends_with_their_time) {
    static const char *const keeps[] = {"30d", "7d", "60m"};
    char date[DATE_TEXT], shown[80];
    time_t soon = time(NULL) + 86400;
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++)
        ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--keep", keeps[i], NULL), 0);
    snprintf(shown, sizeof shown, "4, the oldest until %.10s ", date_format(time(NULL) + 30L * 86400, date));
    ck_assert_msg(strstr(row_of("web1"), shown), "no %s in %s", shown, row_of("web1"));
    date_format(soon, date);
    ck_assert_int_eq(tool_run(agent_add_run, "brief", "--expires", date, NULL), 0);
    snprintf(shown, sizeof shown, "  %.10s %.5s UTC", date, date + 11);
    ck_assert_msg(strstr(row_of("brief"), shown), "no %s in %s", shown, row_of("brief"));
}
END_TEST

START_TEST(the_list_as_json_is_json) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--group", "web", "--expires=2099-12-31", NULL), 0);
    ck_assert_int_eq(tool_run(agent_list_run, "--json", NULL), 0);
    json_t *json = json_loads(printed.text[0], 0, NULL);
    ck_assert_ptr_nonnull(json);
    const char *name, *group, *expires;
    ck_assert_int_eq(json_unpack(json, "{s:[{},{s:s, s:[s], s:s}]}", "agents", "name", &name, "groups", &group,
                                 "expires", &expires),
                     0);
    ck_assert_str_eq(name, "web1");
    ck_assert_str_eq(group, "web");
    ck_assert_str_eq(expires, "2099-12-31T00:00:00Z");
    ck_assert_ptr_null(strstr(printed.text[0], "\"key\""));
    json_decref(json);
}
END_TEST

START_TEST(an_empty_file_is_an_empty_list) {
    unit_text_file("s/agents.json", "{\"agents\":[]}");
    ck_assert_int_eq(tool_run(agent_list_run, NULL), 0);
    ck_assert_str_eq(printed.text[0], "NAME  GROUPS  TOKENS  CERTIFICATE  EXPIRES\n");
    ck_assert_int_eq(tool_run(agent_list_run, "--json", NULL), 0);
    json_t *json = json_loads(printed.text[0], 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "agents")), 0);
    ck_assert(json_is_array(json_object_get(json, "agents")));
    json_decref(json);
}
END_TEST

static TCase *listing(void) {
    TCase *group = tcase_create("listing");
    tcase_add_checked_fixture(group, tool_set_up, tool_forget);
    tcase_add_test(group, the_list_is_aligned_and_tells_no_key);
    tcase_add_test(group, what_an_agent_may_publish_is_a_column_if_any_may);
    tcase_add_test(group, what_has_expired_and_what_still_holds_is_shown);
    tcase_add_test(group, of_several_old_tokens_the_oldest_is_shown_and_near_ends_with_their_time);
    tcase_add_test(group, the_list_as_json_is_json);
    tcase_add_test(group, an_empty_file_is_an_empty_list);
    return group;
}

UNIT_MAIN("ctl/agent_list", listing)

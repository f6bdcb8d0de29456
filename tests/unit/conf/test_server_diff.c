/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_diff: what differs between two configurations, and their versions; both by the JSON of option_json.c, for
 * people and programs by server_diff_json() and server_config_json().
 */
#include "config.h"

#include "conf/server_diff.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define NAMED(name, port, more) "{ \"name\": \"" name "\", \"listen\": \":" port "\", \"connect\": \"h:1\"" more " }"

static struct server_config *read_right(const char *text) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    return conf;
}

static struct server_diff *difference(const char *from, const char *to) {
    struct error error = {""};
    struct server_config *before = read_right(from), *after = read_right(to);
    struct server_diff *diff = server_diff_new(before, after, &error);
    ck_assert_msg(diff, "%s", error.text);
    server_config_free(before);
    server_config_free(after);
    return diff;
}

static void expect_text(const struct server_diff *diff, const char *expected) {
    char *text = server_diff_text(diff);
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
}

static const char before[] =
    "{ \"services\": [ " NAMED("a", "1", "") ", " NAMED("b", "2", "") ", " NAMED("c", "3", "") " ] }";
static const char after[] =
    "{ \"threads\": 3, \"user\": \"root\", \"log\": { \"level\": \"debug\" }, \"agents\": { "
    "\"ping\": 5, \"listen\": [\":7\"] },\n"
    "\"services\": [ " NAMED("d", "4", "") ", " NAMED(
        "b", "22", ", \"max_clients\": 5, \"allow\": \"10.0.0.1\"") ", " NAMED("a", "1", "") " ] }";

START_TEST(services_and_options_that_differ_are_named) {
    struct server_diff *diff = difference(before, after);
    expect_text(diff, "+ service d\n"
                      "~ service b: listen, max_clients, allow\n"
                      "- service c\n"
                      "~ agents.listen\n"
                      "~ agents.ping\n"
                      "~ log.level\n"
                      "! threads: stays as it is until munneld is started again\n"
                      "! user: stays as it is until munneld is started again\n");
    ck_assert(!server_diff_is_empty(diff));
    ck_assert(server_diff_has(diff, "agents.ping"));
    ck_assert(!server_diff_has(diff, "threads"));
    ck_assert_int_eq(server_diff_find(diff, "d")->kind, SERVER_CHANGE_ADDED);
    ck_assert_int_eq(server_diff_find(diff, "c")->kind, SERVER_CHANGE_REMOVED);
    ck_assert(strlist_has(&server_diff_find(diff, "b")->options, "allow"));
    ck_assert_ptr_null(server_diff_find(diff, "a"));
    server_diff_free(diff);
}
END_TEST

static void expect_json(json_t *json, const char *expected) {
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    ck_assert_pstr_eq(text, expected);
    free(text);
    json_decref(json);
}

START_TEST(a_difference_is_shown_as_json_with_values_before_and_after) {
    struct error error = {""};
    struct server_config *from = read_right(before), *to = read_right(after);
    struct server_diff *diff = server_diff_new(from, to, &error);
    json_t *json = server_diff_json(diff, from, to, &diff->needs_restart);
    expect_json(json_incref(json_object_get(json, "added")), "[\"d\"]");
    expect_json(json_incref(json_object_get(json, "removed")), "[\"c\"]");
    expect_json(json_incref(json_object_get(json, "changed")),
                "[{\"service\":\"b\",\"fields\":[{\"name\":\"listen\",\"from\":[\":2\"],\"to\":[\":22\"]},"
                "{\"name\":\"max_clients\",\"from\":0,\"to\":5},"
                "{\"name\":\"allow\",\"from\":null,\"to\":[\"10.0.0.1\"]}]}]");
    expect_json(json_incref(json_object_get(json, "options")),
                "[{\"name\":\"agents.listen\",\"from\":[\"0.0.0.0:10001\"],\"to\":[\":7\"]},"
                "{\"name\":\"agents.ping\",\"from\":10,\"to\":5},"
                "{\"name\":\"log.level\",\"from\":\"info\",\"to\":\"debug\"},"
                "{\"name\":\"threads\",\"from\":0,\"to\":3},{\"name\":\"user\",\"from\":null,\"to\":\"root\"}]");
    expect_json(json_incref(json_object_get(json, "needs_restart")), "[\"threads\",\"user\"]");
    json_decref(json);
    server_diff_free(diff);
    server_config_free(from);
    server_config_free(to);
}
END_TEST

START_TEST(a_value_that_was_expanded_is_shown_as_it_is_written) {
    struct error error = {""};
    unit_text_file("secret", "hidden");
    unit_set_environment("PORT", "3");
    struct server_config *from =
        read_right("{ \"services\": [ " NAMED("a", "${PORT}", "") ", " NAMED("b", "2", "") " ] }");
    struct server_config *to =
        read_right("{ \"agents\": { \"auth\": \"none\", \"tls\": { \"cert\": \"${file:secret}\" } }, "
                   "\"services\": [ " NAMED("a", "4", "") ", " NAMED("b", "2", "") " ] }");
    struct server_diff *diff = server_diff_new(from, to, &error);
    json_t *json = server_diff_json(diff, from, to, &diff->needs_restart);
    char *text = json_dumps(json, JSON_COMPACT);
    ck_assert_ptr_nonnull(strstr(text, "\"from\":\":${PORT}\",\"to\":[\":4\"]"));
    ck_assert_ptr_nonnull(strstr(text, "\"to\":\"${file:secret}\""));
    ck_assert_ptr_null(strstr(text, "hidden"));
    free(text);
    json_decref(json);
    json = server_config_json(to, from);
    const json_t *agents = json_object_get(json, "agents");
    ck_assert_str_eq(json_string_value(json_object_get(agents, "auth")), "none");
    expect_json(json_incref(json_object_get(json_object_get(agents, "tls"), "cert")), "\"${file:secret}\"");
    ck_assert_uint_eq(json_array_size(json_object_get(json, "services")), 2);
    json_decref(json);
    server_diff_free(diff);
    server_config_free(from);
    server_config_free(to);
}
END_TEST

START_TEST(what_is_shown_of_a_configuration_is_a_file_again) {
    struct error error = {""};
    struct server_config *from = read_right(after);
    json_t *json = server_config_json(from, from);
    char *text = json_dumps(json, 0);
    struct server_config *to = read_right(text);
    struct server_diff *diff = server_diff_new(from, to, &error);
    expect_text(diff, "");
    free(text);
    json_decref(json);
    server_diff_free(diff);
    server_config_free(from);
    server_config_free(to);
}
END_TEST

START_TEST(where_a_service_is_written_is_no_difference) {
    unit_text_file("b.json", NAMED("b", "2", ", \"idle_timeout\": 0"));
    struct server_diff *diff = difference("{ \"services\": [ " NAMED("a", "1", "") ", " NAMED("b", "2", "") " ] }",
                                          "{ \"include\": \"b.json\", \"services\": [ " NAMED("a", "1", "") " ] }");
    ck_assert(server_diff_is_empty(diff));
    expect_text(diff, "");
    server_diff_free(diff);
}
END_TEST

static void version_of(const char *text, char version[SERVER_VERSION_TEXT]) {
    struct server_config *conf = read_right(text);
    ck_assert_int_eq(server_config_version(conf, version), 0);
    ck_assert_uint_eq(strlen(version), SERVER_VERSION_TEXT - 1);
    server_config_free(conf);
}

START_TEST(the_version_follows_what_is_in_force) {
    char one[SERVER_VERSION_TEXT], other[SERVER_VERSION_TEXT];
    version_of(before, one);
    version_of(after, other);
    ck_assert_str_ne(one, other);
    version_of("{ // the same, with a default written\n\"threads\": 0, \"services\": [ " NAMED("a", "1", "") ", " NAMED(
                   "b", "2", "") ", " NAMED("c", "3", "") " ] }",
               other);
    ck_assert_str_eq(one, other);
    version_of("{ \"services\": [ " NAMED("c", "3", "") ", " NAMED("a", "1", "") ", " NAMED("b", "2", "") " ] }",
               other);
    ck_assert_str_eq(one, other); /* no difference either */
    unit_set_environment("PORT", "3");
    version_of("{ \"services\": [ " NAMED("a", "1", "") ", " NAMED("b", "2", "") ", " NAMED("c", "${PORT}", "") " ] }",
               other);
    ck_assert_str_eq(one, other);
}
END_TEST

START_TEST(a_configuration_lives_as_long_as_it_is_held) {
    struct server_config *conf = server_config_hold(read_right(before));
    server_config_free(conf);
    ck_assert_str_eq(conf->services[0].name, "a");
    server_config_free(conf);
}
END_TEST

static TCase *differing(void) {
    TCase *group = tcase_create("differing");
    tcase_add_test(group, services_and_options_that_differ_are_named);
    tcase_add_test(group, a_difference_is_shown_as_json_with_values_before_and_after);
    tcase_add_test(group, a_value_that_was_expanded_is_shown_as_it_is_written);
    tcase_add_test(group, what_is_shown_of_a_configuration_is_a_file_again);
    tcase_add_test(group, where_a_service_is_written_is_no_difference);
    tcase_add_test(group, the_version_follows_what_is_in_force);
    tcase_add_test(group, a_configuration_lives_as_long_as_it_is_held);
    return group;
}

UNIT_MAIN("conf/server_diff", differing)

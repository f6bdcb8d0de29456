/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_ban_changes: what an agent writes its server reads, and what is malformed is refused as a whole.
 */
#include "config.h"

#include "lib/net/source_key.h"
#include "proto/ban_changes.h"
#include "proto/control.h"
#include "proto/frame.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct addr host(const char *text) {
    struct error error = {""};
    struct addr addr;

    ck_assert_msg(source_parse(&addr, text, &error) == 0, "%s: %s", text, error.text);
    return addr;
}

static json_t *read_text(const char *text, struct ban_changes *changes) {
    struct error error = {""};
    json_t *json = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(json);
    ck_assert_msg(ban_changes_parse(changes, json, &error) == 0, "%s", error.text);
    return json;
}

START_TEST(what_is_written_is_read) {
    const struct ban_change banned = {7, host("192.0.2.1"), 600, "4 \"wrong\" passwords"};
    const struct ban_change network = {8, host("2001:db8::7"), BAN_CHANGE_SECONDS, ""};
    const struct ban_change lifted = {7, host("192.0.2.2"), 0, "this does not travel"};
    struct ban_changes_writer writer;
    struct ban_changes changes;
    struct ban_change got;
    char text[ADDR_TEXT];

    ban_changes_write(&writer);
    ck_assert(ban_changes_put(&writer, &banned) && ban_changes_put(&writer, &network) &&
              ban_changes_put(&writer, &lifted));
    char *message = ban_changes_finish(&writer);
    ck_assert_str_eq(message, "{\"op\":\"bans\",\"add\":[{\"service\":7,\"address\":\"192.0.2.1\",\"for_s\":600,"
                              "\"reason\":\"4 \\\"wrong\\\" passwords\"},{\"service\":8,\"address\":\"2001:db8::\","
                              "\"for_s\":2592000}],\"remove\":[{\"service\":7,\"address\":\"192.0.2.2\"}]}");
    json_t *json = read_text(message, &changes);
    ck_assert_uint_eq(changes.add_count, 2);
    ck_assert_uint_eq(changes.remove_count, 1);
    ban_changes_added(&changes, 0, &got);
    ck_assert_uint_eq(got.service, 7);
    ck_assert_uint_eq(got.seconds, 600);
    ck_assert_str_eq(got.reason, banned.reason);
    ck_assert_str_eq(addr_format_host(&got.address, text, sizeof text), "192.0.2.1");
    ban_changes_added(&changes, 1, &got);
    ck_assert_str_eq(got.reason, "");
    ban_changes_removed(&changes, 0, &got);
    ck_assert_uint_eq(got.seconds, 0);
    json_decref(json);
    free(message);
}
END_TEST

START_TEST(message_is_full_before_it_is_too_large_for_a_frame) {
    char reason[BAN_CHANGE_REASON + 1];
    struct ban_change change = {UINT32_MAX, host("2001:db8:ffff:ffff::7"), BAN_CHANGE_SECONDS, reason};
    struct ban_changes_writer writer;
    struct ban_changes changes;
    size_t count = 0;

    memset(reason, '"', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    ban_changes_write(&writer);
    while (ban_changes_put(&writer, &change))
        count++;
    char *message = ban_changes_finish(&writer);
    ck_assert_uint_gt(count, 64);
    ck_assert_uint_lt(strlen(message), FRAME_JSON_MAX);
    json_t *json = read_text(message, &changes);
    ck_assert_uint_eq(changes.add_count, count);
    json_decref(json);
    free(message);
    change.reason = "";
    ban_changes_write(&writer);
    for (count = 0; ban_changes_put(&writer, &change); count++)
        ;
    ck_assert_uint_le(count, BAN_CHANGES_MAX);
    free(ban_changes_finish(&writer));
}
END_TEST

static const char *const wrongs[] = {
    "{\"add\":7}",
    "{\"add\":{}}",
    "{\"add\":[7]}",
    "{\"add\":[null]}",
    "{\"add\":[[]]}",
    "{\"remove\":\"\"}",
    "{\"add\":[{}]}",
    "{\"add\":[{\"service\":-1,\"address\":\"192.0.2.1\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":4294967296,\"address\":\"192.0.2.1\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1.5,\"address\":\"192.0.2.1\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":\"ssh\",\"address\":\"192.0.2.1\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":7,\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"host.example\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.0/24\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1:80\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"fe80::1\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"unix:/x\",\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"2001:db8:0000:0000:0000:0000:0000:0001:0000:0000:0000:0000:0000:0000\","
    "\"for_s\":1}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\"}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":0}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":-5}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":2592001}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":1,\"reason\":7}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":1,\"reason\":\"a\\nb\"}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":1,\"reason\":\"a\\u001b[2J\"}]}",
    "{\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":1},{\"service\":1}]}", /* the second one */
    "{\"remove\":[{\"service\":1}]}",
    "{\"remove\":[{\"address\":\"192.0.2.1\"}]}",
};

START_TEST(malformed_message_is_refused) {
    struct error error = {""};
    struct ban_changes changes;
    json_t *json = json_loads(wrongs[_i], 0, NULL);

    ck_assert_ptr_nonnull(json);
    ck_assert_msg(ban_changes_parse(&changes, json, &error) == -1, "%s", wrongs[_i]);
    ck_assert_str_ne(error.text, "");
    json_decref(json);
}
END_TEST

START_TEST(longer_lists_and_reasons_are_refused) {
    struct error error = {""};
    struct ban_changes changes;
    char reason[BAN_CHANGE_REASON + 2];
    json_t *list = json_array(), *json = json_pack("{s:o}", "remove", list);

    for (int i = 0; i < BAN_CHANGES_MAX; i++)
        json_array_append_new(list, json_pack("{s:i,s:s}", "service", 1, "address", "192.0.2.1"));
    ck_assert_int_eq(ban_changes_parse(&changes, json, &error), 0);
    json_array_append_new(list, json_pack("{s:i,s:s}", "service", 1, "address", "192.0.2.1"));
    ck_assert_int_eq(ban_changes_parse(&changes, json, &error), -1);
    json_decref(json);
    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    json =
        json_pack("{s:[{s:i,s:s,s:i,s:s}]}", "add", "service", 1, "address", "192.0.2.1", "for_s", 1, "reason", reason);
    ck_assert_int_eq(ban_changes_parse(&changes, json, &error), -1);
    json_decref(json);
}
END_TEST

START_TEST(nothing_is_a_message_too) {
    struct ban_changes changes;
    json_t *json = read_text("{\"op\":\"bans\",\"later\":true}", &changes);

    ck_assert_uint_eq(changes.add_count + changes.remove_count, 0);
    json_decref(json);
}
END_TEST

static TCase *messages(void) {
    TCase *group = tcase_create("messages");

    tcase_add_test(group, what_is_written_is_read);
    tcase_add_test(group, message_is_full_before_it_is_too_large_for_a_frame);
    tcase_add_loop_test(group, malformed_message_is_refused, 0, sizeof wrongs / sizeof *wrongs);
    tcase_add_test(group, longer_lists_and_reasons_are_refused);
    tcase_add_test(group, nothing_is_a_message_too);
    return group;
}

UNIT_MAIN("proto/ban_changes", messages)

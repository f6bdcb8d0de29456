/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_services: `services` and `services_ack` there and back, their limits, and what a peer may make of them.
 */
#include "config.h"

#include "lib/base/json.h"
#include "proto/control.h"
#include "proto/frame.h"
#include "proto/services.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct control_message parse_control(const char *text, enum control_op op) {
    struct control_message control;
    struct error error = {""};
    ck_assert_msg(control_parse(&control, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_int_eq(control.op, op);
    return control;
}

static struct service_offer offer_of(uint32_t id, const char *name) {
    return (
        struct service_offer){.id = id, .name = name, .to = {"localhost:22", "unix:/run/\"x\".sock"}, .to_count = 2};
}

/* ---- services ---- */

START_TEST(part_comes_back_as_it_was_sent) {
    struct service_offer first = offer_of(7, "s\xc3\xa9 \"1\""), second = offer_of(UINT32_MAX, "b"), got;
    struct services_writer writer;
    struct services_part part;
    struct error error = {""};
    second.proxy = PROXY_V2;
    second.from = CONNECT_FROM_LOOPBACK;
    second.takes_bans = true;
    second.protocol = SERVICE_UDP;
    services_write(&writer, 3);
    ck_assert(services_write_offer(&writer, &first) && services_write_offer(&writer, &second));
    char *text = services_finish(&writer, true);
    struct control_message control = parse_control(text, CONTROL_OP_SERVICES);
    ck_assert_msg(services_parse(&part, control.json, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(part.version, 3);
    ck_assert_uint_eq(part.add_count, 2);
    ck_assert_uint_eq(part.remove_count, 0);
    ck_assert(part.more);
    services_get(&part, 0, &got);
    ck_assert_uint_eq(got.id, 7);
    ck_assert_str_eq(got.name, first.name);
    ck_assert_uint_eq(got.to_count, 2);
    ck_assert_str_eq(got.to[1], first.to[1]);
    ck_assert_int_eq(got.proxy, PROXY_OFF);
    ck_assert_int_eq(got.from, CONNECT_FROM_ANY);
    ck_assert(!got.takes_bans);
    ck_assert_int_eq(got.protocol, SERVICE_TCP);
    services_get(&part, 1, &got);
    ck_assert_uint_eq(got.id, UINT32_MAX);
    ck_assert_int_eq(got.proxy, PROXY_V2);
    ck_assert_int_eq(got.from, CONNECT_FROM_LOOPBACK);
    ck_assert(got.takes_bans);
    ck_assert_int_eq(got.protocol, SERVICE_UDP);
    control_done(&control);
    free(text);
}
END_TEST

START_TEST(full_part_fits_into_a_message_whatever_its_texts_are) {
    static char name[SERVICE_NAME_MAX + 1], to[SERVICE_DESTINATION_MAX + 1];
    struct services_writer writer;
    struct services_part part;
    uint32_t id = 0;
    memset(name, '"', sizeof name - 1);
    memset(to, '\\', sizeof to - 1);
    struct service_offer offer = {.name = name, .to = {to, to, to, to, to, to, to, to}, .to_count = 8};
    services_write(&writer, 1);
    do
        offer.id = ++id;
    while (services_write_offer(&writer, &offer));
    char *text = services_finish(&writer, false);
    ck_assert_uint_le(strlen(text), SERVICES_PART_SIZE + 1024);
    struct control_message control = parse_control(text, CONTROL_OP_SERVICES);
    ck_assert_int_eq(services_parse(&part, control.json, NULL), 0);
    ck_assert_uint_eq(part.add_count, id - 1);
    ck_assert_uint_ge(part.add_count, 1);
    control_done(&control);
    free(text);
}
END_TEST

START_TEST(part_has_no_more_services_than_an_answer_has_room_for) {
    char reason[SERVICES_REASON_SIZE];
    struct services_writer writer;
    struct services_ack_writer answer;
    struct service_offer offer = {.name = "s", .to = {"a:1"}, .to_count = 1};
    memset(reason, '"', sizeof reason);
    reason[sizeof reason - 1] = '\0';
    services_write(&writer, 1);
    services_ack_write(&answer, 1);
    do
        services_ack_refuse(&answer, UINT32_MAX, reason);
    while ((offer.id = (uint32_t)writer.count + 1, services_write_offer(&writer, &offer)));
    ck_assert_uint_eq(writer.count, SERVICES_PART_MAX);
    free(services_finish(&writer, false));
    char *text = services_ack_finish(&answer);
    ck_assert_uint_le(strlen(text), FRAME_JSON_MAX);
    free(text);
}
END_TEST

START_TEST(removed_ids_are_read) {
    struct control_message control =
        parse_control("{\"op\":\"services\",\"version\":2,\"remove\":[9,3]}", CONTROL_OP_SERVICES);
    struct services_part part;
    ck_assert_int_eq(services_parse(&part, control.json, NULL), 0);
    ck_assert_uint_eq(part.remove_count, 2);
    ck_assert_uint_eq(services_removed(&part, 0), 9);
    ck_assert_uint_eq(services_removed(&part, 1), 3);
    ck_assert(!part.more && part.add_count == 0);
    control_done(&control);
}
END_TEST

#define SERVICES(members) "{\"op\":\"services\",\"version\":1," members "}"
#define ADD(members)      SERVICES("\"add\":[{" members "}]")
static const char *const bad_parts[] = {
    "{\"op\":\"services\"}",
    "{\"op\":\"services\",\"version\":-1}",
    "{\"op\":\"services\",\"version\":\"1\"}",
    SERVICES("\"more\":1"),
    SERVICES("\"add\":{}"),
    SERVICES("\"add\":[7]"),
    SERVICES("\"add\":[[]]"),
    SERVICES("\"remove\":7"),
    SERVICES("\"remove\":[0]"),
    SERVICES("\"remove\":[-1]"),
    SERVICES("\"remove\":[4294967296]"),
    SERVICES("\"remove\":[\"1\"]"),
    ADD("\"name\":\"a\",\"to\":[\"a:1\"]"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"proxy_protocol\":2"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"connect_from\":\"moon\""),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"connect_from\":true"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"bans\":1"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"protocol\":\"sctp\""),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"protocol\":17"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"proxy_protocol\":\"v3\""),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\"],\"proxy_protocol\":\"v2 or another\""),
    ADD("\"id\":0,\"name\":\"a\",\"to\":[\"a:1\"]"),
    ADD("\"id\":4294967296,\"name\":\"a\",\"to\":[\"a:1\"]"),
    ADD("\"id\":1.0,\"name\":\"a\",\"to\":[\"a:1\"]"),
    ADD("\"id\":1,\"to\":[\"a:1\"]"),
    ADD("\"id\":1,\"name\":\"\",\"to\":[\"a:1\"]"),
    ADD("\"id\":1,\"name\":\"a\\u001b\",\"to\":[\"a:1\"]"),
    ADD("\"id\":1,\"name\":\"a\""),
    ADD("\"id\":1,\"name\":\"a\",\"to\":\"a:1\""),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[]"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"\"]"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[null]"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"a:1\\u0007\"]"),
    ADD("\"id\":1,\"name\":\"a\",\"to\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]"),
    ADD("\"id\":2,\"name\":\"a\",\"to\":[\"a:1\"]},{\"id\":2,\"name\":\"b\",\"to\":[\"a:1\"]"),
    ADD("\"id\":2,\"name\":\"a\",\"to\":[\"a:1\"]},{\"id\":1,\"name\":\"b\",\"to\":[\"a:1\"]"),
};

START_TEST(malformed_part_is_refused) {
    struct control_message control = parse_control(bad_parts[_i], CONTROL_OP_SERVICES);
    struct services_part part;
    struct error error = {""};
    ck_assert_msg(services_parse(&part, control.json, &error) == -1, "taken: %s", bad_parts[_i]);
    ck_assert_str_ne(error.text, "");
    control_done(&control);
}
END_TEST

START_TEST(list_that_is_too_long_is_refused) {
    static const char *const keys[] = {"add", "remove"};
    json_t *json = json_pack("{s:i, s:[]}", "version", 1, keys[_i]);
    struct services_part part;
    struct error error = {""};
    for (int i = 0; i <= SERVICES_PART_MAX; i++)
        json_array_append_new(json_object_get(json, keys[_i]), json_integer(i + 1));
    ck_assert_int_eq(services_parse(&part, json, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "256"));
    json_decref(json);
}
END_TEST

START_TEST(destinations_are_checked_before_they_are_announced) {
    char longest[SERVICE_DESTINATION_MAX + 2], *to[SERVICE_DESTINATIONS_MAX + 1];
    struct error error = {""};
    memset(longest, 'a', sizeof longest);
    longest[SERVICE_DESTINATION_MAX] = '\0';
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++)
        to[i] = longest;
    ck_assert_int_eq(services_check_destinations(to, SERVICE_DESTINATIONS_MAX, &error), 0);
    ck_assert_int_eq(services_check_destinations(to, SERVICE_DESTINATIONS_MAX + 1, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "too many"));
    longest[20] = '\n';
    ck_assert_int_eq(services_check_destinations(to, 1, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "control character"));
}
END_TEST

/* ---- services_ack ---- */

START_TEST(refusals_come_back_and_the_rest_is_permitted) {
    struct services_ack_writer writer;
    struct services_ack ack;
    services_ack_write(&writer, 5);
    services_ack_refuse(&writer, 2, "its \"rules\"\n");
    services_ack_refuse(&writer, 4, "more");
    char *text = services_ack_finish(&writer);
    struct control_message control = parse_control(text, CONTROL_OP_SERVICES_ACK);
    ck_assert_int_eq(services_ack_parse(&ack, control.json, NULL), 0);
    ck_assert_uint_eq(ack.version, 5);
    ck_assert_ptr_null(services_ack_find(&ack, 1));
    ck_assert_str_eq(services_ack_find(&ack, 2), "its \"rules\"?");
    ck_assert_ptr_null(services_ack_find(&ack, 3));
    ck_assert_str_eq(services_ack_find(&ack, 4), "more");
    ck_assert_ptr_null(services_ack_find(&ack, 5));
    control_done(&control);
    free(text);
}
END_TEST

#define ACK(members) "{\"op\":\"services_ack\",\"version\":1," members "}"
static const char *const bad_acks[] = {
    "{\"op\":\"services_ack\"}",
    ACK("\"refused\":{}"),
    ACK("\"refused\":[1]"),
    ACK("\"refused\":[{\"id\":1}]"),
    ACK("\"refused\":[{\"reason\":\"no\"}]"),
    ACK("\"refused\":[{\"id\":0,\"reason\":\"no\"}]"),
    ACK("\"refused\":[{\"id\":1,\"reason\":\"\"}]"),
    ACK("\"refused\":[{\"id\":1,\"reason\":\"\\u001b[2J\"}]"),
    ACK("\"refused\":[{\"id\":2,\"reason\":\"no\"},{\"id\":1,\"reason\":\"no\"}]"),
    ACK("\"refused\":[{\"id\":1,\"reason\":\"0123456789012345678901234567890123456789012345678901234567890123456789"
        "012345678901234567890123456\"}]"),
};

START_TEST(malformed_answer_is_refused) {
    struct control_message control = parse_control(bad_acks[_i], CONTROL_OP_SERVICES_ACK);
    struct services_ack ack;
    struct error error = {""};
    ck_assert_msg(services_ack_parse(&ack, control.json, &error) == -1, "taken: %s", bad_acks[_i]);
    ck_assert_str_ne(error.text, "");
    control_done(&control);
}
END_TEST

START_TEST(refusals_by_keys_have_remedies_of_their_own) {
    for (size_t i = 0; i < END_TO_END_FAULT_COUNT; i++) {
        const char *reason = end_to_end_fault_reason((enum end_to_end_fault)i);
        ck_assert_uint_lt(strlen(reason), SERVICES_REASON_SIZE);
        ck_assert_ptr_nonnull(services_refusal_remedy(reason));
    }
    ck_assert_ptr_null(services_refusal_remedy("not allowed by this agent's rules"));
}
END_TEST

static TCase *parts(void) {
    TCase *group = tcase_create("parts");
    tcase_add_test(group, part_comes_back_as_it_was_sent);
    tcase_add_test(group, full_part_fits_into_a_message_whatever_its_texts_are);
    tcase_add_test(group, part_has_no_more_services_than_an_answer_has_room_for);
    tcase_add_test(group, removed_ids_are_read);
    tcase_add_loop_test(group, malformed_part_is_refused, 0, sizeof bad_parts / sizeof bad_parts[0]);
    tcase_add_loop_test(group, list_that_is_too_long_is_refused, 0, 2);
    tcase_add_test(group, destinations_are_checked_before_they_are_announced);
    return group;
}

static TCase *answers(void) {
    TCase *group = tcase_create("answers");
    tcase_add_test(group, refusals_by_keys_have_remedies_of_their_own);
    tcase_add_test(group, refusals_come_back_and_the_rest_is_permitted);
    tcase_add_loop_test(group, malformed_answer_is_refused, 0, sizeof bad_acks / sizeof bad_acks[0]);
    return group;
}

UNIT_MAIN("proto/services", parts, answers)

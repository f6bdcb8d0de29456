/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_control: each control message has its effect; unknown and malformed ones are answered a bounded number of times.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <string.h>

enum { BOUND = 110, MANY = 200 };

static const char *const malformed[] = {
    "{\"op\":\"dance\"}",                  /* unknown */
    "{\"op\":\"notice\"}",                 /* only a server sends it */
    "{\"op\":\"error\",\"reason\":\"r\"}", /* never answered */
    "[]",                                  /* no message */
};

START_TEST(too_many_malformed_messages_end_the_session) {
    struct server_fixture server_fixture;
    struct fake_order order;
    size_t sent = 0;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    fake_forget(FAKE_CONTROL);
    while (sent < MANY && fake_count(FAKE_DISCONNECT) == 0) {
        server_fixture_send_control(&server_fixture, &agent, malformed[_i]);
        sent++;
    }
    ck_assert_uint_gt(sent, 20); /* a newer agent may have ops of its own */
    ck_assert_uint_le(sent, BOUND);
    ck_assert_uint_le(fake_count(FAKE_CONTROL), BOUND);
    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, agent.tag);
    ck_assert_msg(strstr(order.text, "more than 100 error, unknown or malformed messages"), "%s", order.text);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(what_is_unknown_or_malformed_is_answered) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    fake_forget(FAKE_CONTROL);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"dance\"}");
    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert_msg(strstr(order.text, "\"error\"") && strstr(order.text, "unknown op"), "%s", order.text);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":");
    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert_msg(strstr(order.text, "\"error\""), "%s", order.text);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(drain_leaves_the_links_and_is_confirmed) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(&server_fixture, "a");
    fake_forget(FAKE_CONTROL);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"drain\"}");
    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert_msg(strstr(order.text, "\"drained\""), "%s", order.text);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"drain\"}"); /* repeated, and confirmed again */
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 1);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(bye_ends_the_session_and_its_relays_with_its_reason) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    fake_forget(FAKE_CONTROL);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"bye\",\"reason\":\"maintenance\"}");
    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, agent.tag);
    ck_assert_str_eq(order.text, "maintenance");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);                             /* BYE is not answered */
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"drain\"}"); /* too late: there is no session */
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* At least it gets no clients any more. */
START_TEST(bye_that_there_is_no_memory_for_retires_the_session) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(&server_fixture, "a");
    fake_fail(FAKE_DISCONNECT, true);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"bye\"}");
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 1);
    ck_assert_ptr_null(session_table_find(server_fixture.server->sessions, agent.tag));
    fake_fail(FAKE_DISCONNECT, false);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Two peers that answer each other's errors would never stop. */
START_TEST(error_is_not_answered) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    fake_forget(FAKE_CONTROL);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"error\",\"reason\":\"unknown op\"}");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *control_cases(void) {
    TCase *group = tcase_create("control");
    tcase_add_loop_test(group, too_many_malformed_messages_end_the_session, 0, sizeof malformed / sizeof malformed[0]);
    tcase_add_test(group, what_is_unknown_or_malformed_is_answered);
    tcase_add_test(group, drain_leaves_the_links_and_is_confirmed);
    tcase_add_test(group, bye_ends_the_session_and_its_relays_with_its_reason);
    tcase_add_test(group, bye_that_there_is_no_memory_for_retires_the_session);
    tcase_add_test(group, error_is_not_answered);
    return group;
}

UNIT_MAIN("server/auth/control", control_cases)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_ban_sender: which server is told which bans, and when.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "agent/upstream/ban_list.h"
#include "agent/upstream/ban_sender.h"
#include "lib/base/clock.h"
#include "proto/ban_changes.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANNOUNCED                                                                                                      \
    "{\"op\":\"services\",\"version\":1,\"add\":[{\"id\":1,\"name\":\"ssh\",\"to\":[\"10.0.0.1:22\"],\"bans\":true},"  \
    "{\"id\":2,\"name\":\"web\",\"to\":[\"10.0.0.1:80\"]},"                                                            \
    "{\"id\":3,\"name\":\"ftp\",\"to\":[\"10.0.0.1:21\"],\"bans\":true}]}"

static void announce(unsigned index) {
    fake_control_text(index, ANNOUNCED);
    fake_services_set();
}

static void connect_to_server(void) {
    harness_connect(&harness);
    announce(0);
}

static void add(const char *address, const char *service) {
    struct ban_list_order order = {.service = service, .by = "user 0", .reason = "", .seconds = 60};
    const struct ban_entry *entry;
    struct error error;

    ck_assert_int_eq(source_parse(&order.address, address, &error), 0);
    ck_assert_int_le(ban_list_add(agent_bans(harness.agent), &order, clock_us(), &entry), BAN_LIST_CHANGED);
}

static void lift(const char *address, const char *service) {
    struct error error;
    struct addr addr;

    ck_assert_int_eq(source_parse(&addr, address, &error), 0);
    ban_list_lift(agent_bans(harness.agent), &addr, service, clock_us());
}

static const char *last_sent(void) {
    ck_assert_uint_gt(fake_plane()->sent_count, 0);
    return fake_plane()->sent[fake_plane()->sent_count - 1].json;
}

/* The time between two messages has passed. */
static void wait_interval(void) {
    for (uint64_t end = clock_ms() + BANS_INTERVAL_MS + 10; clock_ms() < end;)
        harness_run_for(&harness, 10);
}

START_TEST(ban_is_sent_at_once_for_the_services_that_let_the_agent) {
    connect_to_server();
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 0);
    add("192.0.2.1", NULL);
    agent_send_bans(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 1);
    ck_assert_str_eq(last_sent(), "{\"op\":\"bans\",\"add\":[{\"service\":1,\"address\":\"192.0.2.1\",\"for_s\":60},"
                                  "{\"service\":3,\"address\":\"192.0.2.1\",\"for_s\":60}],\"remove\":[]}");
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 1); /* once */
}
END_TEST

START_TEST(ban_by_one_service_is_sent_for_that_alone_and_lifted_likewise) {
    connect_to_server();
    add("192.0.2.1", "ftp");
    add("192.0.2.2", "web"); /* which does not let it */
    agent_send_bans(harness.agent);
    ck_assert_str_eq(last_sent(), "{\"op\":\"bans\",\"add\":[{\"service\":3,\"address\":\"192.0.2.1\",\"for_s\":60}],"
                                  "\"remove\":[]}");
    lift("192.0.2.1", "ftp");
    agent_send_bans(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 1); /* within the interval */
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 2);
    ck_assert_str_eq(last_sent(),
                     "{\"op\":\"bans\",\"add\":[],\"remove\":[{\"service\":3,\"address\":\"192.0.2.1\"}]}");
}
END_TEST

START_TEST(next_control_link_is_told_everything_again) {
    connect_to_server();
    add("192.0.2.1", "ssh");
    agent_send_bans(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 1);
    wait_interval();
    fake_gone(0, "cut");
    add("192.0.2.2", "ssh");
    agent_send_bans(harness.agent);
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    announce(1);
    ck_assert_uint_eq(fake_sent(1, CONTROL_OP_BANS), 1);
    ck_assert_ptr_nonnull(strstr(last_sent(), "192.0.2.1"));
    ck_assert_ptr_nonnull(strstr(last_sent(), "192.0.2.2"));
}
END_TEST

START_TEST(many_bans_go_in_parts_and_each_once) {
    enum { MANY = 600 };
    char address[ADDR_TEXT];
    size_t told = 0;
    unsigned messages = 0;

    connect_to_server();
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(address, sizeof address, "10.0.%u.%u", i / 256, i % 256);
        add(address, NULL);
    }
    agent_send_bans(harness.agent);
    while (fake_sent(0, CONTROL_OP_BANS) > messages) {
        struct ban_changes changes;
        struct error error = {""};
        json_t *json = json_loads(last_sent(), 0, NULL);
        ck_assert_msg(ban_changes_parse(&changes, json, &error) == 0, "%s", error.text);
        told += changes.add_count;
        json_decref(json);
        messages++;
        wait_interval();
        agent_recheck(harness.agent);
    }
    ck_assert_uint_eq(told, 2 * MANY);
    ck_assert_uint_ge(messages, 2 * MANY / BAN_CHANGES_MAX);
}
END_TEST

START_TEST(whether_a_service_lets_this_agent_is_known_beforehand) {
    struct upstream_view view;
    bool is_known = false;

    connect_to_server();
    upstream_read(agent_upstream(harness.agent, 0), &view);
    ck_assert(ban_sender_may_ban(view.services, "ssh", &is_known) && is_known);
    ck_assert(ban_sender_may_ban(view.services, NULL, &is_known));
    is_known = false;
    ck_assert(!ban_sender_may_ban(view.services, "web", &is_known) && is_known);
    is_known = false;
    ck_assert(!ban_sender_may_ban(view.services, "vnc", &is_known) && !is_known);
}
END_TEST

static TCase *sent(void) {
    TCase *group = tcase_create("sent");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, ban_is_sent_at_once_for_the_services_that_let_the_agent);
    tcase_add_test(group, ban_by_one_service_is_sent_for_that_alone_and_lifted_likewise);
    tcase_add_test(group, next_control_link_is_told_everything_again);
    tcase_add_test(group, many_bans_go_in_parts_and_each_once);
    tcase_add_test(group, whether_a_service_lets_this_agent_is_known_beforehand);
    return group;
}

UNIT_MAIN("agent/upstream/ban_sender", sent)

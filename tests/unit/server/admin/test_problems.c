/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_problems: what is a problem, why, and until when; by service_problems.c and certificate_problems.c, too.
 */
#include "config.h"

#include "server/admin/admin_fixture.h"

#include "lib/base/clock.h"
#include "lib/log/log.h"
#include "server/reload.h"
#include "server/service/announce.h"
#include "server/service/service_priv.h"
#include "server/statistics.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

START_TEST(rule_of_an_agent_is_shown_with_its_own_words) {
    begin();
    struct server_fixture_agent agent = server_fixture_join_unanswered(&fixture, "a");
    get("/v1/services/s0");
    expect_text("keys/0/answer", "unanswered");
    server_fixture_answer(&fixture, &agent, "[{\"id\":1,\"reason\":\"not in allow\"}]");
    get("/v1/services/s0");
    expect_text("keys/0/answer", "refuses");
    expect_text("keys/0/because", "not in allow");
    get("/v1/status");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/why")), "not in allow"));
    finish();
}
END_TEST

START_TEST(service_whose_agents_were_just_asked_is_no_problem_until_their_answer_is_overdue) {
    begin();
    server_fixture_join_unanswered(&fixture, "a");
    get("/v1/status");
    expect_text("state", "ok");
    ck_assert_int_eq(json_integer_value(at("services/unreachable")), 0);
    ck_assert_msg(json_array_size(at("problems")) == 0, "%s", answer);
    fixture.server->services.items[0]->since_us -= 2000000;
    get("/v1/status");
    expect_text("state", "down");
    expect_text("problems/0/why", "its agents have connected, and not answered for it yet");
    finish();
}
END_TEST

START_TEST(agent_that_is_too_old_is_to_be_updated) {
    struct addr peer = {.length = 0};
    begin();
    fixture.server->services.items[0]->needs = 1U << FEATURE_PROXY;
    struct session_options options = {.control = fake_link(),
                                      .peer = &peer,
                                      .name = "a",
                                      .instance = "0",
                                      .credential = "",
                                      .serves_all = true,
                                      .features = 1U << FEATURE_SERVICES,
                                      .threads = 1};
    struct session *session = registry_admit(fixture.server->registry, &options);
    ck_assert_ptr_nonnull(session);
    announce_turn(fixture.server->announce);
    struct server_fixture_agent agent = {.control = options.control, .tag = session_tag(session)};
    server_fixture_send_control(&fixture, &agent, "{\"op\":\"services_ack\",\"version\":1,\"refused\":[]}");
    get("/v1/status");
    expect_text("problems/0/why",
                "agent a does not permit it: its munnel-agent is too old: it does not know \"proxy\"");
    expect_text("problems/0/remedy", "Update munnel-agent on its machine");
    finish();
}
END_TEST

START_TEST(file_that_a_start_would_refuse_is_a_problem_until_it_can_be_used) {
    begin();
    server_fixture_join_ready(&fixture, "a");
    char *agents = unit_read(unit_path("agents.json"), NULL), *key = unit_read(unit_path("server.key"), NULL);
    unit_text_file("agents.json", "{");
    unit_text_file("server.key", "no key");
    reload_check(fixture.server->reload);
    get("/v1/status");
    ck_assert_uint_eq(json_array_size(at("problems")), 0); /* they may be half written */
    reload_check(fixture.server->reload);
    get("/v1/status");
    expect_text("state", "ok");
    expect_text("problems/0/kind", "certificate");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/why")), "server.key"));
    expect_text("problems/1/subject", unit_path("agents.json"));
    ck_assert(json_is_string(at("problems/1/since")));
    unit_text_file("agents.json", agents);
    unit_text_file("server.key", key);
    reload_check(fixture.server->reload);
    get("/v1/status");
    ck_assert_msg(json_array_size(at("problems")) == 0, "%s", answer);
    free(agents);
    free(key);
    finish();
}
END_TEST

static void eject(const char *detail, size_t agent) {
    struct balance *balance = fixture.server->services.items[0]->balance;

    for (int i = 0; i < 3; i++)
        balance_failed(balance, balance->members[agent].session, detail, clock_us());
}

START_TEST(failing_clients_are_a_problem_and_a_bad_one_when_all_agents_are_ejected) {
    begin();
    server_fixture_join_ready(&fixture, "a");
    server_fixture_join_ready(&fixture, "b");
    eject("127.0.0.1:9: Connection refused", 1);
    get("/v1/status");
    expect_text("state", "ok");
    expect_text("problems/0/what", "clients of s0 fail by 1 agent, and go to others first");
    expect_text("problems/0/severity", "warn");
    eject("127.0.0.1:9: Connection refused", 0);
    get("/v1/status");
    expect_text("state", "degraded");
    ck_assert_uint_eq(json_array_size(at("problems")), 1);
    expect_text("problems/0/what", "clients of s0 fail by all of its agents");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/why")),
                                 "agent a: three failures in a row, the last: 127.0.0.1:9: Connection refused; ejected "
                                 "until 2"));
    get("/v1/services/s0");
    expect_text("state", "limited");
    expect_text("keys/0/result", "ejected");
    expect_text("keys/0/because", "127.0.0.1:9: Connection refused");
    struct balance *balance = fixture.server->services.items[0]->balance;
    for (size_t i = 0; i < balance->count; i++)
        balance_succeeded(balance, balance->members[i].session);
    get("/v1/status");
    ck_assert_msg(json_array_size(at("problems")) == 0, "%s", answer);
    finish();
}
END_TEST

static bool has_failed_to_reopen(void *log) {
    return log_reopen_error(log) != 0;
}

START_TEST(log_that_cannot_be_opened_again_is_a_problem) {
    struct error error;

    prepare();
    ck_assert_int_eq(mkdir(unit_path("log"), 0700), 0);
    fixture.log = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, unit_path("log/file"), &error);
    ck_assert_msg(fixture.log, "%s", error.text);
    server_fixture_open(&fixture);
    server_fixture_join_ready(&fixture, "a");
    ck_assert_int_eq(rename(unit_path("log"), unit_path("away")), 0);
    log_reopen(fixture.log);
    ck_assert(unit_wait_until(has_failed_to_reopen, fixture.log, 5000));
    get("/v1/status");
    expect_text("problems/0/kind", "log");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/remedy")), "USR1"));
    finish();
}
END_TEST

START_TEST(removed_service_whose_relays_finish_is_no_problem) {
    struct fake_order served;

    begin();
    server_fixture_join_ready(&fixture, "a");
    int fd = server_fixture_client(&fixture, 0, &served);
    service_shut(fixture.server->services.items[0]);
    get("/v1/status");
    ck_assert_msg(json_array_size(at("problems")) == 0, "%s", answer);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

static void drop(uint64_t count, enum datagram_drop why, uint64_t dropped) {
    struct datagram_counts *counts =
        &service_counts_part(service_counts(fixture.server->services.items[0]), 0)->datagrams;

    counter_add(&counts->count[DATAGRAM_OUT], count);
    counter_add(&counts->dropped[DATAGRAM_OUT][why], dropped);
    fake_clock_advance(1000);
    statistics_tick(fixture.server->statistics, clock_us());
}

static void expect_no_problem(void) {
    get("/v1/status");
    ck_assert_msg(json_array_size(at("problems")) == 0, "%s", answer);
}

/* In datagrams.c: what is dropped, and the reason of the most of it. */
START_TEST(datagrams_that_are_dropped_are_a_problem_for_as_long_as_they_are) {
    begin();
    server_fixture_join_ready(&fixture, "a");
    fixture.conf->services[0].protocol = SERVICE_UDP;
    statistics_tick(fixture.server->statistics, clock_us());
    drop(100000, DATAGRAM_DROP_QUEUE, 900);
    expect_no_problem(); /* less than one of a hundred */
    drop(0, DATAGRAM_DROP_REFUSED, 50000);
    expect_no_problem(); /* those are as the operator wants it */
    drop(1000, DATAGRAM_DROP_REPLY_LIMIT, 1000);
    get("/v1/status");
    expect_text("state", "ok");
    expect_text("problems/0/what", "s0 drops 1.9 % of its datagrams");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/remedy")), "reply_factor"));
    get("/v1/services/s0");
    expect_text("protocol", "udp");
    ck_assert_int_eq(json_integer_value(at("datagrams/out")), 101000);
    ck_assert_int_eq(json_integer_value(at("datagrams/dropped_out/reply_limit")), 1000);
    ck_assert_uint_eq(json_object_size(at("datagrams/dropped_in")), 0);
    for (int i = 0; i < 61; i++)
        drop(1000, DATAGRAM_DROP_QUEUE, 0);
    expect_no_problem();
    fixture.conf->services[0].protocol = SERVICE_TCP;
    get("/v1/services/s0");
    ck_assert(json_is_null(at("datagrams")));
    finish();
}
END_TEST

static TCase *problems(void) {
    TCase *group = tcase_create("problems");

    tcase_add_test(group, rule_of_an_agent_is_shown_with_its_own_words);
    tcase_add_test(group, service_whose_agents_were_just_asked_is_no_problem_until_their_answer_is_overdue);
    tcase_add_test(group, agent_that_is_too_old_is_to_be_updated);
    tcase_add_test(group, failing_clients_are_a_problem_and_a_bad_one_when_all_agents_are_ejected);
    tcase_add_test(group, file_that_a_start_would_refuse_is_a_problem_until_it_can_be_used);
    tcase_add_test(group, log_that_cannot_be_opened_again_is_a_problem);
    tcase_add_test(group, removed_service_whose_relays_finish_is_no_problem);
    tcase_add_test(group, datagrams_that_are_dropped_are_a_problem_for_as_long_as_they_are);
    return group;
}

UNIT_MAIN("server/admin/problems", problems)

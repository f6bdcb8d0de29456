/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agents: what the server tells of its agents, and what draining and disconnecting one does.
 */
#include "config.h"

#include "server/admin/admin_fixture.h"

#include "lib/base/clock.h"
#include "unit.h"

#include <string.h>

START_TEST(drained_agent_gets_no_client_until_it_comes_again) {
    struct fake_order served;

    begin();
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    expect_status("POST", "/v1/agents/a/drain", 204);
    get("/v1/agents/a");
    expect_text("state", "draining");
    ck_assert(json_is_true(at("can_undrain")));
    ck_assert_uint_eq(json_array_size(at("services")), 0);
    fake_forget(FAKE_CLOSE);
    expect_status("POST", "/v1/agents/a/undrain", 204);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 1); /* its control link */
    agent = server_fixture_resume(&fixture, &agent, "");
    server_fixture_answer(&fixture, &agent, "[]");
    get("/v1/agents/a");
    expect_text("state", "connected");
    int fd = server_fixture_client(&fixture, 0, &served);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

START_TEST(agents_that_share_a_credential_are_all_known) {
    begin();
    server_fixture_join_ready(&fixture, "a");
    server_fixture_join_ready(&fixture, "b");
    get("/v1/status");
    ck_assert_int_eq(json_integer_value(at("agents/connected")), 2);
    ck_assert_int_eq(json_integer_value(at("agents/known")), 2);
    get("/v1/services/s0");
    ck_assert_int_eq(json_integer_value(at("able")), 2);
    ck_assert_int_eq(json_integer_value(at("known")), 2);
    expect_text("state", "ok");
    finish();
}
END_TEST

START_TEST(agent_that_drains_itself_is_not_undrained) {
    begin();
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    server_fixture_send_control(&fixture, &agent, "{\"op\":\"drain\"}");
    expect_status("POST", "/v1/agents/a/undrain", 409);
    expect_status("POST", "/v1/agents/b/undrain", 404);
    finish();
}
END_TEST

START_TEST(agent_has_its_version_and_its_rates) {
    begin();
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    get("/v1/agents/a");
    expect_text("version", "1.2.3");
    ck_assert(json_is_null(at("reason")));
    ck_assert(json_real_value(at("in_rate/s10")) == 0);
    uint64_t now_us = clock_us();
    const struct session_bytes bytes = {
        .session = agent.tag, .up = 5000, .down = 600, .from_us = now_us - 5000000, .until_us = now_us - 4000000};
    fake_options()->events->on_session_bytes(fake_options()->context, &bytes);
    get("/v1/agents/a");
    ck_assert(json_real_value(at("in_rate/s10")) > 490 && json_real_value(at("in_rate/s10")) <= 500);
    ck_assert(json_real_value(at("out_rate/s60")) > 9 && json_real_value(at("out_rate/s60")) <= 10);
    finish();
}
END_TEST

START_TEST(agent_that_was_never_here_has_no_rates) {
    begin();
    get("/v1/agents");
    expect_text("agents/0/state", "offline");
    expect_text("agents/0/reason", "not seen since this server started");
    ck_assert(json_is_null(at("agents/0/in_rate")) && json_is_null(at("agents/0/since")));
    finish();
}
END_TEST

START_TEST(disconnected_agent_is_offline_with_the_time_when_it_was_seen) {
    begin();
    server_fixture_join_ready(&fixture, "a");
    expect_status("POST", "/v1/agents/a/disconnect", 204);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 1);
    get("/v1/agents");
    expect_text("agents/0/state", "offline");
    ck_assert(json_is_string(at("agents/0/since")));
    ck_assert_msg(strstr(answer, "an operator has asked for it: "), "%s", answer);
    finish();
}
END_TEST

static TCase *agents(void) {
    TCase *group = tcase_create("agents");

    tcase_add_test(group, drained_agent_gets_no_client_until_it_comes_again);
    tcase_add_test(group, agents_that_share_a_credential_are_all_known);
    tcase_add_test(group, agent_that_drains_itself_is_not_undrained);
    tcase_add_test(group, agent_has_its_version_and_its_rates);
    tcase_add_test(group, agent_that_was_never_here_has_no_rates);
    tcase_add_test(group, disconnected_agent_is_offline_with_the_time_when_it_was_seen);
    return group;
}

UNIT_MAIN("server/admin/agents", agents)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_bandwidth: an agent's limits are those of its entry, else those for each, and follow both while its
 * clients are served.
 */
#include "config.h"

#include "server/auth/agent_bandwidth.h"

#include "server/server_fixture.h"
#include "unit.h"

static struct server_fixture fixture;

static unsigned rate(const struct bandwidth *bandwidth, enum bandwidth_way way) {
    return (unsigned)token_bucket_rate(&bandwidth->ways[way]);
}

static struct bandwidth *of(const struct server_fixture_agent *agent) {
    return session_bandwidth(session_table_find(fixture.server->sessions, agent->tag));
}

START_TEST(an_entry_goes_before_what_each_has) {
    struct server_config conf = {.agents.bandwidth = {1, 2, 3}};
    struct credential credential = {.bandwidth_in = {true, 0}};
    struct bandwidth_limits each = agent_bandwidth_limits(&conf, NULL),
                            own = agent_bandwidth_limits(&conf, &credential);

    ck_assert(each.in == 1 && each.out == 2 && each.burst == 3);
    ck_assert(own.in == 0 && own.out == 2 && own.burst == 3);
}
END_TEST

START_TEST(an_agent_that_joins_has_its_limits_and_its_clients_obey_them) {
    struct fake_order served;

    server_fixture_set_any(&fixture);
    fixture.conf->agents.bandwidth = (struct config_bandwidth){.in = 1000, .out = 2000};
    server_fixture_open(&fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    ck_assert_uint_eq(rate(of(&agent), BANDWIDTH_IN), 1000);
    ck_assert_uint_eq(rate(of(&agent), BANDWIDTH_OUT), 2000);
    int fd = server_fixture_client(&fixture, 0, &served);
    ck_assert_ptr_eq(served.client->via, of(&agent));
    server_fixture_end(&fixture, fd, &served);
}
END_TEST

START_TEST(a_change_holds_for_sessions_that_there_are) {
    server_fixture_begin(&fixture);
    struct server_fixture_agent agent = server_fixture_join(&fixture, "a", "");
    struct auth_policy *policy = &fixture.server->policy;
    struct credential *credential = (struct credential *)credentials_at(policy->credentials, 0);

    ck_assert(!bandwidth_is_limited(of(&agent)));
    credential->bandwidth_out = (struct credential_rate){true, 500};
    fixture.conf->agents.bandwidth.in = 700;
    agent_bandwidth_set_all(policy, fixture.server->sessions);
    ck_assert_uint_eq(rate(of(&agent), BANDWIDTH_IN), 700);
    ck_assert_uint_eq(rate(of(&agent), BANDWIDTH_OUT), 500);
    server_fixture_clear(&fixture);
}
END_TEST

static TCase *agents(void) {
    TCase *group = tcase_create("agents");
    tcase_add_test(group, an_entry_goes_before_what_each_has);
    tcase_add_test(group, an_agent_that_joins_has_its_limits_and_its_clients_obey_them);
    tcase_add_test(group, a_change_holds_for_sessions_that_there_are);
    return group;
}

UNIT_MAIN("server/auth/agent_bandwidth", agents)

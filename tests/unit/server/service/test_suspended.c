/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_suspended: a session that has lost its control link (registry.c): how long it waits for its agent, and what the
 * agent finds when it connects again.
 */
#include "config.h"

#include "server/service/agent_world.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned resume_ms(const struct agent_world *world) {
    return world->server_fixture.conf->agents.resume_s * 1000;
}

START_TEST(session_that_loses_its_control_link_waits_for_its_agent) {
    struct agent_world world;

    world_begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    const struct session *session = world_session(&world);
    ck_assert_ptr_nonnull(session);
    ck_assert(!session_is_connected(session));
    ck_assert_uint_eq(session_table_count(world_sessions(&world)), 0);
    world_expect_no_client(&world);
    server_fixture_accept_link(&world.server_fixture, &world.agent, 0, true); /* its stream may need it */
    fake_clock_advance(resume_ms(&world));
    registry_tick(world_registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0); /* its client goes on by its link */
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    world_finish(&world);
}
END_TEST

START_TEST(session_without_clients_is_retired_when_its_agent_stays_away) {
    struct agent_world world;

    world_begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    fake_give_back(&world.served, CLIENT_ENDED);
    fake_clock_advance(resume_ms(&world) - 1);
    registry_tick(world_registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0);
    fake_clock_advance(1);
    registry_tick(world_registry(&world));
    registry_tick(world_registry(&world)); /* once */
    expect_only_order(FAKE_RETIRE, world.agent.tag);
    ck_assert(session_is_retired(session_table_find_any(world_sessions(&world), world.agent.tag)));
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

START_TEST(without_resumption_a_session_is_retired_with_its_control_link) {
    struct agent_world world;

    server_fixture_set_any(&world.server_fixture);
    world.server_fixture.conf->agents.resume_s = 0;
    server_fixture_open(&world.server_fixture);
    world.agent = server_fixture_join_ready(&world.server_fixture, "a");
    world.fd = server_fixture_client(&world.server_fixture, 0, &world.served);
    server_fixture_lose(&world.server_fixture, &world.agent);
    world_expect_retired(&world);
    world_end_session(&world);
}
END_TEST

/* It is not lost: there is no other event that would end it. */
START_TEST(session_that_there_is_no_memory_to_retire_is_retired_later) {
    struct agent_world world;

    world_begin(&world);
    fake_give_back(&world.served, CLIENT_ENDED);
    fake_fail(FAKE_RETIRE, true);
    registry_retire(world_registry(&world), world_session(&world), "replaced", "x");
    ck_assert_ptr_nonnull(world_session(&world));
    fake_fail(FAKE_RETIRE, false);
    fake_clock_advance(resume_ms(&world));
    registry_tick(world_registry(&world));
    expect_only_order(FAKE_RETIRE, world.agent.tag);
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

START_TEST(agent_that_connects_again_goes_on_with_its_session) {
    struct agent_world world;
    struct fake_order again;

    world_begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    fake_forget(FAKE_CLOSE);
    world_expect_no_client(&world);
    struct server_fixture_agent second = server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert_uint_eq(second.tag, world.agent.tag);
    ck_assert_str_eq(second.session, world.agent.session);
    ck_assert_mem_eq(second.key, world.agent.key, SECRET_SIZE);
    ck_assert_uint_eq(session_table_count(world_sessions(&world)), 1);
    ck_assert(link_ref_same(session_control(world_session(&world)), second.control));
    ck_assert(fake_take(FAKE_SERVE, &again)); /* the client that has waited */
    ck_assert_uint_eq(session_client_count(world_session(&world)), 2);
    ck_assert_uint_eq(again.tag, second.tag);
    fake_clock_advance(resume_ms(&world));
    registry_tick(world_registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_RETIRE) + fake_count(FAKE_CLOSE), 0);
    fake_give_back(&again, CLIENT_ENDED);
    world_finish(&world);
}
END_TEST

/* The agent's address may have changed, and the server has not noticed yet. */
START_TEST(old_control_link_is_closed_when_the_agent_goes_on_by_another) {
    struct agent_world world;

    world_begin(&world);
    struct server_fixture_agent second = server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert_uint_eq(second.tag, world.agent.tag);
    expect_link_closed(world.agent.control, "the agent has connected again");
    server_fixture_lose(&world.server_fixture, &world.agent); /* the old one is gone: no news */
    ck_assert(session_is_connected(world_session(&world)));
    server_fixture_send_control(&world.server_fixture, &world.agent,
                                "{\"op\":\"bye\"}"); /* and does not speak for it */
    ck_assert_ptr_nonnull(world_session(&world));
    ck_assert_uint_eq(session_table_count(world_sessions(&world)), 1);
    world_finish(&world);
}
END_TEST

START_TEST(draining_agent_that_connects_again_gets_no_clients) {
    struct agent_world world;

    world_begin(&world);
    server_fixture_send_control(&world.server_fixture, &world.agent, "{\"op\":\"drain\"}");
    server_fixture_lose(&world.server_fixture, &world.agent);
    server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert(session_is_connected(world_session(&world)));
    world_expect_no_client(&world);
    ck_assert_uint_eq(world.server_fixture.server->services.items[0]->asked, 0); /* no client waits for its answer */
    world_finish(&world);
}
END_TEST

/* Its agent has answered a client that it had before. */
START_TEST(suspended_session_may_begin_to_drain) {
    struct agent_world world;

    world_begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    world.served.client->refusal = REFUSAL_DRAINING;
    fake_give_back(&world.served, CLIENT_REFUSED);
    ck_assert(session_is_draining(world_session(&world)));
    server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

/* A new agent, which is lost at once; it leaves a session without clients. */
static uint64_t leave_idle(struct agent_world *world, const char *name) {
    struct server_fixture_agent agent = server_fixture_join_unanswered(&world->server_fixture, name);

    fake_clock_advance(1);
    server_fixture_lose(&world->server_fixture, &agent);
    return agent.tag;
}

static void expect_retire_order(uint64_t tag) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_RETIRE, &order));
    ck_assert_uint_eq(order.tag, tag);
}

/* Each costs its agent one connection, and a name. */
START_TEST(credential_cannot_leave_sessions_without_bound) {
    enum { MORE = 3 };
    struct agent_world world;
    uint64_t tags[REGISTRY_IDLE_OF_CREDENTIAL + MORE];
    char name[16];

    world_begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    for (int i = 0; i < REGISTRY_IDLE_OF_CREDENTIAL + MORE; i++) {
        snprintf(name, sizeof name, "b%d", i);
        tags[i] = leave_idle(&world, name);
    }
    for (int i = 0; i < MORE; i++)
        expect_retire_order(tags[i]);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0);
    ck_assert_ptr_nonnull(world_session(&world)); /* the oldest of all, but it has a client */
    fake_give_back(&world.served, CLIENT_ENDED);
    leave_idle(&world, "c");
    expect_retire_order(world.agent.tag);
    expect_retire_order(tags[MORE]);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0);
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

START_TEST(idle_session_that_there_is_no_memory_to_retire_is_retired_with_the_next) {
    struct agent_world world;
    uint64_t first = 0;
    char name[16];

    world_begin(&world);
    fake_fail(FAKE_RETIRE, true);
    for (int i = 0; i < REGISTRY_IDLE_OF_CREDENTIAL + 1; i++) {
        snprintf(name, sizeof name, "b%d", i);
        uint64_t tag = leave_idle(&world, name);
        first = first ? first : tag;
    }
    fake_fail(FAKE_RETIRE, false);
    leave_idle(&world, "c");
    expect_retire_order(first);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 1);
    world_finish(&world);
}
END_TEST

static TCase *suspended(void) {
    TCase *group = tcase_create("suspended");

    tcase_add_test(group, session_that_loses_its_control_link_waits_for_its_agent);
    tcase_add_test(group, session_without_clients_is_retired_when_its_agent_stays_away);
    tcase_add_test(group, without_resumption_a_session_is_retired_with_its_control_link);
    tcase_add_test(group, session_that_there_is_no_memory_to_retire_is_retired_later);
    tcase_add_test(group, agent_that_connects_again_goes_on_with_its_session);
    tcase_add_test(group, old_control_link_is_closed_when_the_agent_goes_on_by_another);
    tcase_add_test(group, draining_agent_that_connects_again_gets_no_clients);
    tcase_add_test(group, suspended_session_may_begin_to_drain);
    tcase_add_test(group, credential_cannot_leave_sessions_without_bound);
    tcase_add_test(group, idle_session_that_there_is_no_memory_to_retire_is_retired_with_the_next);
    return group;
}

UNIT_MAIN("server/service/suspended", suspended)

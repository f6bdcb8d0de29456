/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_registry: what becomes of an agent's links, clients and session when it drains, leaves or joins anew, and when
 * the server stops. test_suspended has the sessions that have lost their control link.
 */
#include "config.h"

#include "server/service/agent_world.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

static void expect_control(const struct server_fixture_agent *agent, const char *op, const char *reason) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert(link_ref_same(order.link, agent->control));
    ck_assert_msg(strstr(order.text, op) && strstr(order.text, reason), "%s", order.text);
}

/* --- leaving --- */

START_TEST(agent_that_joins_without_resuming_retires_its_session) {
    struct agent_world world;
    struct fake_order again;

    world_begin(&world);
    struct server_fixture_agent second = server_fixture_join_again(&world.server_fixture, &world.agent, "");
    expect_link_closed(world.agent.control, "the same agent has begun another session");
    world_expect_retired(&world);
    ck_assert_uint_eq(session_table_count(world_sessions(&world)), 1);
    server_fixture_bring_link(&world.server_fixture, &second);
    int fd = server_fixture_client(&world.server_fixture, 0, &again);
    ck_assert_uint_eq(again.client->session, second.tag);
    fake_give_back(&again, CLIENT_ENDED);
    close(fd);
    world_end_session(&world);
}
END_TEST

START_TEST(draining_agent_keeps_its_links_and_clients) {
    struct agent_world world;

    world_begin(&world);
    registry_drain(world_registry(&world), world_session(&world));
    registry_drain(world_registry(&world), world_session(&world));
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    world_expect_no_client(&world);
    ck_assert_uint_eq(session_client_count(world_session(&world)), 1);
    world_finish(&world);
}
END_TEST

START_TEST(session_that_is_disconnected_is_gone_with_its_relays) {
    struct agent_world world;
    struct fake_order order;

    world_begin(&world);
    ck_assert(registry_disconnect(world_registry(&world), world_session(&world), REASON_DENIED, "revoked"));
    expect_control(&world.agent, "\"bye\"", "revoked");
    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, world.agent.tag);
    ck_assert_str_eq(order.text, "revoked");
    ck_assert_ptr_null(session_table_first_any(world_sessions(&world)));
    ck_assert_uint_eq(world.server_fixture.server->services.items[0]->balance->count, 0);
    world_finish(&world); /* its client comes back after it */
}
END_TEST

START_TEST(session_stays_when_there_is_no_memory_to_disconnect_it) {
    struct agent_world world;

    world_begin(&world);
    fake_fail(FAKE_DISCONNECT, true);
    ck_assert(!registry_disconnect(world_registry(&world), world_session(&world), REASON_DENIED, "revoked"));
    ck_assert_ptr_nonnull(world_session(&world));
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    fake_fail(FAKE_DISCONNECT, false);
    ck_assert(registry_disconnect(world_registry(&world), world_session(&world), REASON_DENIED, "revoked"));
    ck_assert_ptr_null(session_table_first_any(world_sessions(&world)));
    world_finish(&world);
}
END_TEST

/* Suspended, or retired. */
START_TEST(session_without_a_control_link_is_disconnected_without_a_bye) {
    struct agent_world world;

    world_begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    if (_i)
        registry_retire(world_registry(&world), world_session(&world), "session over", "");
    fake_forget(FAKE_CLOSE);
    ck_assert(registry_disconnect(world_registry(&world), session_table_first_any(world_sessions(&world)),
                                  REASON_DENIED, "revoked"));
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    expect_only_order(FAKE_DISCONNECT, world.agent.tag);
    ck_assert_ptr_null(session_table_first_any(world_sessions(&world)));
    world_finish(&world);
}
END_TEST

static struct registry *make_registry(const struct agent_world *world, uint64_t clients_most) {
    struct server *server = world->server_fixture.server;
    struct registry *made = registry_new(&(struct registry_options){.log = server->log,
                                                                    .plane = server->plane,
                                                                    .sessions = server->sessions,
                                                                    .services = &server->services,
                                                                    .announce = server->announce,
                                                                    .links = &server->links,
                                                                    .clients_most = clients_most});
    ck_assert_ptr_nonnull(made);
    return made;
}

/* The stream numbers of a session's thread would be used up, and no client could be given to it any more. */
START_TEST(agent_is_asked_for_another_session_after_so_many_clients) {
    struct agent_world world;
    struct fake_order second;

    world_begin(&world);
    struct registry *registry = make_registry(&world, 2);
    registry_tick(registry);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    int fd = server_fixture_client(&world.server_fixture, 0, &second);
    for (int i = 0; i < 2; i++) { /* the first may be lost */
        registry_tick(registry);
        expect_control(&world.agent, "\"goaway\"", "");
    }
    server_fixture_lose(&world.server_fixture, &world.agent);
    registry_tick(registry);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    struct server_fixture_agent resumed = server_fixture_resume(&world.server_fixture, &world.agent, "");
    fake_forget(FAKE_CONTROL);
    registry_tick(registry);
    expect_control(&resumed, "\"goaway\"", "");
    server_fixture_join_again(&world.server_fixture, &resumed, "");
    fake_forget(FAKE_CONTROL);
    registry_tick(registry);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    world_expect_retired_with(&world, 2);
    registry_free(registry);
    fake_give_back(&second, CLIENT_ENDED);
    close(fd);
    world_finish(&world);
}
END_TEST

START_TEST(stop_sends_goaway_to_connected_agents_and_ends_none) {
    struct agent_world world;

    world_begin(&world);
    struct server_fixture_agent second = server_fixture_join(&world.server_fixture, "b", ""),
                                third = server_fixture_join(&world.server_fixture, "c", "");
    server_fixture_lose(&world.server_fixture, &third);
    fake_forget(FAKE_CONTROL);
    fake_forget(FAKE_CLOSE);
    registry_stop(world_registry(&world));
    expect_control(&world.agent, "\"goaway\"", "");
    expect_control(&second, "\"goaway\"", "");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    ck_assert_uint_eq(session_table_count(world_sessions(&world)), 2);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    world_finish(&world);
}
END_TEST

/* No agent can connect any more, and the stop would wait for it. */
START_TEST(session_that_has_lost_all_its_links_ends_with_the_stop) {
    struct agent_world world;

    world_begin(&world);
    struct server_fixture_agent second = server_fixture_join(&world.server_fixture, "b", "");
    server_fixture_lose(&world.server_fixture, &world.agent);
    server_fixture_lose(&world.server_fixture, &second);
    registry_tick(world_registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    registry_stop(world_registry(&world));
    registry_tick(world_registry(&world));
    expect_only_order(FAKE_DISCONNECT, second.tag); /* and not the first, which has a data link */
    world_finish(&world);
}
END_TEST

START_TEST(all_agents_are_disconnected_after_a_bye) {
    struct agent_world world;

    world_begin(&world);
    struct server_fixture_agent second = server_fixture_join_ready(&world.server_fixture, "b");
    fake_forget(FAKE_CONTROL);
    registry_disconnect_all(world_registry(&world), "the server was stopped");
    expect_control(&world.agent, "\"bye\"", "the server was stopped");
    expect_control(&second, "\"bye\"", "the server was stopped");
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 2);
    ck_assert_uint_eq(session_table_count(world_sessions(&world)), 0);
    world_finish(&world);
}
END_TEST

static TCase *leaving(void) {
    TCase *group = tcase_create("leaving");

    tcase_add_test(group, agent_that_joins_without_resuming_retires_its_session);
    tcase_add_test(group, agent_is_asked_for_another_session_after_so_many_clients);
    tcase_add_test(group, draining_agent_keeps_its_links_and_clients);
    tcase_add_test(group, session_that_is_disconnected_is_gone_with_its_relays);
    tcase_add_test(group, session_stays_when_there_is_no_memory_to_disconnect_it);
    tcase_add_loop_test(group, session_without_a_control_link_is_disconnected_without_a_bye, 0, 2);
    return group;
}

static TCase *stopping(void) {
    TCase *group = tcase_create("stopping");

    tcase_add_test(group, stop_sends_goaway_to_connected_agents_and_ends_none);
    tcase_add_test(group, session_that_has_lost_all_its_links_ends_with_the_stop);
    tcase_add_test(group, all_agents_are_disconnected_after_a_bye);
    return group;
}

UNIT_MAIN("server/service/registry", leaving, stopping)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_registry: what becomes of an agent's links, clients and session when it joins again, drains or leaves.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "server/service/service_priv.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

enum { LINKS = 3 };

struct world {
    struct server_fixture server_fixture;
    struct server_fixture_agent agent;
    struct fake_order served; /* its one client */
    int fd;
};

static struct session_table *sessions(const struct world *world) {
    return world->server_fixture.server->sessions;
}

static struct registry *registry(const struct world *world) {
    return world->server_fixture.server->registry;
}

static struct session *session_of(const struct world *world) {
    return session_table_find(sessions(world), world->agent.tag);
}

/* One agent with LINKS idle links and a client on another. */
static void begin(struct world *world) {
    server_fixture_begin(&world->server_fixture);
    world->agent = server_fixture_join_with(&world->server_fixture, "a", LINKS + 1);
    world->fd = server_fixture_client(&world->server_fixture, 0, &world->served);
    fake_forget(FAKE_CONTROL);
}

static void finish(struct world *world) {
    server_fixture_end(&world->server_fixture, world->fd, &world->served, world->agent.tag);
}

static void expect_closed(size_t links, const char *detail) {
    struct fake_order order;

    ck_assert_uint_eq(fake_count(FAKE_CLOSE), links);
    while (fake_take(FAKE_CLOSE, &order))
        ck_assert_str_eq(order.text, detail);
}

static void expect_control(const struct server_fixture_agent *agent, const char *op, const char *reason) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert(link_ref_same(order.link, agent->control));
    ck_assert_msg(strstr(order.text, op) && strstr(order.text, reason), "%s", order.text);
}

/* No client is given to the session, which is still there for the one that it has. */
static void expect_retired(struct world *world) {
    ck_assert_ptr_null(session_of(world));
    const struct session *session = session_table_first_any(sessions(world));
    ck_assert_ptr_nonnull(session);
    ck_assert(session_is_retired(session));
    close(server_fixture_connect(&world->server_fixture, 0));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    fake_give_back(&world->served, CLIENT_ENDED, world->agent.tag);
    ck_assert_ptr_null(session_table_first_any(sessions(world)));
}

START_TEST(agent_that_joins_again_replaces_its_session) {
    struct world world;
    struct fake_order again;

    begin(&world);
    struct server_fixture_agent second = server_fixture_join_again(&world.server_fixture, &world.agent, "");
    expect_closed(LINKS + 1, "the same agent has reconnected"); /* its idle links and its control link */
    ck_assert_uint_eq(session_table_count(sessions(&world)), 1);
    ck_assert_ptr_null(session_of(&world));
    server_fixture_bring_link(&world.server_fixture, &second);
    int fd = server_fixture_client(&world.server_fixture, 0, &again);
    ck_assert_uint_eq(again.client->session, second.tag);
    fake_give_back(&again, CLIENT_ENDED, second.tag);
    close(fd);
    finish(&world);
}
END_TEST

START_TEST(draining_agent_loses_its_idle_links_and_keeps_its_clients) {
    struct world world;

    begin(&world);
    registry_drain(registry(&world), session_of(&world));
    expect_closed(LINKS, "the agent takes no more clients");
    registry_drain(registry(&world), session_of(&world));
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    close(server_fixture_connect(&world.server_fixture, 0));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(session_client_count(session_of(&world)), 1);
    finish(&world);
}
END_TEST

START_TEST(session_that_is_dismissed_stays_for_its_clients_only) {
    struct world world;

    begin(&world);
    registry_dismiss(registry(&world), session_of(&world), "connection lost", "it broke");
    expect_closed(LINKS + 1, "it broke");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0); /* its relays run on */
    expect_retired(&world);
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

START_TEST(session_that_is_disconnected_is_gone_with_its_relays) {
    struct world world;
    struct fake_order order;

    begin(&world);
    ck_assert(registry_disconnect(registry(&world), session_of(&world), "revoked"));
    expect_control(&world.agent, "\"bye\"", "revoked");
    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, world.agent.tag);
    ck_assert_str_eq(order.text, "revoked");
    ck_assert_ptr_null(session_table_first_any(sessions(&world)));
    ck_assert_uint_eq(world.server_fixture.server->services.items[0]->balance->count, 0);
    finish(&world); /* its client comes back after it */
}
END_TEST

START_TEST(session_stays_when_there_is_no_memory_to_disconnect_it) {
    struct world world;

    begin(&world);
    fake_fail(FAKE_DISCONNECT, true);
    ck_assert(!registry_disconnect(registry(&world), session_of(&world), "revoked"));
    ck_assert_ptr_nonnull(session_of(&world));
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    fake_fail(FAKE_DISCONNECT, false);
    ck_assert(registry_disconnect(registry(&world), session_of(&world), "revoked"));
    ck_assert_ptr_null(session_table_first_any(sessions(&world)));
    finish(&world);
}
END_TEST

START_TEST(retired_session_is_disconnected_without_a_bye) {
    struct world world;
    struct fake_order order;

    begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    fake_forget(FAKE_CLOSE);
    ck_assert(registry_disconnect(registry(&world), session_table_first_any(sessions(&world)), "revoked"));
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, world.agent.tag);
    ck_assert_ptr_null(session_table_first_any(sessions(&world)));
    finish(&world);
}
END_TEST

START_TEST(goaway_reaches_every_agent_and_ends_none) {
    struct world world;

    begin(&world);
    struct server_fixture_agent second = server_fixture_join(&world.server_fixture, "b", "");
    fake_forget(FAKE_CONTROL);
    registry_send_goaway(registry(&world));
    expect_control(&world.agent, "\"goaway\"", "");
    expect_control(&second, "\"goaway\"", "");
    ck_assert_uint_eq(session_table_count(sessions(&world)), 2);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    finish(&world);
}
END_TEST

START_TEST(all_agents_are_dismissed_after_a_bye) {
    struct world world;

    begin(&world);
    struct server_fixture_agent second = server_fixture_join_with(&world.server_fixture, "b", 1);
    fake_forget(FAKE_CONTROL);
    registry_dismiss_all(registry(&world), "the server was stopped");
    expect_control(&world.agent, "\"bye\"", "the server was stopped");
    expect_control(&second, "\"bye\"", "the server was stopped");
    expect_closed(LINKS + 1 + 2, "the server was stopped");
    ck_assert_uint_eq(session_table_count(sessions(&world)), 0);
    finish(&world);
}
END_TEST

static TCase *leaving(void) {
    TCase *group = tcase_create("leaving");

    tcase_add_test(group, agent_that_joins_again_replaces_its_session);
    tcase_add_test(group, draining_agent_loses_its_idle_links_and_keeps_its_clients);
    tcase_add_test(group, session_that_is_dismissed_stays_for_its_clients_only);
    tcase_add_test(group, session_that_is_disconnected_is_gone_with_its_relays);
    tcase_add_test(group, session_stays_when_there_is_no_memory_to_disconnect_it);
    tcase_add_test(group, retired_session_is_disconnected_without_a_bye);
    return group;
}

static TCase *messages(void) {
    TCase *group = tcase_create("messages");

    tcase_add_test(group, goaway_reaches_every_agent_and_ends_none);
    tcase_add_test(group, all_agents_are_dismissed_after_a_bye);
    return group;
}

UNIT_MAIN("server/service/registry", leaving, messages)

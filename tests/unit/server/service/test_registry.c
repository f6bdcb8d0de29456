/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_registry: what becomes of an agent's links, clients and session when it loses its control link, connects again,
 * drains or leaves.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "server/service/service_priv.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* One agent with a data link and a client. */
static void begin(struct world *world) {
    server_fixture_begin(&world->server_fixture);
    world->agent = server_fixture_join_ready(&world->server_fixture, "a");
    world->fd = server_fixture_client(&world->server_fixture, 0, &world->served);
    fake_forget(FAKE_CONTROL);
}

static void finish(struct world *world) {
    server_fixture_end(&world->server_fixture, world->fd, &world->served);
}

static void expect_closed(struct link_ref link, const char *detail) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_CLOSE, &order));
    ck_assert(link_ref_same(order.link, link));
    ck_assert_str_eq(order.text, detail);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
}

static void expect_order(enum fake_kind kind, uint64_t tag) {
    struct fake_order order;

    ck_assert(fake_take(kind, &order));
    ck_assert_uint_eq(order.tag, tag);
    ck_assert_uint_eq(fake_count(kind), 0);
}

static void expect_control(const struct server_fixture_agent *agent, const char *op, const char *reason) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert(link_ref_same(order.link, agent->control));
    ck_assert_msg(strstr(order.text, op) && strstr(order.text, reason), "%s", order.text);
}

static void expect_no_client(struct world *world) {
    close(server_fixture_connect(&world->server_fixture, 0));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
}

/* No client is given to the session, which is still there for the one that it has. */
static void expect_retired_with(struct world *world, unsigned clients) {
    expect_order(FAKE_RETIRE, world->agent.tag);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0); /* its relays run on */
    ck_assert_ptr_null(session_of(world));
    const struct session *session = session_table_find_any(sessions(world), world->agent.tag);
    ck_assert_ptr_nonnull(session);
    ck_assert(session_is_retired(session));
    ck_assert_uint_eq(session_client_count(session), clients);
}

static void expect_retired(struct world *world) {
    expect_retired_with(world, 1);
}

static void end_session(struct world *world) {
    fake_give_back(&world->served, CLIENT_ENDED);
    unsigned disconnected = (unsigned)fake_count(FAKE_DISCONNECT);
    fake_options()->events->on_session_over(fake_options()->context, world->agent.tag);
    ck_assert_ptr_null(session_table_find_any(sessions(world), world->agent.tag));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), disconnected + 1); /* a link may have come meanwhile */
    close(world->fd);
    server_fixture_clear(&world->server_fixture);
}

static unsigned resume_ms(const struct world *world) {
    return world->server_fixture.conf->agents.resume_s * 1000;
}

/* --- suspended --- */

START_TEST(session_that_loses_its_control_link_waits_for_its_agent) {
    struct world world;

    begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    const struct session *session = session_of(&world);
    ck_assert_ptr_nonnull(session);
    ck_assert(!session_is_connected(session));
    ck_assert_uint_eq(session_table_count(sessions(&world)), 0);
    expect_no_client(&world);
    server_fixture_accept_link(&world.server_fixture, &world.agent, 0, true); /* its stream may need it */
    fake_clock_advance(resume_ms(&world));
    registry_tick(registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0); /* its client goes on by its link */
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    finish(&world);
}
END_TEST

START_TEST(session_without_clients_is_retired_when_its_agent_stays_away) {
    struct world world;

    begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    fake_give_back(&world.served, CLIENT_ENDED);
    fake_clock_advance(resume_ms(&world) - 1);
    registry_tick(registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0);
    fake_clock_advance(1);
    registry_tick(registry(&world));
    registry_tick(registry(&world)); /* once */
    expect_order(FAKE_RETIRE, world.agent.tag);
    ck_assert(session_is_retired(session_table_find_any(sessions(&world), world.agent.tag)));
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

START_TEST(without_resumption_a_session_is_retired_with_its_control_link) {
    struct world world;

    server_fixture_set_any(&world.server_fixture);
    world.server_fixture.conf->agents.resume_s = 0;
    server_fixture_open(&world.server_fixture);
    world.agent = server_fixture_join_ready(&world.server_fixture, "a");
    world.fd = server_fixture_client(&world.server_fixture, 0, &world.served);
    server_fixture_lose(&world.server_fixture, &world.agent);
    expect_retired(&world);
    end_session(&world);
}
END_TEST

/* It is not lost: there is no other event that would end it. */
START_TEST(session_that_there_is_no_memory_to_retire_is_retired_later) {
    struct world world;

    begin(&world);
    fake_give_back(&world.served, CLIENT_ENDED);
    fake_fail(FAKE_RETIRE, true);
    registry_retire(registry(&world), session_of(&world), "replaced", "x");
    ck_assert_ptr_nonnull(session_of(&world));
    fake_fail(FAKE_RETIRE, false);
    fake_clock_advance(resume_ms(&world));
    registry_tick(registry(&world));
    expect_order(FAKE_RETIRE, world.agent.tag);
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

START_TEST(agent_that_connects_again_goes_on_with_its_session) {
    struct world world;
    struct fake_order again;

    begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    fake_forget(FAKE_CLOSE);
    expect_no_client(&world);
    struct server_fixture_agent second = server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert_uint_eq(second.tag, world.agent.tag);
    ck_assert_str_eq(second.session, world.agent.session);
    ck_assert_mem_eq(second.key, world.agent.key, SECRET_SIZE);
    ck_assert_uint_eq(session_table_count(sessions(&world)), 1);
    ck_assert(link_ref_same(session_control(session_of(&world)), second.control));
    ck_assert(fake_take(FAKE_SERVE, &again)); /* the client that has waited */
    ck_assert_uint_eq(session_client_count(session_of(&world)), 2);
    ck_assert_uint_eq(again.tag, second.tag);
    fake_clock_advance(resume_ms(&world));
    registry_tick(registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_RETIRE) + fake_count(FAKE_CLOSE), 0);
    fake_give_back(&again, CLIENT_ENDED);
    finish(&world);
}
END_TEST

/* The agent's address may have changed, and the server has not noticed yet. */
START_TEST(old_control_link_is_closed_when_the_agent_goes_on_by_another) {
    struct world world;

    begin(&world);
    struct server_fixture_agent second = server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert_uint_eq(second.tag, world.agent.tag);
    expect_closed(world.agent.control, "the agent has connected again");
    server_fixture_lose(&world.server_fixture, &world.agent); /* the old one is gone: no news */
    ck_assert(session_is_connected(session_of(&world)));
    server_fixture_send_control(&world.server_fixture, &world.agent,
                                "{\"op\":\"bye\"}"); /* and does not speak for it */
    ck_assert_ptr_nonnull(session_of(&world));
    ck_assert_uint_eq(session_table_count(sessions(&world)), 1);
    finish(&world);
}
END_TEST

START_TEST(draining_agent_that_connects_again_gets_no_clients) {
    struct world world;

    begin(&world);
    server_fixture_send_control(&world.server_fixture, &world.agent, "{\"op\":\"drain\"}");
    server_fixture_lose(&world.server_fixture, &world.agent);
    server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert(session_is_connected(session_of(&world)));
    expect_no_client(&world);
    ck_assert_uint_eq(world.server_fixture.server->services.items[0]->asked, 0); /* no client waits for its answer */
    finish(&world);
}
END_TEST

/* Its agent has answered a client that it had before. */
START_TEST(suspended_session_may_begin_to_drain) {
    struct world world;

    begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    world.served.client->refusal = REFUSAL_DRAINING;
    fake_give_back(&world.served, CLIENT_REFUSED);
    ck_assert(session_is_draining(session_of(&world)));
    server_fixture_resume(&world.server_fixture, &world.agent, "");
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    close(world.fd);
    server_fixture_clear(&world.server_fixture);
}
END_TEST

/* A new agent, which is lost at once; it leaves a session without clients. */
static uint64_t leave_idle(struct world *world, const char *name) {
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
    struct world world;
    uint64_t tags[REGISTRY_IDLE_OF_CREDENTIAL + MORE];
    char name[16];

    begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    for (int i = 0; i < REGISTRY_IDLE_OF_CREDENTIAL + MORE; i++) {
        snprintf(name, sizeof name, "b%d", i);
        tags[i] = leave_idle(&world, name);
    }
    for (int i = 0; i < MORE; i++)
        expect_retire_order(tags[i]);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0);
    ck_assert_ptr_nonnull(session_of(&world)); /* the oldest of all, but it has a client */
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
    struct world world;
    uint64_t first = 0;
    char name[16];

    begin(&world);
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
    finish(&world);
}
END_TEST

/* --- leaving --- */

START_TEST(agent_that_joins_without_resuming_retires_its_session) {
    struct world world;
    struct fake_order again;

    begin(&world);
    struct server_fixture_agent second = server_fixture_join_again(&world.server_fixture, &world.agent, "");
    expect_closed(world.agent.control, "the same agent has begun another session");
    expect_retired(&world);
    ck_assert_uint_eq(session_table_count(sessions(&world)), 1);
    server_fixture_bring_link(&world.server_fixture, &second);
    int fd = server_fixture_client(&world.server_fixture, 0, &again);
    ck_assert_uint_eq(again.client->session, second.tag);
    fake_give_back(&again, CLIENT_ENDED);
    close(fd);
    end_session(&world);
}
END_TEST

START_TEST(draining_agent_keeps_its_links_and_clients) {
    struct world world;

    begin(&world);
    registry_drain(registry(&world), session_of(&world));
    registry_drain(registry(&world), session_of(&world));
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    expect_no_client(&world);
    ck_assert_uint_eq(session_client_count(session_of(&world)), 1);
    finish(&world);
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

/* Suspended, or retired. */
START_TEST(session_without_a_control_link_is_disconnected_without_a_bye) {
    struct world world;

    begin(&world);
    server_fixture_lose(&world.server_fixture, &world.agent);
    if (_i)
        registry_retire(registry(&world), session_of(&world), "session over", "");
    fake_forget(FAKE_CLOSE);
    ck_assert(registry_disconnect(registry(&world), session_table_first_any(sessions(&world)), "revoked"));
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    expect_order(FAKE_DISCONNECT, world.agent.tag);
    ck_assert_ptr_null(session_table_first_any(sessions(&world)));
    finish(&world);
}
END_TEST

static struct registry *make_registry(const struct world *world, uint64_t clients_most) {
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
    struct world world;
    struct fake_order second;

    begin(&world);
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
    expect_retired_with(&world, 2);
    registry_free(registry);
    fake_give_back(&second, CLIENT_ENDED);
    close(fd);
    finish(&world);
}
END_TEST

START_TEST(stop_sends_goaway_to_connected_agents_and_ends_none) {
    struct world world;

    begin(&world);
    struct server_fixture_agent second = server_fixture_join(&world.server_fixture, "b", ""),
                                third = server_fixture_join(&world.server_fixture, "c", "");
    server_fixture_lose(&world.server_fixture, &third);
    fake_forget(FAKE_CONTROL);
    fake_forget(FAKE_CLOSE);
    registry_stop(registry(&world));
    expect_control(&world.agent, "\"goaway\"", "");
    expect_control(&second, "\"goaway\"", "");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    ck_assert_uint_eq(session_table_count(sessions(&world)), 2);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
    finish(&world);
}
END_TEST

/* No agent can connect any more, and the stop would wait for it. */
START_TEST(session_that_has_lost_all_its_links_ends_with_the_stop) {
    struct world world;

    begin(&world);
    struct server_fixture_agent second = server_fixture_join(&world.server_fixture, "b", "");
    server_fixture_lose(&world.server_fixture, &world.agent);
    server_fixture_lose(&world.server_fixture, &second);
    registry_tick(registry(&world));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    registry_stop(registry(&world));
    registry_tick(registry(&world));
    expect_order(FAKE_DISCONNECT, second.tag); /* and not the first, which has a data link */
    finish(&world);
}
END_TEST

START_TEST(all_agents_are_disconnected_after_a_bye) {
    struct world world;

    begin(&world);
    struct server_fixture_agent second = server_fixture_join_ready(&world.server_fixture, "b");
    fake_forget(FAKE_CONTROL);
    registry_disconnect_all(registry(&world), "the server was stopped");
    expect_control(&world.agent, "\"bye\"", "the server was stopped");
    expect_control(&second, "\"bye\"", "the server was stopped");
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 2);
    ck_assert_uint_eq(session_table_count(sessions(&world)), 0);
    finish(&world);
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

UNIT_MAIN("server/service/registry", suspended, leaving, stopping)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_world: see agent_world.h.
 */
#include "config.h"

#include "server/service/agent_world.h"

#include "unit.h"

#include <unistd.h>

struct session_table *world_sessions(const struct agent_world *world) {
    return world->server_fixture.server->sessions;
}

struct registry *world_registry(const struct agent_world *world) {
    return world->server_fixture.server->registry;
}

struct session *world_session(const struct agent_world *world) {
    return session_table_find(world_sessions(world), world->agent.tag);
}

void world_begin(struct agent_world *world) {
    server_fixture_begin(&world->server_fixture);
    world->agent = server_fixture_join_ready(&world->server_fixture, "a");
    world->fd = server_fixture_client(&world->server_fixture, 0, &world->served);
    fake_forget(FAKE_CONTROL);
}

void world_finish(struct agent_world *world) {
    server_fixture_end(&world->server_fixture, world->fd, &world->served);
}

void expect_link_closed(struct link_ref link, const char *detail) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_CLOSE, &order));
    ck_assert(link_ref_same(order.link, link));
    ck_assert_str_eq(order.text, detail);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0);
}

void expect_only_order(enum fake_kind kind, uint64_t tag) {
    struct fake_order order;

    ck_assert(fake_take(kind, &order));
    ck_assert_uint_eq(order.tag, tag);
    ck_assert_uint_eq(fake_count(kind), 0);
}

void world_expect_no_client(struct agent_world *world) {
    close(server_fixture_connect(&world->server_fixture, 0));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
}

void world_expect_retired_with(struct agent_world *world, unsigned clients) {
    expect_only_order(FAKE_RETIRE, world->agent.tag);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0); /* its relays run on */
    ck_assert_ptr_null(world_session(world));
    const struct session *session = session_table_find_any(world_sessions(world), world->agent.tag);
    ck_assert_ptr_nonnull(session);
    ck_assert(session_is_retired(session));
    ck_assert_uint_eq(session_client_count(session), clients);
}

void world_expect_retired(struct agent_world *world) {
    world_expect_retired_with(world, 1);
}

void world_end_session(struct agent_world *world) {
    fake_give_back(&world->served, CLIENT_ENDED);
    unsigned disconnected = (unsigned)fake_count(FAKE_DISCONNECT);
    fake_options()->events->on_session_over(fake_options()->context, world->agent.tag);
    ck_assert_ptr_null(session_table_find_any(world_sessions(world), world->agent.tag));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), disconnected + 1); /* a link may have come meanwhile */
    close(world->fd);
    server_fixture_clear(&world->server_fixture);
}

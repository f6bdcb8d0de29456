/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sessions: see sessions.h.
 */
#include "config.h"

#include "sessions.h"

#include "lib/base/clock.h"
#include "relay/plane_priv.h"

#include <string.h>

enum { STEPS = 60 };

static uint64_t now_us = 1000000000;
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return now_us++;
}

struct sessions sessions;

/* ---- events ---- */

static void note_gone(struct sessions_side *side, const struct link_end *end) {
    side->gone++;
    side->end = *end;
}

static void note_want(struct sessions_side *side, const struct carrier_role *role, unsigned count) {
    ck_assert_uint_lt(side->want_count, SESSIONS_WANTS);
    side->wants[side->want_count].role = *role;
    side->wants[side->want_count++].count = count;
}

static void note_over(struct sessions_side *side, uint64_t session) {
    side->over++;
    side->over_session = session;
}

static void on_server_gone(void *context, const struct link_end *end) {
    (void)context;
    note_gone(&sessions.sides[SERVER], end);
}

static void on_agent_gone(void *context, const struct link_end *end) {
    (void)context;
    note_gone(&sessions.sides[AGENT], end);
}

static void on_server_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context;
    ck_assert_uint_eq(tag, role->session);
    sessions.sides[SERVER].carriers++;
}

static void on_agent_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag, (void)role;
    sessions.sides[AGENT].carriers++;
}

static void on_server_want(void *context, const struct carrier_role *role, unsigned count) {
    (void)context;
    note_want(&sessions.sides[SERVER], role, count);
}

static void on_agent_want(void *context, const struct carrier_role *role, unsigned count) {
    (void)context;
    note_want(&sessions.sides[AGENT], role, count);
}

static void on_server_over(void *context, uint64_t session) {
    (void)context;
    note_over(&sessions.sides[SERVER], session);
}

static void on_agent_over(void *context, uint64_t session) {
    (void)context;
    note_over(&sessions.sides[AGENT], session);
}

static void note_views(struct sessions_views *noted, const struct relay_answer *answer) {
    noted->answers++;
    noted->ticket = answer->ticket;
    noted->lacks_memory = answer->lacks_memory;
    noted->matching = answer->matching;
    noted->count = answer->count;
    noted->sum_count = answer->sum_count;
    if (answer->sum_count)
        noted->sum = answer->sums[0];
    ck_assert_uint_le(answer->count, RELAYED_MAX);
    for (size_t i = 0; i < answer->count; i++)
        noted->views[i] = *answer->views[i];
}

static void note_relay_ended(struct sessions_views *noted, uint64_t ticket, bool found) {
    noted->ends++;
    noted->ticket = ticket;
    noted->found = found;
}

static void on_server_views(void *context, const struct relay_answer *answer) {
    (void)context;
    note_views(&sessions.sides[SERVER].views, answer);
}

static void on_agent_views(void *context, const struct relay_answer *answer) {
    (void)context;
    note_views(&sessions.sides[AGENT].views, answer);
}

static void on_server_relay_ended(void *context, uint64_t ticket, bool found) {
    (void)context;
    note_relay_ended(&sessions.sides[SERVER].views, ticket, found);
}

static void on_agent_relay_ended(void *context, uint64_t ticket, bool found) {
    (void)context;
    note_relay_ended(&sessions.sides[AGENT].views, ticket, found);
}

static void note_bytes(struct sessions_side *side, const struct session_bytes *bytes) {
    ck_assert_uint_lt(bytes->from_us, bytes->until_us);
    side->up += bytes->up;
    side->down += bytes->down;
}

static void on_server_bytes(void *context, const struct session_bytes *bytes) {
    (void)context;
    note_bytes(&sessions.sides[SERVER], bytes);
}

static void on_check_opened(void *context, const struct check_opened *opened) {
    (void)context;
    sessions.sides[SERVER].checks_opened++;
    sessions.sides[SERVER].check = *opened;
}

static void on_agent_bytes(void *context, const struct session_bytes *bytes) {
    (void)context;
    note_bytes(&sessions.sides[AGENT], bytes);
}

static void on_agent_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    plane_accept_control(sessions.planes.agent, greeting->link, TWO_PLANES_SESSION, NULL, "server test", 0, 0);
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_carrier = on_server_carrier,
                                                  .on_want_carriers = on_server_want,
                                                  .on_client_back = relayed_on_client_back,
                                                  .on_gone = on_server_gone,
                                                  .on_session_over = on_server_over,
                                                  .on_check_opened = on_check_opened,
                                                  .on_session_bytes = on_server_bytes,
                                                  .on_relay_views = on_server_views,
                                                  .on_relay_ended = on_server_relay_ended};
static const struct plane_events agent_events = {.on_greeting = on_agent_greeting,
                                                 .on_carrier = on_agent_carrier,
                                                 .on_want_carriers = on_agent_want,
                                                 .on_gone = on_agent_gone,
                                                 .on_session_over = on_agent_over,
                                                 .on_session_bytes = on_agent_bytes,
                                                 .on_relay_views = on_agent_views,
                                                 .on_relay_ended = on_agent_relay_ended};

/* ---- the world ---- */

struct relay_thread *sessions_thread(int side) {
    return sessions.sides[side].plane->threads[0];
}

void sessions_begin(size_t capacity) {
    memset(&sessions, 0, sizeof sessions);
    two_planes_begin(&sessions.planes, &sessions, capacity, &server_events, &agent_events);
    sessions.sides[SERVER].plane = sessions.planes.server;
    sessions.sides[AGENT].plane = sessions.planes.agent;
    for (int side = 0; side < 2; side++)
        event_del(&sessions_thread(side)->sweep);
}

void sessions_begin_with_link(void) {
    sessions_begin(MUCH);
    two_planes_add_link(&sessions.planes);
}

void sessions_finish(void) {
    relayed_carry(&sessions.planes);
    relayed_close_all();
    two_planes_carry_all(&sessions.planes);
    two_planes_finish(&sessions.planes);
}

void sessions_sweep(int side) {
    struct relay_thread *thread = sessions_thread(side);
    thread->ops->sweep(thread, now_us);
    two_planes_settle(&sessions.planes);
}

void sessions_skip(unsigned ms) {
    now_us += ms * 1000ull;
}

void sessions_pass(unsigned ms) {
    sessions_skip(ms);
    sessions_sweep(SERVER);
    sessions_sweep(AGENT);
}

void sessions_go_on(void) {
    for (int i = 0; i < STEPS; i++) {
        relayed_carry(&sessions.planes);
        sessions_pass(20);
    }
}

void sessions_cut_links(void) {
    for (int i = 0; i < sessions.planes.wire_count; i++)
        memory_cut(sessions.planes.wires[i].server);
    two_planes_settle(&sessions.planes);
    two_planes_carry_all(&sessions.planes);
}

void sessions_expect_whole(struct relayed *relayed) {
    relayed_finish(relayed);
    sessions_go_on();
    relayed_assert_whole(&sessions.planes, relayed);
}

void sessions_exchange(struct relayed *relayed) {
    relayed_send(relayed, RELAYED_UP, SESSIONS_PIECE);
    relayed_send(relayed, RELAYED_DOWN, 2 * SESSIONS_PIECE);
}

uint64_t sessions_links(int side) {
    struct plane_counts counts;
    plane_count(sessions.sides[side].plane, &counts);
    return counts.links;
}

uint64_t sessions_unconfirmed(int side) {
    struct plane_counts counts;
    plane_count(sessions.sides[side].plane, &counts);
    return counts.unconfirmed;
}

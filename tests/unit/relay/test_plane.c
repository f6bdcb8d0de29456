/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane: the whole data plane, server and agent in one process, over a network in memory: real links, TLS and all,
 * relays, dials and plain connections, in every order of events.
 *
 * Random walks with fixed seeds let clients, destinations and the network do everything that can be done: send, end,
 * abort, refuse, dial late, arrive byte by byte, meet full sockets, lose links, add others. Checked all the way:
 *   - what a peer has received is the beginning of what its partner sent, in one relay and never in another;
 *   - a clean end is seen only by who received everything;
 *   - no end takes what the other sends for a violation of the protocol;
 *   - no relay is cut but by its client or its destination, also where links are lost;
 *   - when all is still, every client has come back exactly once, both ends know how each stream has ended, and the
 *     session, which retires then, is over at once.
 */
#include "config.h"

#include "relay/relayed.h"

#include "lib/base/clock.h"
#include "relay/plane_priv.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 500, LINKS_MOST = 5, WIRES_MOST = 60, CALM_ROUNDS = 4000, TICK_MS = 20 };

static uint64_t now_us = 1000000000;

/* Time nearly stands, since a deferred item is due later than now, and only the test sweeps. */
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return now_us++;
}

static struct walk {
    struct two_planes planes;
    uint32_t seed;
    size_t most; /* bytes that a stream may have */
    bool loses_links;
    unsigned up, gone, over; /* links of the server; sessions, at both ends */
    struct relayed *all[RELAYED_MAX];
    int count;
} walk;

static void check_honest(const struct link_end *end) {
    ck_assert_msg(!end->misbehaved, "link closed: %s", end->detail);
}

static void on_server_gone(void *context, const struct link_end *end) {
    (void)context;
    check_honest(end);
    walk.gone++;
}

static void on_agent_gone(void *context, const struct link_end *end) {
    (void)context;
    check_honest(end);
}

static void on_session_over(void *context, uint64_t session) {
    (void)context, (void)session;
    walk.over++;
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_client_back = relayed_on_client_back,
                                                  .on_gone = on_server_gone,
                                                  .on_session_over = on_session_over};
static const struct plane_events agent_events = {.on_gone = on_agent_gone, .on_session_over = on_session_over};

static unsigned chance(unsigned of) {
    return unit_any(&walk.seed, of);
}

/* ---- what can happen ---- */

static void sweep(const struct plane *plane) {
    struct relay_thread *thread = plane->threads[0];
    thread->ops->sweep(thread, now_us);
}

static void pass(unsigned ms) {
    now_us += ms * 1000ull;
    sweep(walk.planes.server);
    sweep(walk.planes.agent);
    two_planes_settle(&walk.planes);
}

static void add_link(bool is_exclusive) {
    if (walk.up - walk.gone == LINKS_MOST || walk.up == WIRES_MOST)
        return;
    relayed_take_dials(); /* the next connection is the link's */
    walk.planes.role.is_exclusive = is_exclusive;
    two_planes_add_link(&walk.planes);
    walk.planes.role.is_exclusive = false;
    walk.up++;
}

/* Else its descriptors are perhaps those of another connection by now. */
static bool is_live(unsigned wire) {
    return two_planes_link(walk.planes.server, walk.planes.wires[wire].server) &&
           two_planes_link(walk.planes.agent, walk.planes.wires[wire].agent);
}

/* At any byte, a frame's or a record's middle too. */
static void lose_link(void) {
    static const size_t amounts[] = {0, 1, 30, 2000, MUCH};
    unsigned wire = chance((unsigned)walk.planes.wire_count);
    if (!is_live(wire))
        return;
    memory_carry(walk.planes.wires[wire].server, amounts[chance(5)]);
    memory_carry(walk.planes.wires[wire].agent, amounts[chance(5)]);
    memory_cut(walk.planes.wires[wire].server);
    two_planes_settle(&walk.planes);
}

static void change_links(void) {
    if (!walk.loses_links || chance(2) == 0)
        add_link(chance(2));
    else
        lose_link();
}

static void serve(void) {
    static const struct service_terms_plan plan = {.half_close_timeout_s = 1000};
    if (walk.count == RELAYED_MAX)
        return;
    memory_connect_will((enum memory_connect)(chance(8) % 3));
    struct relayed *relayed = walk.all[walk.count++] = relayed_serve(&walk.planes, &plan);
    if (chance(2)) { /* it has sent something before it is served */
        relayed_send(relayed, RELAYED_UP, 1 + chance(200));
        memory_carry(memory_peer(relayed->ends[0]), MUCH);
    }
}

static struct relayed *one_of_the_latest(void) {
    int recent = walk.count < 8 ? walk.count : 8;
    return walk.count > 0 ? walk.all[walk.count - 1 - (int)chance((unsigned)recent)] : NULL;
}

static void act(struct relayed *relayed, int direction) {
    unsigned what = chance(12);
    if (relayed->ends[direction] < 0)
        return;
    if (what == 0)
        relayed_reset(relayed, direction);
    else if (what <= 2)
        relayed_end(relayed, direction);
    else if (!relayed->has_ended[direction] && relayed->sent[direction] < walk.most)
        relayed_send(relayed, direction, 1 + chance((unsigned)walk.most / 4));
}

static void meet_dials(void) {
    relayed_take_dials();
    for (int i = 0; i < walk.count; i++) {
        struct relayed *relayed = walk.all[i];
        if (relayed->ends[1] < 0 || !memory_is_connecting(relayed->ends[1]))
            continue;
        bool is_refused = chance(4) == 0;
        memory_connect_done(relayed->ends[1], is_refused);
        if (is_refused)
            relayed_reset(relayed, RELAYED_DOWN);
    }
}

static void carry_some(struct relayed *relayed) {
    static const size_t amounts[] = {1, 5, 40, 1000, 20000, MUCH};
    size_t amount = amounts[chance(sizeof amounts / sizeof *amounts)];
    unsigned wire = chance((unsigned)walk.planes.wire_count);
    if (relayed && chance(2))
        relayed_carry_plain(relayed, amount);
    else
        memory_carry(chance(2) ? walk.planes.wires[wire].server : walk.planes.wires[wire].agent, amount);
}

static void step(void) {
    struct relayed *relayed = one_of_the_latest();
    unsigned what = chance(100);
    if (what < 8)
        serve();
    else if (what < 16)
        meet_dials();
    else if (what < 36 && relayed)
        act(relayed, (int)chance(2));
    else if (what < 39)
        change_links();
    else if (what < 42)
        pass(TICK_MS);
    else
        carry_some(relayed);
    two_planes_settle(&walk.planes);
}

/* ---- and in the end ---- */

static bool is_still(void) {
    struct plane_counts counts[2];
    int back = 0;
    for (int i = 0; i < walk.count; i++)
        back += !walk.all[i]->client;
    plane_count(walk.planes.server, &counts[0]);
    plane_count(walk.planes.agent, &counts[1]);
    return back == walk.count &&
           counts[0].relays + counts[0].unconfirmed + counts[1].relays + counts[1].unconfirmed == 0;
}

static void calm_down(void) {
    while (walk.up - walk.gone == LINKS_MOST)
        lose_link();
    add_link(false);
    for (int i = 0; i < CALM_ROUNDS && !is_still(); i++) {
        meet_dials();
        relayed_carry(&walk.planes);
        for (int k = 0; k < walk.count; k++)
            if (walk.all[k]->ends[1] >= 0)
                relayed_finish(walk.all[k]);
        pass(TICK_MS);
    }
}

static void check(const struct relayed *relayed, int number) {
    ck_assert_msg(!relayed->client, "relay %d: its client did not come back: %zu of %zu bytes up, %zu of %zu down",
                  number, relayed->got[0], relayed->sent[0], relayed->got[1], relayed->sent[1]);
    if (relayed->is_cut || relayed->outcome != CLIENT_ENDED)
        return;
    ck_assert_msg(relayed->reason == REASON_DONE, "relay %d: %s, %s", number, reason_text(relayed->reason),
                  relayed->detail);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(relayed->got[i], relayed->sent[i]);
}

static void run(unsigned seed, size_t capacity, size_t most, bool loses_links) {
    struct plane_counts counts;
    walk = (struct walk){.seed = seed, .most = most, .loses_links = loses_links};
    two_planes_begin(&walk.planes, &walk, capacity, &server_events, &agent_events);
    event_del(&walk.planes.server->threads[0]->sweep);
    event_del(&walk.planes.agent->threads[0]->sweep);
    add_link(false);
    for (int i = 0; i < STEPS; i++)
        step();
    calm_down();
    for (int i = 0; i < walk.count; i++)
        check(walk.all[i], i);
    ck_assert(is_still());
    plane_count(walk.planes.server, &counts);
    ck_assert_uint_eq(counts.links, walk.up - walk.gone);
    ck_assert(plane_retire_session(walk.planes.server, TWO_PLANES_SESSION));
    two_planes_settle(&walk.planes);
    two_planes_carry_all(&walk.planes);
    ck_assert_uint_eq(walk.gone, walk.up);
    ck_assert(plane_retire_session(walk.planes.agent, TWO_PLANES_SESSION));
    two_planes_settle(&walk.planes);
    ck_assert_uint_eq(walk.over, 2);
    relayed_close_all();
    two_planes_finish(&walk.planes);
}

START_TEST(short_streams_in_any_order) {
    run((unsigned)_i + 1, MUCH, 400, false);
}
END_TEST

START_TEST(long_streams_and_narrow_wires) {
    run((unsigned)_i + 1000, 30000, 400000, false);
}
END_TEST

START_TEST(links_are_lost_in_every_state) {
    run((unsigned)_i + 2000, 1 << 16, 200000, true);
}
END_TEST

static TCase *short_walks(void) {
    return unit_walks("short", short_streams_in_any_order, 12);
}

static TCase *long_walks(void) {
    return unit_walks("long", long_streams_and_narrow_wires, 12);
}

static TCase *lost_walks(void) {
    return unit_walks("lost", links_are_lost_in_every_state, 30);
}

UNIT_MAIN("relay/plane", short_walks, long_walks, lost_walks)

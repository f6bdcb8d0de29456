/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay: relays of a server and an agent, with all that is under them but links, in every order of events.
 *
 * Random walks with fixed seeds let clients, destinations and carriers do everything that can be done in every order:
 * send, end, abort, refuse, dial late, arrive frame by frame, meet full sockets, lose carriers with a part of what is
 * on its way, and notice that at different times. Checked all the way:
 *   - what a peer has received is the beginning of what its partner sent, in one relay and never in another;
 *   - a clean end is seen only by who received everything; who was cut sees a reset;
 *   - no end takes what the other sends for a violation of the protocol;
 *   - no relay is cut but by one of the two: carriers may be lost, and relays outlive them;
 *   - when all is still, every client has come back exactly once, and nothing is left open.
 */
#include "config.h"

#include "random_walk.h"

#include "lib/base/clock.h"

#include <signal.h>
#include <stdlib.h>

enum { STEPS = 400, FIRST_PORT = 1000, CARRIERS_MOST = 4 };

/* ---- carriers ---- */

static struct wire *some_wire(struct walk *walk) {
    struct wire *wire = &walk->world.pair.wires[chance(walk, WIRES)];
    return wire->is_used ? wire : NULL;
}

static int carriers(const struct walk *walk) {
    int count = 0;
    for (int i = 0; i < WIRES; i++)
        count += walk->world.pair.wires[i].is_used && !walk->world.pair.wires[i].is_cut;
    return count;
}

static bool has_place(const struct walk *walk) {
    int used = 0;
    for (int i = 0; i < WIRES; i++)
        used += walk->world.pair.wires[i].is_used;
    return used < WIRES && carriers(walk) < CARRIERS_MOST;
}

static void change_carriers(struct walk *walk) {
    struct wire *wire = some_wire(walk);
    unsigned what = chance(walk, 4);
    if (what == 0 && has_place(walk)) {
        pair_add_wire(&walk->world.pair, chance(walk, 3) == 0);
    } else if (what == 1 && wire && !wire->is_cut) {
        wire_cut(wire, chance(walk, 2000), chance(walk, 2000));
        for (int end = 0; end < 2; end++)
            wire->ends[end].is_stuck = false;
    } else if (wire && wire->is_cut) {
        wire_notice(wire, (int)chance(walk, 2));
    }
}

static void slow_down(struct walk *walk) {
    static const size_t steps[] = {1, 100, 1000, 40000};
    struct wire *wire = some_wire(walk);
    if (!wire || wire->is_cut)
        return;
    wire->step = steps[chance(walk, 4)];
    wire->ends[chance(walk, 2)].is_stuck = chance(walk, 3) == 0;
}

static void mend(struct walk *walk) {
    struct wire *wires = walk->world.pair.wires;
    for (int i = 0; i < WIRES; i++) {
        wires[i].ends[SERVER].is_stuck = wires[i].ends[AGENT].is_stuck = false;
        wires[i].step = 40000;
        for (int end = 0; end < 2 && wires[i].is_cut; end++)
            wire_notice(&wires[i], end);
    }
    pair_add_wire(&walk->world.pair, false);
}

/* ---- what can happen ---- */

static void give_early(struct walk *walk, struct walk_relay *relay) {
    struct client *client = relay->client.client;
    client->early = evbuffer_new();
    for (unsigned count = 1 + chance(walk, 200); count > 0; count--) {
        uint8_t byte = walk_client_byte(walk, relay, relay->client_sent++);
        evbuffer_add(client->early, &byte, 1);
    }
}

/* Each relay has a destination of its own, so that a dial shows whose it is. */
static void new_client(struct walk *walk) {
    static const struct service_terms_plan plan = {.service = "test"};
    if (walk->count == WALK_RELAYS)
        return;
    struct walk_relay *relay = &walk->relays[walk->count];
    world_client(&walk->world, &relay->client, &plan, FIRST_PORT + (unsigned)walk->count++);
    relay->client.client->holds_early = chance(walk, 6) == 0;
    if (chance(walk, 4) == 0)
        give_early(walk, relay);
    if (chance(walk, 2)) { /* it has spoken before it is served */
        walk_client_speaks(walk, relay, 1 + chance(walk, 200));
        memory_carry(relay->client.client->fd, MUCH);
    }
    memory_connect_will((enum memory_connect)chance(walk, 8) % 3);
    world_serve(&walk->world, &relay->client);
}

static void meet_dial(struct walk *walk) {
    unsigned port;
    evutil_socket_t far = memory_accepted(&port);
    if (far < 0)
        return;
    struct walk_relay *relay = &walk->relays[(int)port - FIRST_PORT];
    bool is_refused = chance(walk, 4) == 0 && memory_is_connecting(far);
    ck_assert_int_lt(relay->client.far, 0); /* dialled once */
    relay->client.far = far;
    memory_connect_done(far, is_refused);
    if (is_refused)
        memory_close(far);
    relay->far_gone = is_refused;
}

static void carry_some(struct walk *walk) {
    static const size_t amounts[] = {1, 5, 40, 1000, 20000, 1 << 20};
    size_t amount = amounts[chance(walk, sizeof amounts / sizeof *amounts)];
    struct walk_relay *relay = walk_some(walk);
    bool is_client = chance(walk, 2);
    if (!relay)
        return;
    evutil_socket_t mine = is_client ? relay->client.end : relay->client.far;
    if (mine < 0 || (is_client ? relay->client_gone : relay->far_gone))
        return;
    memory_carry(memory_peer(mine), amount);
    memory_carry(mine, amount);
    walk_check(walk, relay);
}

static void recall_some(struct walk *walk) {
    const struct walk_relay *relay = walk_some(walk);
    if (relay && relay->client.client)
        relay_recall(walk->world.threads[SERVER], WORLD_SESSION, relay->client.client->terms);
}

static void step(struct walk *walk, bool may_lose_carriers) {
    struct walk_relay *relay = walk_some(walk);
    unsigned what = chance(walk, may_lose_carriers ? 110 : 100);
    if (what < 10)
        new_client(walk);
    else if (what < 25)
        meet_dial(walk);
    else if (what < 35 && relay)
        walk_client_acts(walk, relay);
    else if (what < 45 && relay)
        walk_far_acts(walk, relay);
    else if (what < 50)
        world_sweep(&walk->world, clock_us());
    else if (what < 60)
        slow_down(walk);
    else if (what < 61)
        recall_some(walk);
    else if (what < 100)
        carry_some(walk);
    else
        change_carriers(walk);
    if (chance(walk, 2))
        world_step(&walk->world, 1);
}

/* ---- the end ---- */

/* All end in good order, everything arrives. */
static bool is_still(void *context) {
    struct walk *walk = context;
    unsigned back = 0;
    meet_dial(walk);
    for (int i = 0; i < walk->count; i++) {
        struct walk_relay *relay = &walk->relays[i];
        walk_end(relay);
        evutil_socket_t ends[2] = {relay->client_gone ? -1 : relay->client.end,
                                   relay->far_gone ? -1 : relay->client.far};
        for (int side = 0; side < 2; side++) {
            if (ends[side] >= 0) {
                memory_carry(memory_peer(ends[side]), MUCH);
                memory_carry(ends[side], MUCH);
            }
        }
        walk_check(walk, relay);
        back += relay->client.back;
    }
    world_step(&walk->world, 2);
    world_sweep(&walk->world, clock_us());
    return back == (unsigned)walk->count && world_relays(&walk->world, AGENT) == 0;
}

static void check_served(const struct walk_relay *relay) {
    bool is_whole = !relay->client_gone && !relay->far_gone && relay->client.far >= 0;
    ck_assert_uint_eq(relay->client.back, 1);
    if (!is_whole || relay->client.outcome != CLIENT_ENDED)
        return;
    ck_assert_msg(relay->client.reason == REASON_DONE, "%s: %s", reason_text(relay->client.reason),
                  relay->client.detail);
    ck_assert_uint_eq(relay->client_got, relay->far_sent);
    ck_assert_uint_eq(relay->far_got, relay->client_sent);
    ck_assert_uint_eq(relay->client.up, relay->client_sent);
    ck_assert_uint_eq(relay->client.down, relay->far_sent);
}

static void finish(struct walk *walk) {
    for (int i = 0; i < walk->count; i++) /* what is still open now is not the test's */
        walk_close(&walk->relays[i]);
    for (evutil_socket_t far; (far = memory_accepted(&(unsigned){0})) >= 0;)
        memory_close(far);
    for (int i = 0; i < 8; i++) { /* outcomes are confirmed */
        world_sweep(&walk->world, clock_us());
        world_step(&walk->world, 8);
    }
    world_end(&walk->world);
}

static void run(unsigned seed, size_t capacity, size_t most, bool may_lose_carriers) {
    struct walk *walk = calloc(1, sizeof *walk);
    ck_assert_ptr_nonnull(walk);
    walk->seed = seed;
    walk->most = most;
    world_begin(&walk->world, capacity, WORLD_RESUME_MS);
    for (int i = 0; i < 2; i++)
        pair_add_wire(&walk->world.pair, false);
    for (int i = 0; i < STEPS; i++)
        step(walk, may_lose_carriers);
    mend(walk);
    bool is_over = unit_run_until(loop_base(walk->world.loop), is_still, walk, 60000);
    for (int i = 0; i < walk->count && !is_over; i++)
        walk_print(walk, &walk->relays[i]);
    ck_assert(is_over);
    ck_assert_int_gt(walk->count, 0);
    for (int i = 0; i < walk->count; i++)
        check_served(&walk->relays[i]);
    finish(walk);
    free(walk);
}

START_TEST(short_streams_in_any_order) {
    run((unsigned)_i + 1, 1 << 20, 400, false);
}
END_TEST

START_TEST(long_streams_and_narrow_wires) {
    run((unsigned)_i + 1000, 30000, 300000, false);
}
END_TEST

START_TEST(carriers_are_lost_in_every_state) {
    run((unsigned)_i + 2000, 1 << 16, 20000, true);
}
END_TEST

START_TEST(carriers_of_long_streams_are_lost) {
    run((unsigned)_i + 3000, 30000, 300000, true);
}
END_TEST

/* ---- the states ---- */

#ifndef NDEBUG
START_TEST(only_a_relay_that_is_opening_opens) {
    static struct relay_thread thread;
    struct relay relay = {.thread = &thread, .state = (uint8_t)(RELAY_OPEN + _i), .list = &thread.relays};
    relay_set_open(&relay, 1, 1);
}
END_TEST
#endif

static TCase *states(void) {
    TCase *group = tcase_create("states");
#ifndef NDEBUG
    unit_add_abort_test(group, only_a_relay_that_is_opening_opens, 2);
#endif
    return group;
}

/* ---- the walks ---- */

static TCase *short_walks(void) {
    return unit_walks("short", short_streams_in_any_order, 60);
}

static TCase *long_walks(void) {
    return unit_walks("long", long_streams_and_narrow_wires, 30);
}

static TCase *lost_walks(void) {
    return unit_walks("lost", carriers_are_lost_in_every_state, 100);
}

static TCase *long_lost_walks(void) {
    return unit_walks("long and lost", carriers_of_long_streams_are_lost, 50);
}

UNIT_MAIN("relay/stream/relay", states, short_walks, long_walks, lost_walks, long_lost_walks)

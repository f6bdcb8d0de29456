/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay: the whole data plane, server and agent in one process, over a network in memory (memory_net.h): relay.c,
 * relay_server.c, relay_agent.c and data.c in every order of events.
 *
 * The real links (TLS, greeting, frames), relays, dials and plain sides. Random walks with fixed seeds let clients,
 * destinations and the network do everything that can be done in every order: send, end, abort, refuse, dial late,
 * arrive byte by byte, meet full sockets, lose links. Checked all the way:
 *   - what a peer has received is the beginning of what its partner sent, in one relay and never in another;
 *   - a clean end is seen only by who received everything; who was cut sees a reset;
 *   - no end takes what the other sends for a violation of the protocol;
 *   - when all is still, every client has come back exactly once, links are idle again or gone, and nothing is left
 * open.
 */
#include "config.h"

#include "relay/random_walk.h"

#include "relay/stream/relay_priv.h"

#include <event2/buffer.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINKS = 2, STEPS = 400, FIRST_PORT = 1000 };

/* ---- the control planes of both ends ---- */

static void server_idle(void *context, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    (void)tag;
    world->idle[world->idle_count++] = link;
}

static void check_honest(const struct link_end *end) {
    ck_assert_msg(!end->misbehaved, "link closed: %s", end->detail);
}

static void agent_gone(void *context, const struct link_end *end) {
    (void)context;
    check_honest(end);
}

static void server_gone(void *context, const struct link_end *end) {
    struct world *world = context;
    check_honest(end);
    world->links_gone++;
    for (int i = 0; i < world->idle_count; i++) {
        if (link_ref_same(world->idle[i], end->link))
            world->idle[i] = world->idle[--world->idle_count];
    }
}

static void server_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    struct pair *pair = &world->pairs[client->number];
    (void)link;
    (void)tag;
    ck_assert(!pair->back);
    pair->back = true;
    world->back_count++;
    if (client->outcome != CLIENT_ENDED) { /* this control plane has no second agent: the client is reset */
        ck_assert_int_ge(client->fd, 0);
        pair->was_refused = true;
        memory_close(client->fd);
    } else {
        ck_assert_int_eq(client->fd, -1);
    }
    if (client->early)
        evbuffer_free(client->early);
    service_terms_release(client->terms);
    free(client);
    pair->ticket = NULL;
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_idle = server_idle,
                                                  .on_client_back = server_client_back,
                                                  .on_gone = server_gone};
static const struct plane_events agent_events = {.on_gone = agent_gone};

/* ---- the world ---- */

static void finish(struct world *world) {
    for (int i = 0; i < world->pair_count; i++) /* what is still open now is not the test's */
        pair_close(&world->pairs[i]);
    two_planes_finish(&world->planes);
}

/* ---- what can happen ---- */

/* Each relay has a destination of its own, so that a dial shows whose it is. */
static void new_client(struct world *world) {
    static const struct service_terms_plan plan = {.service = "test"};
    if (world->idle_count == 0 || world->pair_count == WALK_RELAYS)
        return;
    struct pair *pair = &world->pairs[world->pair_count];
    char destination[32];
    int end;
    snprintf(destination, sizeof destination, "127.0.0.1:%d", FIRST_PORT + world->pair_count);
    struct client *client = two_planes_client(&plan, destination, &end);
    *pair = (struct pair){.in_use = true, .client = end, .far = -1, .ticket = client};
    client->number = (uint64_t)world->pair_count++;
    if (chance(world, 2)) { /* it has spoken before it is served */
        pair_client_speaks(world, pair, 1 + chance(world, 200));
        memory_carry(client->fd, MUCH);
    }
    memory_connect_will((enum memory_connect)chance(world, 8) % 3);
    plane_serve(world->planes.server, world->idle[--world->idle_count], client);
}

static void meet(struct world *world, int far, unsigned port) {
    struct pair *pair = &world->pairs[(int)port - FIRST_PORT];
    ck_assert_int_lt(pair->far, 0); /* dialled once */
    bool refused = chance(world, 4) == 0;
    pair->far = far;
    if (refused && memory_is_connecting(far)) {
        memory_connect_done(far, true);
        memory_close(far);
        pair->far_gone = true;
        return;
    }
    memory_connect_done(far, false);
}

static void meet_dial(struct world *world) {
    unsigned port;
    int far = memory_accepted(&port);
    if (far >= 0)
        meet(world, far, port);
}

static void add_link(struct world *world) {
    two_planes_dial(&world->planes);
    unsigned port;
    int far = memory_accepted(&port);
    for (; far >= 0 && port >= FIRST_PORT; far = memory_accepted(&port))
        meet(world, far, port);
    two_planes_take_in(&world->planes, far);
    world->links_up++;
    two_planes_greet(&world->planes, far);
}

static void carry_some(struct world *world) {
    static const size_t amounts[] = {1, 5, 40, 1000, 20000, 1 << 20};
    size_t amount = amounts[chance(world, sizeof amounts / sizeof *amounts)];
    unsigned which = chance(world, 4);
    if (which < 2 && world->planes.wire_count > 0) {
        unsigned wire = chance(world, (unsigned)world->planes.wire_count);
        memory_carry(which ? world->planes.wires[wire].server : world->planes.wires[wire].agent, amount);
        return;
    }
    struct pair *pair = pair_some(world);
    if (!pair)
        return;
    int mine = which == 2 ? pair->client : pair->far;
    bool gone = which == 2 ? pair->client_gone : pair->far_gone;
    if (mine < 0 || gone)
        return;
    memory_carry(memory_peer(mine), amount);
    memory_carry(mine, amount);
    pair_check(world, pair);
}

static void lose_link(struct world *world) {
    unsigned wire = chance(world, (unsigned)world->planes.wire_count);
    memory_cut(world->planes.wires[wire].server);
    two_planes_settle(&world->planes);
    if (world->links_up - world->links_gone < LINKS && world->planes.wire_count < TWO_PLANES_WIRES)
        add_link(world);
}

static void step(struct world *world, bool may_lose_links) {
    struct pair *pair = pair_some(world);
    unsigned what = chance(world, may_lose_links ? 101 : 100);
    if (what < 10) {
        new_client(world);
    } else if (what < 25) {
        meet_dial(world);
    } else if (what < 35 && pair) {
        pair_client_acts(world, pair);
    } else if (what < 45 && pair) {
        pair_far_acts(world, pair);
    } else if (what == 100) {
        lose_link(world);
    } else {
        carry_some(world);
    }
    two_planes_settle(&world->planes);
}

/* All end in good order, everything arrives. */
static void calm_down(struct world *world) {
    for (int round = 0; round < 40; round++) {
        meet_dial(world);
        for (int i = 0; i < world->pair_count; i++) {
            struct pair *pair = &world->pairs[i];
            pair_end(pair);
            int ends[2] = {pair->client_gone ? -1 : pair->client, pair->far_gone ? -1 : pair->far};
            for (int side = 0; side < 2; side++) {
                if (ends[side] >= 0) {
                    memory_carry(memory_peer(ends[side]), MUCH);
                    memory_carry(ends[side], MUCH);
                }
            }
            two_planes_settle(&world->planes);
            pair_check(world, pair);
        }
        two_planes_carry_all(&world->planes);
    }
}

static bool held_is_over(void *context) {
    struct world *world = context;
    calm_down(world);
    return world->back_count == world->pair_count && two_planes_relays(world->planes.agent) == 0;
}

static void check_still(struct world *world) {
    struct plane_counts counts;
    bool is_still = unit_run_until(loop_base(world->planes.loop), held_is_over, world, 3000);
    for (int i = 0; i < world->pair_count && !is_still; i++)
        pair_print(world, &world->pairs[i]);
    ck_assert_msg(is_still, "%d of %d clients came back", world->back_count, world->pair_count);
    plane_count(world->planes.server, &counts);
    ck_assert_uint_eq(counts.relays, 0);
    ck_assert_int_eq((int)counts.links, world->links_up - world->links_gone);
    for (int i = 0; i < world->pair_count; i++) {
        struct pair *pair = &world->pairs[i];
        bool whole = !pair->client_gone && !pair->far_gone && pair->far >= 0 && !pair->was_refused;
        if (whole && !memory_got_reset(pair->client))
            ck_assert_uint_eq(pair->client_got, pair->far_sent);
    }
}

static void walk(unsigned seed, size_t capacity, size_t most, bool may_lose_links) {
    struct world *world = calloc(1, sizeof *world);
    ck_assert_ptr_nonnull(world);
    world->seed = seed;
    world->most = most;
    two_planes_begin(&world->planes, world, capacity, &server_events, &agent_events);
    for (int i = 0; i < LINKS; i++)
        add_link(world);
    ck_assert_int_eq(world->idle_count, LINKS);
    for (int i = 0; i < STEPS; i++)
        step(world, may_lose_links);
    check_still(world);
    ck_assert_int_gt(world->pair_count, 0);
    finish(world);
    free(world);
}

START_TEST(short_streams_in_any_order) {
    walk((unsigned)_i + 1, 1 << 20, 400, false);
}
END_TEST

START_TEST(long_streams_and_narrow_wires) {
    walk((unsigned)_i + 1000, 30000, 300000, false);
}
END_TEST

START_TEST(links_are_lost_in_every_state) {
    walk((unsigned)_i + 2000, 1 << 16, 20000, true);
}
END_TEST

/* ---- the states ---- */

#ifndef NDEBUG
static struct relay relay_in(enum relay_state state) {
    static struct relay_thread thread;
    static struct plane_counters counters;
    thread.counters = &counters;
    return (struct relay){.thread = &thread, .state = (uint8_t)state, .list = &thread.relays};
}

START_TEST(only_a_relay_that_is_opening_opens) {
    struct relay relay = relay_in((enum relay_state)(RELAY_OPEN + _i));
    relay_set_open(&relay, 1);
}
END_TEST

START_TEST(only_an_open_relay_goes_on_alone) {
    static const enum relay_state others[] = {RELAY_OPENING, RELAY_DETACHED, RELAY_OVER};
    struct relay relay = relay_in(others[_i]);
    relay_go_on_alone(&relay);
}
END_TEST
#endif

static TCase *states(void) {
    TCase *group = tcase_create("states");
#ifndef NDEBUG
    tcase_add_loop_test_raise_signal(group, only_a_relay_that_is_opening_opens, SIGABRT, 0, 3);
    tcase_add_loop_test_raise_signal(group, only_an_open_relay_goes_on_alone, SIGABRT, 0, 3);
#endif
    return group;
}

/* ---- the walks ---- */

/* MUNNEL_TEST_SEED=n walks one seed only, to look for a bug; CK_RUN_CASE chooses the kind of walk. */
static TCase *walks(const char *name, const TTest *test, int count) {
    TCase *group = tcase_create(name);
    const char *only = getenv("MUNNEL_TEST_SEED");
    int first = only ? (int)strtol(only, NULL, 10) : 0;
    tcase_add_loop_test(group, test, first, only ? first + 1 : count);
    return group;
}

static TCase *short_walks(void) {
    return walks("short", short_streams_in_any_order, 60);
}

static TCase *long_walks(void) {
    return walks("long", long_streams_and_narrow_wires, 40);
}

static TCase *lost_walks(void) {
    return walks("lost", links_are_lost_in_every_state, 60);
}

UNIT_MAIN("relay/stream/relay", states, short_walks, long_walks, lost_walks)

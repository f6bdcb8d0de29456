/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_stream_state: two ends of a data link over two queues, in every order in which anything can happen.
 *
 * The real channel code on both sides; clients, destinations and the network are moves that can come at every moment.
 * Checked in every reachable state: no frame is a violation, no frame of another relay is acted on, be it on its way or
 * made up, and the link can become idle again.
 */
#include "config.h"

#include "proto/stream_state.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { RELAYS = 4, QUEUE = 8, STATES_MAX = 1 << 16, MOVES_MAX = 16, BIG = STREAM_STATE_SMALL + 1 };

struct wire_frame {
    uint8_t type, number;
    bool is_big;
};

struct queue {
    struct wire_frame frames[QUEUE];
    uint8_t count;
};

struct world {
    struct stream_state server, agent;
    bool server_sent_data, agent_sent_data; /* one DATA a relay and direction is enough */
    struct queue to_agent, to_server;
};

struct visited {
    struct world worlds[STATES_MAX];
    int table[4 * STATES_MAX]; /* index + 1 of a world; 0: empty */
    int count;
    int (*next)[MOVES_MAX]; /* for the way back to idle */
};

static uint64_t hash(const void *bytes, size_t length) {
    uint64_t value = 1469598103934665603ull;
    for (size_t i = 0; i < length; i++)
        value = (value ^ ((const uint8_t *)bytes)[i]) * 1099511628211ull;
    return value;
}

/* Returns the world's index; *is_new tells whether it was not known. */
static int visit(struct visited *visited, const struct world *world, bool *is_new) {
    uint64_t at = hash(world, sizeof *world) % (4 * STATES_MAX);
    while (visited->table[at] != 0) {
        int known = visited->table[at] - 1;
        if (memcmp(&visited->worlds[known], world, sizeof *world) == 0) {
            *is_new = false;
            return known;
        }
        at = (at + 1) % (4 * STATES_MAX);
    }
    ck_assert_int_lt(visited->count, STATES_MAX);
    visited->worlds[visited->count] = *world;
    visited->table[at] = ++visited->count;
    *is_new = true;
    return visited->count - 1;
}

static void put(struct queue *queue, enum frame_type type, uint32_t number, bool is_big) {
    ck_assert_int_lt(queue->count, QUEUE);
    queue->frames[queue->count++] = (struct wire_frame){(uint8_t)type, (uint8_t)number, is_big};
}

static struct wire_frame take(struct queue *queue) {
    struct wire_frame first = queue->frames[0];
    queue->count--;
    memmove(queue->frames, queue->frames + 1, queue->count * sizeof *queue->frames);
    memset(&queue->frames[queue->count], 0, sizeof *queue->frames);
    return first;
}

static void server_sends(struct world *world, enum frame_type type, size_t length) {
    stream_state_sent(&world->server, type, length);
    put(&world->to_agent, type, world->server.number, length > STREAM_STATE_SMALL);
}

static void agent_sends(struct world *world, enum frame_type type, size_t length) {
    stream_state_sent(&world->agent, type, length);
    put(&world->to_server, type, world->agent.number, false);
    if (type == FRAME_REFUSED || type == FRAME_RESET)
        put(&world->to_server, FRAME_IDLE, world->agent.number, false);
}

static bool may_server(const struct world *world, enum frame_type type) {
    return stream_state_may_send(&world->server, type) && world->to_agent.count < QUEUE;
}

static bool may_agent(const struct world *world, enum frame_type type) {
    return stream_state_may_send(&world->agent, type) && world->to_server.count + 2 <= QUEUE;
}

/* ---- the moves: each changes `world`, or returns false when it cannot happen now ---- */

static bool server_opens(struct world *world) {
    if (!may_server(world, FRAME_OPEN) || world->server.number >= RELAYS)
        return false;
    server_sends(world, FRAME_OPEN, 0);
    world->server_sent_data = false;
    return true;
}

static bool server_data(struct world *world, size_t length) {
    if (!may_server(world, FRAME_DATA) || world->server_sent_data)
        return false;
    server_sends(world, FRAME_DATA, length);
    return world->server_sent_data = true;
}

static bool client_sends_little(struct world *world) {
    return server_data(world, 1);
}

static bool client_sends_much(struct world *world) {
    return server_data(world, BIG);
}

static bool client_ends(struct world *world) {
    if (!may_server(world, FRAME_FIN))
        return false;
    server_sends(world, FRAME_FIN, 0);
    return true;
}

static bool client_aborts(struct world *world) {
    if (!may_server(world, FRAME_RESET))
        return false;
    server_sends(world, FRAME_RESET, 0);
    return true;
}

static bool destination_dialled(struct world *world) {
    if (!may_agent(world, FRAME_OPENED))
        return false;
    agent_sends(world, FRAME_OPENED, 0);
    world->agent_sent_data = false;
    return true;
}

static bool destination_refuses(struct world *world) {
    if (!may_agent(world, FRAME_REFUSED))
        return false;
    agent_sends(world, FRAME_REFUSED, 0);
    return true;
}

static bool destination_sends(struct world *world) {
    if (!may_agent(world, FRAME_DATA) || world->agent_sent_data)
        return false;
    agent_sends(world, FRAME_DATA, 1);
    return world->agent_sent_data = true;
}

static bool destination_ends(struct world *world) {
    if (!may_agent(world, FRAME_FIN))
        return false;
    agent_sends(world, FRAME_FIN, 0);
    return true;
}

static bool destination_aborts(struct world *world) {
    if (!may_agent(world, FRAME_RESET))
        return false;
    agent_sends(world, FRAME_RESET, 0);
    return true;
}

static bool all_is_flushed(struct world *world) {
    if (!may_agent(world, FRAME_IDLE))
        return false;
    agent_sends(world, FRAME_IDLE, 0);
    return true;
}

static void check_verdict(const struct stream_state *state, struct wire_frame frame, enum stream_verdict verdict) {
    ck_assert_msg(verdict != STREAM_STATE_VIOLATION, "%s %u is a violation", frame_name(frame.type), frame.number);
    if (verdict == STREAM_STATE_ACT)
        ck_assert_uint_eq(frame.number, state->number);
}

static bool server_takes(struct world *world) {
    if (world->to_server.count == 0)
        return false;
    struct wire_frame frame = take(&world->to_server);
    check_verdict(&world->server, frame, stream_state_take(&world->server, frame.type, frame.number, 1));
    return true;
}

static bool agent_takes(struct world *world) {
    if (world->to_agent.count == 0 || world->to_server.count + 1 > QUEUE)
        return false;
    struct wire_frame frame = take(&world->to_agent);
    size_t length = frame.type == FRAME_DATA ? (frame.is_big ? BIG : 1) : 0;
    enum stream_verdict verdict = stream_state_take(&world->agent, frame.type, frame.number, length);
    check_verdict(&world->agent, frame, verdict);
    if (verdict == STREAM_STATE_ACT_IDLE)
        put(&world->to_server, FRAME_IDLE, frame.number, false);
    return true;
}

static bool (*const moves[])(struct world *) = {
    server_opens,        client_sends_little, client_sends_much, client_ends,      client_aborts,
    destination_dialled, destination_refuses, destination_sends, destination_ends, destination_aborts,
    all_is_flushed,      server_takes,        agent_takes,
};
enum { MOVES = sizeof moves / sizeof *moves };

/* What no honest peer sends: a relay's bytes and its end under the number of another, before it and behind it. */
static void check_other_numbers(const struct stream_state *end) {
    static const enum frame_type types[] = {FRAME_DATA, FRAME_FIN};
    for (uint32_t number = 1; number <= RELAYS + 1; number++) {
        for (int i = 0; i < 2 && number != end->number; i++) {
            struct stream_state state = *end;
            ck_assert_int_eq(stream_state_take(&state, types[i], number, 1), STREAM_STATE_VIOLATION);
        }
    }
}

static void explore(struct visited *visited) {
    struct world first;
    bool is_new;
    memset(&first, 0, sizeof first);
    stream_state_init(&first.server, STREAM_STATE_SERVER);
    stream_state_init(&first.agent, STREAM_STATE_AGENT);
    visit(visited, &first, &is_new);
    for (int at = 0; at < visited->count; at++) {
        check_other_numbers(&visited->worlds[at].server);
        check_other_numbers(&visited->worlds[at].agent);
        for (int move = 0; move < MOVES; move++) {
            struct world world = visited->worlds[at];
            visited->next[at][move] = moves[move](&world) ? visit(visited, &world, &is_new) : -1;
        }
    }
}

/* Spreads "can become idle" backwards until nothing changes; returns how many states cannot. */
static int count_stuck(const struct visited *visited) {
    bool *alive = calloc((size_t)visited->count, sizeof *alive);
    ck_assert_ptr_nonnull(alive);
    for (bool changed = true; changed;) {
        changed = false;
        for (int at = visited->count - 1; at >= 0; at--) {
            bool is_alive = !visited->worlds[at].server.busy;
            for (int move = 0; move < MOVES && !is_alive; move++)
                is_alive = visited->next[at][move] >= 0 && alive[visited->next[at][move]];
            changed = changed || is_alive != alive[at];
            alive[at] = is_alive;
        }
    }
    int stuck = 0;
    for (int at = 0; at < visited->count; at++)
        stuck += !alive[at];
    free(alive);
    return stuck;
}

START_TEST(every_order_of_events_keeps_the_rules) {
    struct visited *visited = calloc(1, sizeof *visited);
    ck_assert_ptr_nonnull(visited);
    visited->next = calloc(STATES_MAX, sizeof *visited->next);
    ck_assert_ptr_nonnull(visited->next);
    explore(visited);
    ck_assert_int_gt(visited->count, 5000); /* it did look */
    ck_assert_int_eq(count_stuck(visited), 0);
    free(visited->next);
    free(visited);
}
END_TEST

/* ---- what a broken or hostile peer might send ---- */

struct wrong {
    const char *what;
    uint8_t role;
    struct wire_frame sent[3], took[4];
    struct wire_frame wrong;
};

static void play(struct stream_state *state, const struct wrong *wrong) {
    stream_state_init(state, wrong->role);
    for (int i = 0; i < 3 && wrong->sent[i].type; i++)
        stream_state_sent(state, wrong->sent[i].type, 1);
    for (int i = 0; i < 4 && wrong->took[i].type; i++) {
        ck_assert_int_ne(stream_state_take(state, wrong->took[i].type, wrong->took[i].number, 1),
                         STREAM_STATE_VIOLATION);
    }
}

static const struct wrong wrongs[] = {
    {"DATA on an idle link", STREAM_STATE_SERVER, {{0}}, {{0}}, {FRAME_DATA, 1, false}},
    {"IDLE before any relay", STREAM_STATE_SERVER, {{0}}, {{0}}, {FRAME_IDLE, 1, false}},
    {"OPEN from an agent", STREAM_STATE_SERVER, {{0}}, {{0}}, {FRAME_OPEN, 1, false}},
    {"DATA before OPENED", STREAM_STATE_SERVER, {{FRAME_OPEN, 0, false}}, {{0}}, {FRAME_DATA, 1, false}},
    {"a newer number", STREAM_STATE_SERVER, {{FRAME_OPEN, 0, false}}, {{0}}, {FRAME_OPENED, 2, false}},
    {"OPENED twice",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}},
     {{FRAME_OPENED, 1, false}},
     {FRAME_OPENED, 1, false}},
    {"REFUSED after OPENED",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}},
     {{FRAME_OPENED, 1, false}},
     {FRAME_REFUSED, 1, false}},
    {"IDLE in the middle",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}},
     {{FRAME_OPENED, 1, false}},
     {FRAME_IDLE, 1, false}},
    {"DATA after FIN",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}},
     {{FRAME_OPENED, 1, false}, {FRAME_FIN, 1, false}},
     {FRAME_DATA, 1, false}},
    {"FIN twice",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}},
     {{FRAME_OPENED, 1, false}, {FRAME_FIN, 1, false}},
     {FRAME_FIN, 1, false}},
    {"DATA after REFUSED",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}},
     {{FRAME_REFUSED, 1, false}},
     {FRAME_DATA, 1, false}},
    {"OPENED of an older relay",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}},
     {{FRAME_REFUSED, 1, false}, {FRAME_IDLE, 1, false}},
     {FRAME_OPENED, 1, false}},
    {"OPEN from an agent whose relay was reset",
     STREAM_STATE_SERVER,
     {{FRAME_OPEN, 0, false}, {FRAME_RESET, 0, false}},
     {{0}},
     {FRAME_OPEN, 1, false}},
    {"HELLO", STREAM_STATE_SERVER, {{0}}, {{0}}, {FRAME_HELLO, 0, false}},
    {"OPEN while busy", STREAM_STATE_AGENT, {{0}}, {{FRAME_OPEN, 1, false}}, {FRAME_OPEN, 2, false}},
    {"OPEN with a number left out", STREAM_STATE_AGENT, {{0}}, {{0}}, {FRAME_OPEN, 2, false}},
    {"DATA before any OPEN", STREAM_STATE_AGENT, {{0}}, {{0}}, {FRAME_DATA, 1, false}},
    {"RESET before any OPEN", STREAM_STATE_AGENT, {{0}}, {{0}}, {FRAME_RESET, 1, false}},
    {"RESET of another relay", STREAM_STATE_AGENT, {{0}}, {{FRAME_OPEN, 1, false}}, {FRAME_RESET, 2, false}},
    {"DATA after FIN",
     STREAM_STATE_AGENT,
     {{0}},
     {{FRAME_OPEN, 1, false}, {FRAME_FIN, 1, false}},
     {FRAME_DATA, 1, false}},
    {"OPENED from a server", STREAM_STATE_AGENT, {{0}}, {{FRAME_OPEN, 1, false}}, {FRAME_OPENED, 1, false}},
    {"IDLE from a server", STREAM_STATE_AGENT, {{0}}, {{FRAME_OPEN, 1, false}}, {FRAME_IDLE, 1, false}},
};

START_TEST(what_is_out_of_order_is_a_violation) {
    const struct wrong *wrong = &wrongs[_i];
    struct stream_state state;
    play(&state, wrong);
    ck_assert_msg(stream_state_take(&state, wrong->wrong.type, wrong->wrong.number, 1) == STREAM_STATE_VIOLATION,
                  "%s passed", wrong->what);
}
END_TEST

/* The agent cut the relay before it knew that FIN and FIN had freed the link. */
START_TEST(the_abort_of_an_older_relay_is_ignored) {
    static const enum frame_type types[] = {FRAME_RESET, FRAME_IDLE};
    struct stream_state state;
    stream_state_init(&state, STREAM_STATE_SERVER);
    stream_state_sent(&state, FRAME_OPEN, 0);
    ck_assert_int_eq(stream_state_take(&state, FRAME_OPENED, 1, 0), STREAM_STATE_ACT);
    stream_state_sent(&state, FRAME_FIN, 0);
    ck_assert_int_eq(stream_state_take(&state, FRAME_FIN, 1, 0), STREAM_STATE_ACT);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            ck_assert_int_eq(stream_state_take(&state, types[i], 1, 0), STREAM_STATE_IGNORE);
        if (round == 0)
            stream_state_sent(&state, FRAME_OPEN, 0);
    }
    ck_assert(state.busy);
}
END_TEST

START_TEST(a_big_relay_waits_for_idle_and_a_small_one_does_not) {
    static const size_t lengths[] = {STREAM_STATE_SMALL, STREAM_STATE_SMALL + 1};
    struct stream_state state;
    stream_state_init(&state, STREAM_STATE_SERVER);
    stream_state_sent(&state, FRAME_OPEN, 0);
    stream_state_sent(&state, FRAME_DATA, lengths[_i]);
    stream_state_sent(&state, FRAME_FIN, 0);
    ck_assert_int_eq(stream_state_take(&state, FRAME_OPENED, 1, 0), STREAM_STATE_ACT);
    ck_assert_int_eq(stream_state_take(&state, FRAME_FIN, 1, 0), STREAM_STATE_ACT);
    ck_assert_int_eq(state.busy, _i == 1);
}
END_TEST

static TCase *orders(void) {
    TCase *group = tcase_create("orders");
    tcase_add_test(group, every_order_of_events_keeps_the_rules);
    return group;
}

static TCase *rules(void) {
    TCase *group = tcase_create("rules");
    tcase_add_loop_test(group, what_is_out_of_order_is_a_violation, 0, (int)(sizeof wrongs / sizeof *wrongs));
    tcase_add_test(group, the_abort_of_an_older_relay_is_ignored);
    tcase_add_loop_test(group, a_big_relay_waits_for_idle_and_a_small_one_does_not, 0, 2);
    return group;
}

UNIT_MAIN("proto/stream_state", orders, rules)

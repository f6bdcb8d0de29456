/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_carrier: streams of two muxes over real links, TLS and all, in a network in memory: bytes, a link that takes no
 * more, one that breaks, one that brings nonsense, one that is silent.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "relay/link/carrier.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <stdlib.h>
#include <string.h>

enum {
    SERVER,
    AGENT,
    CAPACITY = 1 << 16,
    TIMEOUT_MS = 30000,
    SMALL = 100,
    BULK = 3 * 1024 * 1024,
    TURNS = 4000,
    CROWD = 20000
};

static uint64_t skipped_us;
static unsigned stalled_ms; /* on every socket */

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + skipped_us;
}

unsigned __wrap_sock_stalled_ms(int fd, struct sock_stall *stall);
unsigned __wrap_sock_stalled_ms(int fd, struct sock_stall *stall) {
    (void)fd, (void)stall;
    return stalled_ms;
}

struct party {
    struct mux_stream stream; /* first */
    uint64_t to_send, sent, received, wrong;
    bool is_over;
    enum stream_outcome_how how;
};

static struct world {
    struct two_planes planes;
    struct mux *muxes[2];
    struct defer_queue turns;
    struct mux_gather gathers[2];
    struct send_memory memory;
    struct party client, destination;
    bool refuses; /* the agent */
    unsigned gone;
    char gone_detail[256];
} world;

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    world.gone++;
    snprintf(world.gone_detail, sizeof world.gone_detail, "%s", end->detail);
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting, .on_gone = on_gone};
static const struct plane_events agent_events = {.on_greeting = NULL};

/* ---- parties ---- */

static uint8_t byte_at(uint64_t position) {
    return (uint8_t)(position * 0x9e3779b97f4a7c15u >> 40);
}

static void fill(struct party *party) {
    uint8_t bytes[4096];
    size_t room;
    while (party->sent < party->to_send && (room = mux_stream_room(&party->stream)) > 0) {
        size_t count = room < sizeof bytes ? room : sizeof bytes;
        if (count > party->to_send - party->sent)
            count = (size_t)(party->to_send - party->sent);
        for (size_t i = 0; i < count; i++)
            bytes[i] = byte_at(party->sent + i);
        ck_assert(mux_stream_append(&party->stream, bytes, count));
        party->sent += count;
    }
    if (party->sent == party->to_send && !party->stream.finished)
        mux_stream_finish(&party->stream);
}

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    (void)stream, (void)payload, (void)length;
}

static void on_bytes(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last) {
    struct party *party = (struct party *)stream;
    (void)is_last;
    for (int part = 0; part < count; part++) {
        const uint8_t *bytes = parts[part].iov_base;
        for (size_t i = 0; i < parts[part].iov_len; i++)
            party->wrong += bytes[i] != byte_at(party->received++);
    }
    mux_stream_consumed(stream, total);
}

static void on_room(struct mux_stream *stream) {
    fill((struct party *)stream);
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct party *party = (struct party *)stream;
    (void)payload, (void)length;
    party->is_over = true;
    party->how = how;
}

static const struct mux_stream_events events = {on_opened, on_bytes, mux_stream_consumed_fin, on_room, on_over};

static void on_open(void *context, uint32_t number, const uint8_t *payload, size_t length) {
    (void)context, (void)payload, (void)length;
    if (world.refuses)
        return;
    world.destination.stream.events = &events;
    ck_assert(mux_accept(world.muxes[AGENT], &world.destination.stream, number));
    mux_stream_opened(&world.destination.stream, NULL, 0);
    fill(&world.destination);
}

static void on_want_carrier(void *context, bool is_exclusive) {
    (void)context, (void)is_exclusive;
}

/* ---- links ---- */

static struct link *newest_link(const struct plane *plane) {
    struct relay_thread *thread = plane->threads[0];
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        if (thread->slots[slot] && thread->slots[slot]->state == LINK_IDLE)
            return thread->slots[slot];
    }
    ck_abort_msg("no idle link");
    return NULL;
}

/* Returns the server's end of its wire. */
static int add_carrier(bool is_exclusive) {
    two_planes_add_link(&world.planes);
    ck_assert(link_carry(newest_link(world.planes.server), world.muxes[SERVER], is_exclusive));
    ck_assert(link_carry(newest_link(world.planes.agent), world.muxes[AGENT], is_exclusive));
    return world.planes.wires[world.planes.wire_count - 1].server;
}

static struct mux *make_mux(int end) {
    struct mux_options options = {.is_agent = end == AGENT,
                                  .memory = &world.memory,
                                  .turns = &world.turns,
                                  .gather = &world.gathers[end],
                                  .resume_timeout_ms = TIMEOUT_MS,
                                  .on_open = on_open,
                                  .on_want_carrier = on_want_carrier};
    return mux_new(&options);
}

static void begin(void) {
    memset(&world, 0, sizeof world);
    skipped_us = 0;
    stalled_ms = 0;
    two_planes_begin(&world.planes, &world, CAPACITY, &server_events, &agent_events);
    send_memory_init(&world.memory, SEND_MEMORY_LIMIT);
    defer_queue_init(&world.turns, loop_base(world.planes.loop), 0);
    for (int end = 0; end < 2; end++)
        world.muxes[end] = make_mux(end);
}

static void finish(void) {
    struct plane *planes[2] = {world.planes.server, world.planes.agent};
    for (int end = 0; end < 2; end++) {
        struct relay_thread *thread = planes[end]->threads[0];
        for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
            if (thread->slots[slot])
                link_close(thread->slots[slot], LINK_CLOSE_RESET, REASON_STOPPED, "the test is over");
        }
        mux_free(world.muxes[end]);
    }
    defer_queue_stop(&world.turns);
    ck_assert_uint_eq(world.memory.used, 0);
    send_memory_clear(&world.memory);
    two_planes_carry_all(&world.planes);
    two_planes_finish(&world.planes);
}

static void open_client(uint64_t up, uint64_t down) {
    static const uint8_t payload[FRAME_OPEN_SIZE] = {1};
    world.client = (struct party){.stream.events = &events, .to_send = up};
    world.destination = (struct party){.to_send = down};
    ck_assert(mux_open(world.muxes[SERVER], &world.client.stream, payload, sizeof payload));
    fill(&world.client);
}

static void run(unsigned turns) {
    for (unsigned i = 0; i < turns && !(world.client.is_over && world.destination.is_over); i++) {
        two_planes_carry_all(&world.planes);
        if (i % 4 == 3) {
            mux_sweep(world.muxes[SERVER], clock_us());
            mux_sweep(world.muxes[AGENT], clock_us());
        }
    }
}

static void assert_whole(const struct party *party, uint64_t received) {
    ck_assert(party->is_over);
    ck_assert_uint_eq(party->how, STREAM_HOW_WHOLE);
    ck_assert_uint_eq(party->received, received);
    ck_assert_uint_eq(party->wrong, 0);
}

START_TEST(a_stream_is_whole_over_tls) {
    begin();
    add_carrier(false);
    open_client(SMALL, 2 * SMALL);
    run(TURNS);
    assert_whole(&world.destination, SMALL);
    assert_whole(&world.client, 2 * SMALL);
    finish();
}
END_TEST

/* The wires hold 64 KiB: both links are full most of the time. */
START_TEST(bulk_both_ways_over_links_that_are_full) {
    begin();
    add_carrier(false);
    add_carrier(true);
    open_client(BULK, BULK);
    run(TURNS);
    assert_whole(&world.destination, BULK);
    assert_whole(&world.client, BULK);
    finish();
}
END_TEST

START_TEST(a_stream_goes_on_when_its_link_breaks) {
    begin();
    int wire = add_carrier(false);
    add_carrier(false);
    open_client(BULK, BULK);
    for (int i = 0; i < 8; i++)
        memory_carry(wire, CAPACITY / 4);
    memory_cut(wire);
    run(TURNS);
    assert_whole(&world.destination, BULK);
    assert_whole(&world.client, BULK);
    finish();
}
END_TEST

START_TEST(a_violation_of_the_rules_closes_the_link) {
    begin();
    int wire = add_carrier(false);
    open_client(BULK, BULK);
    two_planes_settle(&world.planes);
    memory_carry(memory_peer(wire), CAPACITY / 4); /* OPEN, and not all that is to follow */
    struct relay_thread *agent = world.planes.agent->threads[0];
    uint8_t frame[FRAME_HEADER + 8] = {0};
    frame_write_header(frame, FRAME_ACK, 77, 8);
    for (uint32_t slot = 0; slot < agent->slot_count; slot++) {
        if (agent->slots[slot]) {
            link_data_write(agent->slots[slot], frame, sizeof frame);
            link_data_flush_written(agent->slots[slot]);
        }
    }
    two_planes_carry_all(&world.planes);
    ck_assert_uint_eq(world.gone, 1);
    ck_assert_str_eq(world.gone_detail, "a frame of a stream that was never opened");
    ck_assert(mux_stream_is_suspended(&world.client.stream));
    add_carrier(false);
    run(TURNS);
    assert_whole(&world.client, BULK);
    finish();
}
END_TEST

/* Frames that cannot wait for room: more of them than the answers that a link without a mux may owe. */
START_TEST(thousands_of_streams_opened_at_once_do_not_close_their_link) {
    static const uint8_t payload[FRAME_OPEN_SIZE] = {1};
    struct party *clients = calloc(CROWD, sizeof *clients);
    unsigned over = 0;
    ck_assert_ptr_nonnull(clients);
    begin();
    world.refuses = true;
    add_carrier(false);
    for (int i = 0; i < CROWD; i++) {
        clients[i].stream.events = &events;
        ck_assert(mux_open(world.muxes[SERVER], &clients[i].stream, payload, sizeof payload));
    }
    for (unsigned i = 0; i < TURNS && over < CROWD; i++) {
        two_planes_carry_all(&world.planes);
        ck_assert_msg(world.gone == 0, "%s", world.gone_detail);
        while (over < CROWD && clients[over].is_over)
            over++;
    }
    ck_assert_uint_eq(over, CROWD);
    ck_assert_uint_eq(clients[CROWD - 1].how, STREAM_HOW_REFUSED);
    finish();
    free(clients);
}
END_TEST

static void sweep_links(void) {
    struct relay_thread *thread = world.planes.server->threads[0];
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        if (thread->slots[slot])
            link_sweep(thread->slots[slot], clock_us());
    }
}

START_TEST(a_carrier_that_is_not_acknowledged_is_given_up) {
    begin();
    add_carrier(false);
    stalled_ms = 3900;
    sweep_links();
    ck_assert_uint_eq(world.planes.server->threads[0]->slots[0]->state, LINK_CARRIER);
    stalled_ms = 4100;
    sweep_links();
    two_planes_settle(&world.planes);
    ck_assert_uint_eq(world.gone, 1);
    ck_assert_str_eq(world.gone_detail, "the other side stopped acknowledging");
    stalled_ms = 0;
    finish();
}
END_TEST

START_TEST(a_silent_carrier_is_pinged) {
    begin();
    add_carrier(false);
    skipped_us = 31000000;
    sweep_links();
    two_planes_carry_all(&world.planes); /* PONG */
    skipped_us += 6000000;
    sweep_links();
    ck_assert_uint_eq(world.gone, 0);
    skipped_us += 31000000;
    sweep_links(); /* this PING is not carried */
    skipped_us += 6000000;
    sweep_links();
    two_planes_settle(&world.planes);
    ck_assert_uint_eq(world.gone, 1);
    ck_assert_str_eq(world.gone_detail, "no PONG for 5 s");
    finish();
}
END_TEST

static TCase *streams(void) {
    TCase *group = tcase_create("streams");
    tcase_add_test(group, a_stream_is_whole_over_tls);
    tcase_add_test(group, bulk_both_ways_over_links_that_are_full);
    tcase_add_test(group, a_stream_goes_on_when_its_link_breaks);
    tcase_add_test(group, thousands_of_streams_opened_at_once_do_not_close_their_link);
    return group;
}

static TCase *ends(void) {
    TCase *group = tcase_create("ends");
    tcase_add_test(group, a_violation_of_the_rules_closes_the_link);
    tcase_add_test(group, a_carrier_that_is_not_acknowledged_is_given_up);
    tcase_add_test(group, a_silent_carrier_is_pinged);
    return group;
}

UNIT_MAIN("relay/link/carrier", streams, ends)

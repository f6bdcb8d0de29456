/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz_mux: a mux whose peer sends any frames by any of three carriers, the third one exclusive, while its own streams
 * are opened, filled, read and ended, and carriers are lost and added. The bytes are a program of such steps; the first
 * one sets which side the mux is on.
 */
#include "config.h"

#include "relay/mux/mux.h"

#include "fuzz.h"

#include "lib/base/clock.h"

#include <string.h>

enum { CARRIERS = 3, EXCLUSIVE = 2, STREAMS = 24, TIMEOUT_MS = 30000, TICK_US = 400000, UNIT = 97, PARTS = 4 };

struct steps {
    const uint8_t *at, *end;
};

struct end { /* of a link */
    struct world *world;
    struct mux_carrier *carrier; /* NULL: lost */
    bool is_full, is_blocked;
    uint8_t ping[FRAME_PING_SIZE];
};

struct client {
    struct mux_stream stream; /* first */
    struct datagram_queue datagrams;
    struct world *world;
    bool is_live, is_open, has_finished, got_fin;
    size_t waiting;
};

struct world {
    bool is_agent;
    struct mux *mux;
    struct send_memory memory;
    struct datagram_memory datagram_memory;
    struct datagram_counts datagram_counts;
    struct mux_totals counts;
    struct defer_queue turns, end_acks;
    struct mux_gather gather;
    struct end ends[CARRIERS];
    struct client clients[STREAMS];
    uint64_t skew_us;
    int outcomes; /* as on_outcomes counts them */
};

static const uint8_t filling[256 * UNIT];

/* ---- steps ---- */

static uint8_t next(struct steps *steps) {
    return steps->at < steps->end ? *steps->at++ : 0;
}

/* Small ones, multiples of what is appended, and powers of two up to the largest. */
static uint64_t next_number(struct steps *steps) {
    uint8_t byte = next(steps);
    if (byte < 128)
        return byte;
    return byte < 192 ? (byte - 127u) * UNIT : UINT64_MAX >> (byte - 192);
}

/* ---- links: what the mux writes is frames ---- */

static void note_frame(struct end *end, const struct frame *frame) {
    FUZZ_REQUIRE(frame->type != FRAME_OPEN || !end->world->is_agent);
    if (frame->type == FRAME_PING)
        memcpy(end->ping, frame->payload, sizeof end->ping);
}

static void write_link(void *link, const uint8_t *bytes, size_t length) {
    struct frame frame;
    size_t taken;
    for (size_t at = 0; at < length; at += taken) {
        FUZZ_REQUIRE(frame_parse(bytes + at, length - at, &frame, &taken) == FRAME_OK);
        note_frame(link, &frame);
    }
}

static void flush_link(void *link) {
    FUZZ_REQUIRE(((struct end *)link)->carrier);
}

static bool is_full(void *link) {
    return ((struct end *)link)->is_full;
}

static void resume(void *link) {
    ((struct end *)link)->is_blocked = false;
}

/* ---- streams ---- */

static struct client *of_stream(struct mux_stream *stream) {
    struct client *client = (struct client *)stream;
    FUZZ_REQUIRE(client->is_live);
    return client;
}

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    (void)payload, (void)length;
    FUZZ_REQUIRE(!of_stream(stream)->is_open);
    of_stream(stream)->is_open = true;
}

static void on_bytes(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last) {
    struct client *client = of_stream(stream);
    (void)is_last;
    FUZZ_REQUIRE(!client->got_fin);
    for (int i = 0; i < count; i++) {
        FUZZ_REQUIRE(memcmp(parts[i].iov_base, filling, parts[i].iov_len) == 0); /* it can be read */
        total -= parts[i].iov_len;
        client->waiting += parts[i].iov_len;
    }
    FUZZ_REQUIRE(total == 0 && client->waiting <= MUX_WINDOW_EXCLUSIVE);
}

static void on_fin(struct mux_stream *stream) {
    FUZZ_REQUIRE(!of_stream(stream)->got_fin);
    of_stream(stream)->got_fin = true;
}

static void on_room(struct mux_stream *stream) {
    FUZZ_REQUIRE(!of_stream(stream)->has_finished);
}

static void on_suspended(struct mux_stream *stream) {
    FUZZ_REQUIRE(of_stream(stream)->is_live);
}

static void on_repeat_opened(struct mux_stream *stream) {
    FUZZ_REQUIRE(of_stream(stream)->is_open);
    mux_stream_opened(stream, NULL, 0);
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    (void)how, (void)payload, (void)length;
    of_stream(stream)->is_live = false;
}

static void on_datagram(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    FUZZ_REQUIRE(of_stream(stream)->stream.datagrams);
    FUZZ_REQUIRE(memcmp(payload, filling, length) == 0);
}

/* Each third one is of datagrams. */
static struct client *new_client(struct world *world) {
    static const struct mux_stream_events events = {on_opened,    on_bytes,         on_fin,  on_room,
                                                    on_suspended, on_repeat_opened, on_over, on_datagram};
    for (int i = 0; i < STREAMS; i++) {
        struct client *client = &world->clients[i];
        if (client->is_live)
            continue;
        *client = (struct client){.stream = {.events = &events}, .world = world};
        datagram_queue_init(&client->datagrams, &world->datagram_memory, &datagram_limits_of_link,
                            &world->datagram_counts, DATAGRAM_IN);
        if (i % 3 == 2)
            client->stream.datagrams = &client->datagrams;
        return client;
    }
    return NULL;
}

static int on_open(void *context, uint32_t number, const uint8_t *payload, size_t length, struct error *error) {
    struct world *world = context;
    if (length > 0 && payload[0] == UINT8_MAX)
        return error_set(error, "malformed");
    struct client *client = new_client(world);
    if (client) /* else it is refused */
        client->is_live = mux_accept(world->mux, &client->stream, number);
    return 0;
}

static void on_want_carriers(void *context, bool is_exclusive, unsigned count) {
    (void)context, (void)is_exclusive, (void)count;
}

static void on_outcomes(void *context, int step) {
    ((struct world *)context)->outcomes += step;
}

/* ---- own moves ---- */

static void open_stream(struct world *world) {
    static const uint8_t payload[FRAME_OPEN_SIZE];
    struct client *client = world->is_agent ? NULL : new_client(world);
    if (client)
        client->is_live = mux_open(world->mux, &client->stream, payload, sizeof payload);
}

static void connect_stream(struct client *client) {
    if (!client->world->is_agent || client->is_open)
        return;
    client->is_open = true;
    mux_stream_opened(&client->stream, NULL, 0);
}

static bool may_send(const struct client *client) {
    return !client->stream.datagrams && !client->has_finished && (!client->world->is_agent || client->is_open);
}

/* As a readv that finds so much. */
static void read_bytes(struct client *client, size_t length) {
    struct iovec parts[PARTS];
    size_t room = mux_stream_room(&client->stream), there = 0;
    int count = mux_stream_reserve(&client->stream, parts, PARTS);
    FUZZ_REQUIRE(count > 0 || room == 0);
    for (int i = 0; i < count; i++) {
        memset(parts[i].iov_base, 0, parts[i].iov_len);
        there += parts[i].iov_len;
    }
    FUZZ_REQUIRE(there <= room);
    if (count > 0 && length > 0)
        mux_stream_commit(&client->stream, length < there ? length : there);
}

static void append_bytes(struct client *client, size_t length) {
    size_t room = mux_stream_room(&client->stream);
    FUZZ_REQUIRE(mux_stream_append(&client->stream, filling, length < room ? length : room));
}

static void finish_stream(struct client *client) {
    client->has_finished = true;
    mux_stream_finish(&client->stream);
}

static void consume_bytes(struct client *client, size_t most) {
    size_t length = client->waiting < most ? client->waiting : most;
    client->waiting -= length;
    if (length > 0)
        mux_stream_consumed(&client->stream, length);
    if (client->waiting > 0 || !client->got_fin)
        return;
    mux_stream_consumed_fin(&client->stream);
    client->got_fin = false;
}

static void end_stream(struct client *client, bool refuses) {
    client->is_live = false;
    if (refuses && client->world->is_agent && !client->is_open)
        mux_stream_refuse(&client->stream, filling, 1);
    else
        mux_stream_reset(&client->stream, filling, 1);
}

static void move_stream(struct world *world, struct steps *steps, uint8_t what) {
    struct client *client = &world->clients[next(steps) % STREAMS];
    uint8_t value = next(steps);
    if (!client->is_live)
        return;
    if (what == 0)
        connect_stream(client);
    else if (what == 1 && may_send(client))
        (value & 1 ? read_bytes : append_bytes)(client, value * (size_t)UNIT);
    else if (what == 2 && may_send(client))
        finish_stream(client);
    else if (what == 1 && client->stream.datagrams)
        mux_stream_send_datagram(&client->stream, filling, value * (size_t)UNIT);
    else if (what == 3 && !client->stream.datagrams)
        consume_bytes(client, value ? value * (size_t)UNIT : SIZE_MAX);
    else if (what == 4)
        end_stream(client, value & 1);
}

/* ---- the peer's moves ---- */

static void lose_carrier(struct end *end) {
    struct mux_carrier *carrier = end->carrier;
    if (carrier)
        mux_carrier_lost(carrier);
    end->carrier = NULL;
}

static void add_carrier(struct world *world, int i) {
    static const struct mux_link_ops ops = {write_link, flush_link, is_full, resume};
    struct end *end = &world->ends[i];
    if (end->carrier)
        return;
    *end = (struct end){.world = world};
    end->carrier = mux_add_carrier(world->mux, i == EXCLUSIVE, &ops, end);
    FUZZ_REQUIRE(end->carrier);
}

static void write_big_endian(uint8_t *at, uint64_t number, size_t size) {
    for (size_t i = size; i > 0; i--, number >>= 8)
        at[i - 1] = (uint8_t)number;
}

/* Of a length that frame_parse lets through. */
static size_t make_payload(struct steps *steps, enum frame_type type, uint8_t payload[12]) {
    switch (type) {
    case FRAME_ACK:
        write_big_endian(payload, next_number(steps), 8);
        return 8;
    case FRAME_CONTINUE:
    case FRAME_RESUME:
        write_big_endian(payload, next_number(steps), 4);
        write_big_endian(payload + 4, next_number(steps), 8);
        return 12;
    case FRAME_ENDED:
        payload[0] = next(steps);
        return 1;
    default:
        return 0;
    }
}

static void take_frame(struct world *world, struct steps *steps) {
    static const enum frame_type types[] = {FRAME_OPEN,   FRAME_OPENED, FRAME_REFUSED, FRAME_DATA,
                                            FRAME_FIN,    FRAME_RESET,  FRAME_ACK,     FRAME_CONTINUE,
                                            FRAME_RESUME, FRAME_ENDED,  FRAME_DATAGRAM};
    struct end *end = &world->ends[next(steps) % CARRIERS];
    uint8_t payload[12];
    const char *detail = NULL;
    struct frame frame = {.type = types[next(steps) % (sizeof types / sizeof *types)], .payload = payload};
    frame.stream = (uint32_t)next_number(steps);
    frame.length = make_payload(steps, frame.type, payload);
    if (frame.type == FRAME_DATA || frame.type == FRAME_OPEN || frame.type == FRAME_DATAGRAM) {
        frame.payload = filling;
        frame.length = frame.type == FRAME_OPEN ? FRAME_OPEN_SIZE : (frame.type == FRAME_DATA) + next(steps) * 64u;
    }
    if (!end->carrier || end->is_blocked || frame.stream == 0)
        return;
    enum mux_taken taken = mux_take_frame(end->carrier, &frame, &detail);
    mux_frames_end(end->carrier);
    FUZZ_REQUIRE((taken == MUX_VIOLATION) == !!detail);
    end->is_blocked = taken == MUX_LATER;
    if (taken == MUX_VIOLATION)
        lose_carrier(end);
}

static void change_carrier(struct world *world, struct steps *steps, uint8_t what) {
    int i = next(steps) % CARRIERS;
    struct end *end = &world->ends[i];
    if (what == 0)
        add_carrier(world, i);
    if (!end->carrier || what == 0)
        return;
    if (what == 1)
        lose_carrier(end);
    else if (what == 2)
        (void)mux_take_pong(end->carrier, end->ping);
    else if ((end->is_full = !end->is_full) == false)
        mux_carrier_writable(end->carrier);
}

/* ---- all ---- */

static void check_counts(const struct world *world) {
    struct mux_counts counts;
    size_t live = 0, carriers = 0;
    for (int i = 0; i < STREAMS; i++)
        live += world->clients[i].is_live;
    for (int i = 0; i < CARRIERS; i++)
        carriers += world->ends[i].carrier ? 1 : 0;
    mux_count(world->mux, &counts);
    FUZZ_REQUIRE(counts.streams == live && counts.carriers == carriers && counts.suspended <= live);
}

static void step(struct world *world, struct steps *steps, struct event_base *base) {
    uint8_t what = next(steps) % 20;
    if (what < 8)
        take_frame(world, steps);
    else if (what < 13)
        move_stream(world, steps, (uint8_t)(what - 8));
    else if (what < 17)
        change_carrier(world, steps, (uint8_t)(what - 13));
    else if (what == 17)
        open_stream(world);
    else if (what == 18)
        event_base_loop(base, EVLOOP_NONBLOCK);
    else
        mux_sweep(world->mux, clock_us() + (world->skew_us += next(steps) * (uint64_t)TICK_US));
    check_counts(world);
}

static void begin(struct world *world, struct event_base *base, bool is_agent) {
    memset(world, 0, sizeof *world);
    world->is_agent = is_agent;
    send_memory_init(&world->memory, SEND_MEMORY_LIMIT);
    world->datagram_memory.limit = 64 * (size_t)UNIT; /* so that it is reached */
    defer_queue_init(&world->turns, base, 0);
    defer_queue_init(&world->end_acks, base, 0);
    struct mux_options options = {.is_agent = is_agent,
                                  .memory = &world->memory,
                                  .turns = &world->turns,
                                  .ends = &world->end_acks,
                                  .gather = &world->gather,
                                  .counts = &world->counts,
                                  .resume_timeout_ms = TIMEOUT_MS,
                                  .on_open = on_open,
                                  .on_want_carriers = on_want_carriers,
                                  .on_outcomes = on_outcomes,
                                  .context = world};
    world->mux = mux_new(&options);
    FUZZ_REQUIRE(world->mux);
    for (int i = 0; i < CARRIERS; i++)
        add_carrier(world, i);
}

static void finish(struct world *world) {
    for (int i = 0; i < STREAMS; i++) {
        if (world->clients[i].is_live)
            end_stream(&world->clients[i], true);
    }
    for (int i = 0; i < CARRIERS; i++)
        lose_carrier(&world->ends[i]);
    check_counts(world);
    mux_free(world->mux);
    FUZZ_REQUIRE(world->outcomes == 0);
    FUZZ_REQUIRE(world->memory.used == 0 && world->datagram_memory.used == 0);
    send_memory_clear(&world->memory);
    defer_queue_stop(&world->turns);
    defer_queue_stop(&world->end_acks);
}

void fuzz_mux(const uint8_t *bytes, size_t length) {
    static struct world world;
    static struct event_base *base; /* a new one costs more than all steps */
    struct steps steps = {bytes, bytes + length};
    if (!base)
        base = event_base_new();
    FUZZ_REQUIRE(base);
    begin(&world, base, next(&steps) & 1);
    while (steps.at < steps.end)
        step(&world, &steps, base);
    finish(&world);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mux_pair: see mux_pair.h.
 */
#include "config.h"

#include "mux_pair.h"

#include "lib/base/clock.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { STEP_BYTES = 40000, FULL_AT = 256 * 1024 };

/* ---- wires ---- */

static void send_on(void *link, const uint8_t *bytes, size_t length) {
    struct wire_end *end = link;
    struct wire *wire = end->wire;
    struct wire_end *other = &wire->ends[end == &wire->ends[SERVER] ? AGENT : SERVER];
    if (!wire->is_cut)
        ck_assert_int_eq(evbuffer_add(other->in, bytes, length), 0);
}

static bool is_full(void *link) {
    struct wire_end *end = link;
    const struct wire *wire = end->wire;
    const struct wire_end *other = &wire->ends[end == &wire->ends[SERVER] ? AGENT : SERVER];
    wire->pair->asked_full++;
    end->was_full |= evbuffer_get_length(other->in) > wire->full_at;
    return evbuffer_get_length(other->in) > wire->full_at;
}

static void resume(void *link) {
    ((struct wire_end *)link)->is_later = false;
}

static const struct wire_end **written_at(const struct wire_end *end) {
    return &end->wire->pair->written[end == &end->wire->ends[AGENT]];
}

/* Links of a thread share the memory that they encrypt into, so that only one may have something to flush. */
static void flush_link(void *link) {
    const struct wire_end **written = written_at(link);
    ck_assert_ptr_eq(*written, link);
    *written = NULL;
}

static void write_link(void *link, const uint8_t *bytes, size_t length) {
    const struct wire_end **written = written_at(link);
    ck_assert(!*written || *written == link);
    *written = link;
    send_on(link, bytes, length);
}

static const struct mux_link_ops ops = {write_link, flush_link, is_full, resume};

struct wire *pair_add_wire(struct pair *pair, bool is_exclusive) {
    struct wire *wire = pair->wires;
    while (wire->is_used)
        wire++;
    ck_assert(wire < pair->wires + WIRES);
    *wire = (struct wire){.pair = pair, .is_used = true, .full_at = FULL_AT, .step = STEP_BYTES};
    for (int i = 0; i < 2; i++)
        wire->ends[i] = (struct wire_end){.wire = wire, .in = evbuffer_new()};
    for (int i = 0; i < 2; i++)
        wire->ends[i].carrier = mux_add_carrier(pair->muxes[i], is_exclusive, &ops, &wire->ends[i]);
    if (wire->ends[SERVER].carrier && wire->ends[AGENT].carrier)
        return wire;
    wire_lose(wire);
    return NULL;
}

static void keep(struct evbuffer *buffer, size_t kept) {
    struct evbuffer *rest = evbuffer_new();
    evbuffer_remove_buffer(buffer, rest, kept);
    evbuffer_drain(buffer, evbuffer_get_length(buffer));
    evbuffer_add_buffer(buffer, rest);
    evbuffer_free(rest);
}

void wire_cut(struct wire *wire, size_t kept_to_server, size_t kept_to_agent) {
    wire->is_cut = true;
    keep(wire->ends[SERVER].in, kept_to_server);
    keep(wire->ends[AGENT].in, kept_to_agent);
}

void wire_notice(struct wire *wire, int end) {
    if (!wire->is_used)
        return;
    struct mux_carrier *carrier = wire->ends[end].carrier;
    wire->ends[end].carrier = NULL;
    wire->is_cut = true;
    evbuffer_drain(wire->ends[end].in, evbuffer_get_length(wire->ends[end].in));
    if (wire->pair->written[end] == &wire->ends[end])
        wire->pair->written[end] = NULL;
    if (carrier)
        mux_carrier_lost(carrier);
    if (wire->ends[SERVER].carrier || wire->ends[AGENT].carrier)
        return;
    for (int i = 0; i < 2; i++)
        evbuffer_free(wire->ends[i].in);
    wire->is_used = false;
}

void wire_lose(struct wire *wire) {
    wire_cut(wire, 0, 0);
    wire_notice(wire, SERVER);
    wire_notice(wire, AGENT);
}

static bool is_of_the_link(struct wire *wire, int end, const struct frame *frame) {
    uint8_t pong[FRAME_HEADER + FRAME_PING_SIZE];
    if (frame->type == FRAME_PONG) {
        ck_assert(mux_take_pong(wire->ends[end].carrier, frame->payload));
        return true;
    }
    if (frame->type != FRAME_PING)
        return false;
    frame_write_header(pong, FRAME_PONG, 0, FRAME_PING_SIZE);
    memcpy(pong + FRAME_HEADER, frame->payload, FRAME_PING_SIZE);
    send_on(&wire->ends[end], pong, sizeof pong);
    return true;
}

/* False: nothing more can be taken now. */
static bool take_one(struct wire *wire, int end) {
    struct wire_end *at = &wire->ends[end];
    struct frame frame;
    size_t taken, length = evbuffer_get_length(at->in);
    if (!at->carrier || at->is_later || length == 0)
        return false;
    if (length > FRAME_HEADER + FRAME_JSON_MAX)
        length = FRAME_HEADER + FRAME_JSON_MAX;
    enum frame_status status = frame_parse(evbuffer_pullup(at->in, (ev_ssize_t)length), length, &frame, &taken);
    if (status == FRAME_INCOMPLETE)
        return false;
    ck_assert_int_eq(status, FRAME_OK);
    if (!is_of_the_link(wire, end, &frame)) {
        enum mux_taken result = mux_take_frame(at->carrier, &frame, &wire->pair->violation);
        mux_frames_end(at->carrier); /* the evbuffer is drained below */
        at->is_later = result == MUX_LATER;
        if (result != MUX_TAKEN)
            return false;
    }
    evbuffer_drain(at->in, taken);
    return true;
}

static void move_frames(struct wire *wire, int end) {
    struct wire_end *at = &wire->ends[end], *other = &wire->ends[!end];
    size_t before = evbuffer_get_length(at->in);
    while (before - evbuffer_get_length(at->in) < wire->step && take_one(wire, end)) {
    }
    if (other->was_full && other->carrier && evbuffer_get_length(at->in) < wire->full_at / 2) {
        other->was_full = false;
        mux_carrier_writable(other->carrier);
    }
}

/* ---- parties ---- */

static uint8_t byte_at(uint32_t number, int from, uint64_t position) {
    uint64_t mixed = (position + 1) * 0x9e3779b97f4a7c15u ^ (uint64_t)number << 17 ^ (uint64_t)from << 9;
    return (uint8_t)(mixed >> 40 ^ mixed >> 8);
}

static void keep_text(struct party *party, const uint8_t *payload, size_t length) {
    if (length > 0 && length < sizeof party->text)
        memcpy(party->text, payload, length);
}

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    struct party *party = (struct party *)stream;
    party->is_open = true;
    keep_text(party, payload, length);
}

static void send_opened(struct mux_stream *stream) {
    mux_stream_opened(stream, (const uint8_t *)"there", 5);
}

void party_read(struct party *party, uint64_t most) {
    uint64_t count = party->waiting < most ? party->waiting : most;
    party->waiting -= count;
    if (count > 0)
        mux_stream_consumed(&party->stream, (size_t)count);
}

static void take_part(struct party *party, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        party->wrong += bytes[i] != byte_at(party->number, !party->end, party->received + i);
    party->received += length;
    party->waiting += length;
}

static void on_bytes(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last) {
    struct party *party = (struct party *)stream;
    uint64_t before = party->received;
    (void)is_last;
    party->calls++;
    for (int i = 0; i < count; i++)
        take_part(party, parts[i].iov_base, parts[i].iov_len);
    ck_assert_uint_eq(party->received - before, total);
}

static void on_fin(struct mux_stream *stream) {
    ((struct party *)stream)->got_fin = true;
}

static void on_room(struct mux_stream *stream) {
    struct party *party = (struct party *)stream;
    party->is_blocked = false;
    party_fill(party);
}

static void die(struct party *party) {
    ck_assert(!party->is_over);
    party->is_over = true;
    if (party->takes_along && !party->takes_along->is_over)
        party_reset(party->takes_along);
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct party *party = (struct party *)stream;
    party->how = how;
    party->kept = send_buffer_kept(&stream->out);
    keep_text(party, payload, length);
    die(party);
}

static void on_suspended(struct mux_stream *stream) {
    ((struct party *)stream)->suspensions++;
}

static const struct mux_stream_events events = {.on_opened = on_opened,
                                                .on_bytes = on_bytes,
                                                .on_fin = on_fin,
                                                .on_room = on_room,
                                                .on_suspended = on_suspended,
                                                .on_repeat_opened = send_opened,
                                                .on_over = on_over};

static struct party *party_new(struct pair *pair, int end, uint64_t to_send) {
    struct party *party = calloc(1, sizeof *party);
    if (!party)
        return NULL;
    party->stream.events = &events;
    party->pair = pair;
    party->end = (uint8_t)end;
    party->to_send = to_send;
    party->reads = true;
    return party;
}

static void enter(struct party *party) {
    party->number = party->stream.number;
    ck_assert_uint_lt(party->number, PARTIES);
    party->pair->parties[party->end][party->number] = party;
    if (party->number > party->pair->highest)
        party->pair->highest = party->number;
}

static void read_some(struct mux_stream *stream) {
    struct iovec parts[4];
    struct party *party = (struct party *)stream;
    if (party->is_blocked)
        return;
    int count = mux_stream_reserve(stream, parts, 4);
    party->is_blocked = count == 0;
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        for (size_t j = 0; j < parts[i].iov_len && party->appended < party->to_send; j++, total++)
            ((uint8_t *)parts[i].iov_base)[j] = byte_at(party->number, party->end, party->appended++);
    }
    if (total > 0)
        mux_stream_commit(stream, total);
}

void party_fill(struct party *party) {
    if (party->is_over || party->has_finished || (party->end == AGENT && !party->is_open))
        return;
    if (party->appended < party->to_send)
        read_some(&party->stream);
    if (party->appended < party->to_send || (party->end == AGENT && party->pair->agent_keeps_open))
        return;
    party->has_finished = true;
    mux_stream_finish(&party->stream);
}

void party_reset(struct party *party) {
    mux_stream_reset(&party->stream, (const uint8_t *)"cut", 3);
    party->how = STREAM_HOW_RESET;
    die(party);
}

static void read_on(struct party *party) {
    if (!party->reads || party->is_over)
        return;
    party_read(party, UINT64_MAX);
    if (!party->got_fin || party->waiting > 0 || party->is_over)
        return;
    party->got_fin = false;
    mux_stream_consumed_fin(&party->stream);
}

static void accept_party(struct pair *pair, uint32_t number) {
    struct party *party = party_new(pair, AGENT, pair->agent_sends);
    if (!party || !mux_accept(pair->muxes[AGENT], &party->stream, number)) {
        free(party);
        return;
    }
    enter(party);
    party->reads = pair->agent_reads;
    if (pair->refuses) {
        mux_stream_refuse(&party->stream, (const uint8_t *)"no", 2);
        party->how = STREAM_HOW_REFUSED;
        die(party);
        return;
    }
    party->is_open = !pair->agent_holds_opened;
    if (party->is_open)
        send_opened(&party->stream);
}

static int on_open(void *context, uint32_t number, const uint8_t *payload, size_t length, struct error *error) {
    struct pair *pair = context;
    ck_assert_uint_eq(length, FRAME_OPEN_SIZE);
    if (pair->accept)
        return pair->accept(pair, number, payload, error);
    accept_party(pair, number);
    return 0;
}

struct party *pair_open(struct pair *pair, uint64_t to_send) {
    static const uint8_t payload[FRAME_OPEN_SIZE] = {1};
    struct party *party = party_new(pair, SERVER, to_send);
    if (!party || !mux_open(pair->muxes[SERVER], &party->stream, payload, sizeof payload)) {
        free(party);
        return NULL;
    }
    enter(party);
    return party;
}

struct party *pair_party(struct pair *pair, int end, uint32_t number) {
    return pair->parties[end][number];
}

/* ---- the pair ---- */

static void on_server_wants(void *context, bool is_exclusive, unsigned count) {
    ((struct pair *)context)->wanted[SERVER][is_exclusive] += count;
}

static void on_agent_wants(void *context, bool is_exclusive, unsigned count) {
    ((struct pair *)context)->wanted[AGENT][is_exclusive] += count;
}

static void on_outcomes(void *context, int step) {
    ((struct pair *)context)->outcomes += step;
}

void pair_begin(struct pair *pair, unsigned resume_timeout_ms) {
    memset(pair, 0, sizeof *pair);
    pair->base = event_base_new();
    pair->agent_reads = true;
    defer_queue_init(&pair->turns, pair->base, 0);
    defer_queue_init(&pair->ends, pair->base, 0);
    for (int i = 0; i < 2; i++) {
        send_memory_init(&pair->memory[i], SEND_MEMORY_LIMIT);
        struct mux_options options = {.is_agent = i == AGENT,
                                      .memory = &pair->memory[i],
                                      .turns = &pair->turns,
                                      .ends = &pair->ends,
                                      .gather = &pair->gather,
                                      .counts = &pair->counts[i],
                                      .resume_timeout_ms = resume_timeout_ms,
                                      .on_open = on_open,
                                      .on_want_carriers = i == AGENT ? on_agent_wants : on_server_wants,
                                      .on_outcomes = on_outcomes,
                                      .context = pair};
        pair->muxes[i] = mux_new(&options);
        ck_assert_ptr_nonnull(pair->muxes[i]);
    }
}

void pair_join(struct pair *pair, struct event_base *base, struct mux *server, struct mux *agent) {
    *pair = (struct pair){.base = base, .muxes = {server, agent}};
}

void pair_part(struct pair *pair) {
    for (struct wire *wire = pair->wires; wire < pair->wires + WIRES; wire++) {
        if (wire->is_used)
            wire_lose(wire);
    }
}

void pair_end(struct pair *pair) {
    pair_part(pair);
    for (int i = 0; i < 2; i++) {
        struct mux_counts counts;
        mux_count(pair->muxes[i], &counts);
        ck_assert_uint_eq(counts.streams, 0);
        ck_assert_uint_eq(counts.suspended, 0);
        ck_assert_uint_eq(counts.carriers, 0);
        mux_free(pair->muxes[i]);
        ck_assert_uint_eq(pair->memory[i].used, 0);
        send_memory_clear(&pair->memory[i]);
        for (size_t j = 0; j <= pair->highest; j++)
            free(pair->parties[i][j]);
    }
    ck_assert_int_eq(pair->outcomes, 0); /* each was counted by 1, and by -1 when it was forgotten */
    defer_queue_stop(&pair->turns);
    defer_queue_stop(&pair->ends);
    event_base_free(pair->base);
}

static void run_turns(struct pair *pair) {
    event_base_loop(pair->base, EVLOOP_NONBLOCK);
}

void pair_step(struct pair *pair) {
    for (struct wire *wire = pair->wires; wire < pair->wires + WIRES; wire++) {
        for (int end = 0; end < 2; end++) {
            if (wire->is_used && !wire->ends[end].is_stuck)
                move_frames(wire, end);
        }
    }
    for (int end = 0; end < 2; end++) {
        for (size_t i = 0; i <= pair->highest; i++) {
            struct party *party = pair->parties[end][i];
            if (!party || party->is_over)
                continue;
            party_fill(party);
            read_on(party);
        }
    }
    run_turns(pair);
}

void pair_sweep(struct pair *pair) {
    for (int end = 0; end < 2; end++)
        mux_sweep(pair->muxes[end], clock_us() + pair->skew_us);
}

void pair_run(struct pair *pair, unsigned steps) {
    for (unsigned i = 0; i < steps && !pair->violation; i++) {
        pair_step(pair);
        if (i % 8 == 7)
            pair_sweep(pair);
    }
    ck_assert_msg(!pair->violation, "violation: %s", pair->violation);
}

bool pair_is_quiet(struct pair *pair) {
    struct mux_counts server, agent;
    mux_count(pair->muxes[SERVER], &server);
    mux_count(pair->muxes[AGENT], &agent);
    return server.streams == 0 && agent.streams == 0;
}

void pair_run_until_quiet(struct pair *pair, unsigned most) {
    for (unsigned i = 0; i < most && !pair_is_quiet(pair); i++)
        pair_run(pair, 8);
    ck_assert(pair_is_quiet(pair));
}

void party_assert_whole(const struct party *party, uint64_t received) {
    ck_assert_ptr_nonnull(party);
    ck_assert(party->is_over);
    ck_assert_uint_eq(party->how, STREAM_HOW_WHOLE);
    ck_assert_uint_eq(party->received, received);
    ck_assert_uint_eq(party->wrong, 0);
}

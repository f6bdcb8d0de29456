/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_datagram_relay: a relay whose pump does not run: what it counts, what its role is told, and its end.
 */
#include "config.h"

#include "relay/stream/relay_world.h"

#include "lib/base/clock.h"
#include "relay/datagram/datagram_relay.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 20, TOO_LONG = 6 /* for the role of the test, which drops them */ };

static struct relay_world world;
static struct {
    unsigned opened, suspended, over, finished, datagrams;
    enum stream_outcome_how how;
    enum relay_reason reason;
    size_t length;
} seen;

struct session {
    struct relay relay; /* first */
    struct datagram_queue queue;
    struct datagram_tally tally;
};

static void on_opened(struct relay *relay, const uint8_t *payload, size_t length) {
    (void)payload, (void)length;
    seen.opened++;
    relay_set_open(relay, relay->begun_us, relay->begun_us);
}

static void on_suspended(struct relay *relay) {
    (void)relay;
    seen.suspended++;
}

static void on_over(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    (void)payload, (void)length;
    seen.over++;
    seen.how = how;
    relay_finish(relay, REASON_PEER_RESET, "agent", NULL);
}

static void on_datagram(struct relay *relay, const uint8_t *bytes, size_t length) {
    (void)bytes;
    seen.datagrams++;
    seen.length = length;
    if (length < TOO_LONG)
        datagram_relay_passed_on(relay, length);
}

static void on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    (void)relay, (void)by, (void)detail;
    seen.finished++;
    seen.reason = reason;
}

static void stop(struct relay *relay, enum relay_reason reason, const char *detail) {
    relay_abort(relay, reason, "server", detail);
}

static void sweep(struct relay *relay, uint64_t now_us) {
    (void)now_us;
    relay_note_rates(relay);
}

static const struct relay_role role = {.on_opened = on_opened,
                                       .on_suspended = on_suspended,
                                       .on_over = on_over,
                                       .on_datagram = on_datagram,
                                       .on_finished = on_finished,
                                       .stop = stop,
                                       .sweep = sweep};

static struct relay *open_session(void) {
    uint8_t bytes[FRAME_OPEN_MOST];
    struct open_request open = {.relay = 1, .service = 99, .budget_ms = 1000};
    struct session *session = calloc(1, sizeof *session);
    ck_assert_ptr_nonnull(session);
    relay_init(&session->relay, world.sessions[SERVER], &role, NULL);
    datagram_relay_init(&session->relay, &session->queue, &session->tally);
    ck_assert(mux_open(world.sessions[SERVER]->mux, &session->relay.pump.stream, bytes, open_format(bytes, &open)));
    relay_enter(&session->relay);
    return &session->relay;
}

static void begin(void) {
    memset(&seen, 0, sizeof seen);
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
}

static void end(void) {
    ck_assert_uint_eq(world.threads[SERVER]->datagram_memory.used, 0);
    world_end(&world);
}

static const struct datagram_counts *counts(void) {
    return &world.threads[SERVER]->part.datagrams;
}

START_TEST(a_refused_session_drops_what_waits) {
    struct relay *relay = open_session();
    datagram_relay_send(relay, (const uint8_t *)"abc", 3);
    datagram_relay_send(relay, NULL, 0);
    ck_assert_uint_eq(relay->pump.in, 3);
    ck_assert_uint_eq(((struct session *)relay)->tally.count[DATAGRAM_IN], 2);
    ck_assert_uint_eq(counter_read(&counts()->count[DATAGRAM_IN]), 2);
    ck_assert_uint_eq(counter_read(&world.threads[SERVER]->part.bytes.in), 3);
    ck_assert(world_ends(&world)); /* the agent does not know such a service */
    ck_assert_uint_eq(seen.over, 1);
    ck_assert_uint_eq(seen.how, STREAM_HOW_REFUSED);
    ck_assert_uint_eq(seen.finished, 1);
}
END_TEST

START_TEST(what_the_stream_brings_is_counted_and_is_progress) {
    struct relay *relay = open_session();
    struct mux_stream *stream = &relay->pump.stream;
    stream->events->on_opened(stream, NULL, 0);
    relay->progress_us = 0;
    stream->events->on_datagram(stream, (const uint8_t *)"abcd", 4);
    ck_assert_uint_gt(relay->progress_us, 0);
    ck_assert_uint_eq(seen.opened, 1);
    ck_assert_uint_eq(seen.datagrams, 1);
    ck_assert_uint_eq(seen.length, 4);
    ck_assert_uint_eq(relay->pump.out, 4);
    stream->events->on_datagram(stream, (const uint8_t *)"abcdef", 6);
    ck_assert_uint_eq(seen.datagrams, 2);
    ck_assert_uint_eq(counter_read(&counts()->count[DATAGRAM_OUT]), 2);
    ck_assert_uint_eq(relay->pump.out, 4);
    ck_assert_uint_eq(counter_read(&world.threads[SERVER]->part.bytes.out), 4);
    datagram_relay_drop(relay, DATAGRAM_OUT, DATAGRAM_DROP_SOCKET);
    ck_assert_uint_eq(counter_read(&counts()->dropped[DATAGRAM_OUT][DATAGRAM_DROP_SOCKET]), 1);
    datagram_relay_send(relay, (const uint8_t *)"e", 1);
    relay_end_all(world.threads[SERVER], NULL, REASON_OPERATOR, "");
    ck_assert_uint_eq(seen.reason, REASON_OPERATOR);
    ck_assert_uint_eq(counter_read(&counts()->dropped[DATAGRAM_IN][DATAGRAM_DROP_ENDED]), 1);
    world_step(&world, STEPS);
}
END_TEST

START_TEST(a_session_is_swept_by_its_role) {
    struct relay *relay = open_session();
    struct mux_stream *stream = &relay->pump.stream;
    uint64_t begun_us = relay->begun_us;
    stream->events->on_opened(stream, NULL, 0);
    stream->events->on_datagram(stream, (const uint8_t *)"abcd", 4);
    relay_sweep_all(world.threads[SERVER], begun_us + 1000000, true);
    ck_assert_uint_eq(relay->swept_out, 4);
    pair_part(&world.pair);
    ck_assert_uint_eq(seen.suspended, 1);
    relay_end_all(world.threads[SERVER], NULL, REASON_STOPPED, "");
    ck_assert_uint_eq(seen.finished, 1);
    pair_add_wire(&world.pair, false);
    world_step(&world, STEPS);
    for (unsigned i = 0; i < 3; i++)
        world_sweep(&world, begun_us);
}
END_TEST

START_TEST(what_is_too_old_goes_without_a_turn) {
    struct relay *relay = open_session();
    pair_part(&world.pair);
    datagram_relay_send(relay, (const uint8_t *)"abc", 3);
    uint64_t sent_us = clock_us();
    ck_assert_uint_gt(world.sessions[SERVER]->datagrams.used, 0);
    datagram_relay_drop_stale(relay, sent_us);
    ck_assert_uint_gt(world.threads[SERVER]->datagram_memory.used, 0);
    datagram_relay_drop_stale(relay, sent_us + datagram_limits_of_link.age_us + 1);
    ck_assert_uint_eq(world.threads[SERVER]->datagram_memory.used, 0);
    ck_assert_uint_eq(counter_read(&counts()->dropped[DATAGRAM_IN][DATAGRAM_DROP_STALE]), 1);
    relay_end_all(world.threads[SERVER], NULL, REASON_STOPPED, "");
    pair_add_wire(&world.pair, false);
    world_step(&world, STEPS);
}
END_TEST

static TCase *sessions(void) {
    TCase *group = tcase_create("sessions");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_refused_session_drops_what_waits);
    tcase_add_test(group, what_the_stream_brings_is_counted_and_is_progress);
    tcase_add_test(group, a_session_is_swept_by_its_role);
    tcase_add_test(group, what_is_too_old_goes_without_a_turn);
    return group;
}

UNIT_MAIN("relay/datagram/datagram_relay", sessions)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_stream: what a hostile peer may try on a stream, rule by rule and at random. That two honest ends always come to
 * an end together is tests/model's.
 */
#include "config.h"

#include "proto/stream.h"

#include "unit.h"

enum { SHARED = 1, OTHER = 2, BULK = 3 | STREAM_EXCLUSIVE, WINDOW = 65536, WIDE_WINDOW = 1 << 22, STEPS = 200000 };

static struct stream open_stream(enum stream_side side) {
    struct stream stream;
    stream_begin(&stream, side);
    stream_open(&stream, SHARED);
    if (side == STREAM_AGENT)
        stream_connected(&stream);
    else
        ck_assert_ptr_null(stream_take_opened(&stream));
    return stream;
}

static const char *take(struct stream *stream, stream_carrier carrier, stream_position length, bool is_fin) {
    bool is_taken;
    return stream_take_bytes(stream, carrier, length, is_fin, WINDOW, &is_taken);
}

static bool takes(struct stream *stream, stream_carrier carrier, stream_position length) {
    bool is_taken;
    ck_assert_ptr_null(stream_take_bytes(stream, carrier, length, false, WINDOW, &is_taken));
    return is_taken;
}

static const char *take_continue(struct stream *stream, stream_carrier carrier, stream_epoch epoch,
                                 stream_position position) {
    return stream_take_continue(stream, carrier, epoch, position, WIDE_WINDOW);
}

START_TEST(more_than_the_window_is_a_violation) {
    struct stream stream = open_stream(STREAM_SERVER);
    ck_assert(takes(&stream, SHARED, WINDOW - 1));
    ck_assert_str_eq(take(&stream, SHARED, 2, false), "more than the window");
    ck_assert(takes(&stream, SHARED, 1));
    ck_assert_str_eq(take(&stream, SHARED, 1, false), "more than the window");
    stream_acked(&stream, 10);
    ck_assert(takes(&stream, SHARED, 10));
    ck_assert_str_eq(take(&stream, SHARED, 1, false), "more than the window");
    ck_assert_str_eq(take(&stream, SHARED, UINT64_MAX, false), "more than the window");
}
END_TEST

START_TEST(bytes_of_the_agent_come_behind_opened) {
    struct stream stream;
    stream_begin(&stream, STREAM_SERVER);
    stream_open(&stream, SHARED);
    ck_assert_str_eq(take(&stream, SHARED, 1, false), "DATA or FIN before OPENED");
    ck_assert_str_eq(take(&stream, SHARED, 1, true), "DATA or FIN before OPENED");
    stream_sent(&stream, 1, false);
    ck_assert_str_eq(stream_take_ack(&stream, 1), "ACK before OPENED");
    struct stream agent = open_stream(STREAM_AGENT);
    ck_assert_str_eq(stream_take_opened(&agent), "OPENED from the server");
}
END_TEST

START_TEST(nothing_comes_behind_fin) {
    struct stream stream = open_stream(STREAM_AGENT);
    ck_assert_ptr_null(take(&stream, SHARED, 1, true));
    ck_assert_str_eq(take(&stream, SHARED, 1, true), "DATA or FIN behind FIN");
    ck_assert_str_eq(take(&stream, SHARED, 5, false), "DATA or FIN behind FIN");
}
END_TEST

START_TEST(bytes_of_another_carrier_are_ignored) {
    struct stream stream = open_stream(STREAM_AGENT);
    ck_assert(!takes(&stream, OTHER, 5));
    ck_assert_uint_eq(stream.taken, 0);
}
END_TEST

START_TEST(an_ack_is_of_what_was_sent) {
    struct stream stream = open_stream(STREAM_SERVER);
    stream_sent(&stream, 100, false);
    ck_assert_str_eq(stream_take_ack(&stream, 101), "ACK of what was not sent");
    ck_assert_ptr_null(stream_take_ack(&stream, 100));
    ck_assert_ptr_null(stream_take_ack(&stream, 40)); /* overtaken */
    ck_assert_uint_eq(stream.acked, 100);
}
END_TEST

START_TEST(the_window_is_what_may_be_sent) {
    struct stream stream = open_stream(STREAM_SERVER);
    ck_assert_uint_eq(stream_may_send(&stream, WINDOW), WINDOW);
    stream_sent(&stream, WINDOW, false);
    ck_assert_uint_eq(stream_may_send(&stream, WINDOW), 0);
    ck_assert_ptr_null(stream_take_ack(&stream, 7));
    ck_assert_uint_eq(stream_may_send(&stream, WINDOW), 7);
    stream_sent(&stream, 1, true);
    ck_assert_uint_eq(stream_may_send(&stream, WINDOW), 0); /* nothing behind FIN */
}
END_TEST

START_TEST(a_move_waits_for_what_precedes_it) {
    struct stream stream = open_stream(STREAM_AGENT);
    ck_assert_str_eq(take_continue(&stream, OTHER, 0, 10), "CONTINUE on a shared link ahead of what it follows");
    ck_assert_ptr_null(take_continue(&stream, BULK, 0, 10));
    ck_assert(!stream_reads(&stream, BULK));
    ck_assert_str_eq(take(&stream, SHARED, 11, false), "bytes on a carrier that the stream has left");
    ck_assert(takes(&stream, SHARED, 10));
    ck_assert(stream_reads(&stream, BULK));
    ck_assert(!takes(&stream, SHARED, 1));
    ck_assert(takes(&stream, BULK, 1));
    ck_assert_str_eq(take_continue(&stream, SHARED, 0, 5), "CONTINUE before what was taken");
    ck_assert_str_eq(take_continue(&stream, SHARED, 1, 11), "CONTINUE of a resumption that was not asked for");
}
END_TEST

START_TEST(a_move_is_no_further_ahead_than_the_window_of_an_exclusive_carrier) {
    struct stream stream = open_stream(STREAM_AGENT);
    ck_assert(takes(&stream, SHARED, 100));
    stream_acked(&stream, 40);
    ck_assert_str_eq(take_continue(&stream, BULK, 0, 40 + WIDE_WINDOW + 1), "CONTINUE beyond the window");
    ck_assert_str_eq(take_continue(&stream, BULK, 0, UINT64_MAX), "CONTINUE beyond the window");
    ck_assert_ptr_null(take_continue(&stream, BULK, 0, 40 + WIDE_WINDOW));
}
END_TEST

START_TEST(a_second_move_needs_an_ack_since_the_first) {
    struct stream stream = open_stream(STREAM_SERVER);
    ck_assert(!stream_may_move(&stream, BULK)); /* nothing was acknowledged yet */
    stream_sent(&stream, 10, false);
    ck_assert_ptr_null(stream_take_ack(&stream, 10));
    ck_assert(stream_may_move(&stream, BULK));
    stream_move(&stream, BULK);
    ck_assert(!stream_may_move(&stream, SHARED));
    stream_sent(&stream, 10, false);
    ck_assert_ptr_null(stream_take_ack(&stream, 15));
    ck_assert(!stream_may_move(&stream, SHARED)); /* not all was acknowledged */
    ck_assert_ptr_null(stream_take_ack(&stream, 20));
    ck_assert(stream_may_move(&stream, SHARED));
}
END_TEST

START_TEST(a_resumption_is_of_what_was_sent_and_not_acknowledged) {
    struct stream_answer answer;
    struct stream stream = open_stream(STREAM_AGENT);
    stream_sent(&stream, 100, false);
    ck_assert_ptr_null(stream_take_ack(&stream, 50));
    ck_assert_str_eq(stream_take_resume(&stream, OTHER, 0, 60, &answer), "RESUME twice"); /* it is not suspended */
    struct stream before = stream;
    ck_assert_str_eq(stream_take_resume(&stream, OTHER, 1, 49, &answer), "RESUME from where there is nothing");
    stream = before;
    ck_assert_str_eq(stream_take_resume(&stream, OTHER, 1, 101, &answer), "RESUME from where there is nothing");
    stream = before;
    ck_assert_ptr_null(stream_take_resume(&stream, OTHER, 1, 60, &answer));
    ck_assert(answer.resume && answer.go_on && answer.opened);
    ck_assert_uint_eq(stream.next, 60);
    ck_assert_str_eq(stream_take_resume(&stream, OTHER, 1, 60, &answer), "RESUME twice");
    ck_assert_str_eq(take_continue(&stream, OTHER, 1, 3), "CONTINUE elsewhere than RESUME asked for");
    ck_assert_ptr_null(stream_take_resume(&stream, SHARED, 0, 60, &answer)); /* an older one is overtaken */
    ck_assert(!answer.go_on);
}
END_TEST

START_TEST(the_last_ack_is_repeated_after_a_resumption) {
    struct stream_answer answer;
    struct stream stream = open_stream(STREAM_SERVER);
    ck_assert(takes(&stream, SHARED, 5));
    stream_acked(&stream, 5);
    ck_assert(!stream_may_ack(&stream));
    stream_lose(&stream, SHARED);
    ck_assert(stream_must_resume(&stream));
    stream_resume(&stream, OTHER);
    ck_assert(!stream_must_resume(&stream));
    ck_assert_ptr_null(stream_take_resume(&stream, OTHER, 1, 0, &answer));
    ck_assert(!answer.resume && answer.go_on && !answer.opened);
    ck_assert(stream_may_ack(&stream));
    stream_acked(&stream, 5);
    ck_assert(!stream_may_ack(&stream));
}
END_TEST

START_TEST(an_opened_stream_is_never_unknown_or_refused) {
    struct stream stream = open_stream(STREAM_SERVER);
    ck_assert_ptr_nonnull(stream_take_ended(&stream, STREAM_HOW_UNKNOWN));
    ck_assert_ptr_nonnull(stream_take_refused(&stream));
    ck_assert_ptr_nonnull(stream_take_ended(&stream, STREAM_HOW_WHOLE));
    ck_assert_ptr_nonnull(stream_take_ended(&stream, STREAM_HOW_ELSEWHERE));
    ck_assert_ptr_nonnull(stream_take_ended(&stream, (enum stream_outcome_how)77));
    ck_assert_uint_eq(stream.phase, STREAM_OPEN);
    ck_assert_ptr_null(stream_take_ended(&stream, STREAM_HOW_RESET));
    ck_assert_uint_eq(stream.phase, STREAM_OVER);
    ck_assert_uint_eq(stream.outcome.how, STREAM_HOW_RESET);
}
END_TEST

START_TEST(a_client_whose_open_was_lost_may_go_elsewhere) {
    struct stream stream;
    stream_begin(&stream, STREAM_SERVER);
    stream_open(&stream, SHARED);
    stream_sent(&stream, 100, false);
    stream_lose(&stream, SHARED);
    stream_resume(&stream, OTHER);
    ck_assert_ptr_null(stream_take_ended(&stream, STREAM_HOW_UNKNOWN));
    ck_assert_uint_eq(stream.outcome.how, STREAM_HOW_ELSEWHERE);
}
END_TEST

START_TEST(a_stream_that_the_peer_had_no_memory_to_remember_is_reset) {
    struct stream stream = open_stream(STREAM_SERVER);
    ck_assert_ptr_null(stream_take_ended(&stream, STREAM_HOW_NOT));
    ck_assert_uint_eq(stream.outcome.how, STREAM_HOW_RESET);
}
END_TEST

/* Both FINs are there, and ours was acknowledged; `acknowledged` of what the peer has sent is with our own reader. */
static struct stream delivered_stream(stream_position acknowledged) {
    struct stream stream = open_stream(STREAM_SERVER);
    stream_sent(&stream, 1, true);
    ck_assert_ptr_null(stream_take_ack(&stream, 1));
    ck_assert(takes(&stream, SHARED, 100));
    if (acknowledged > 0)
        stream_acked(&stream, acknowledged);
    ck_assert_ptr_null(take(&stream, SHARED, 1, true));
    return stream;
}

START_TEST(a_stream_is_not_whole_before_the_own_reader_has_all) {
    struct stream stream = delivered_stream(0);
    ck_assert_str_eq(stream_take_ended(&stream, STREAM_HOW_WHOLE), "ENDED whole, but not here");
    ck_assert_uint_eq(stream.phase, STREAM_OPEN);
    ck_assert_ptr_null(stream_take_ended(&stream, STREAM_HOW_NOT));
    ck_assert_uint_eq(stream.outcome.how, STREAM_HOW_RESET);
    stream = delivered_stream(100); /* its FIN is missing */
    ck_assert_str_eq(stream_take_ended(&stream, STREAM_HOW_WHOLE), "ENDED whole, but not here");
}
END_TEST

START_TEST(a_stream_is_whole_when_only_its_last_ack_has_to_be_repeated) {
    static const enum stream_outcome_how hows[] = {STREAM_HOW_WHOLE, STREAM_HOW_NOT};
    struct stream stream = open_stream(STREAM_SERVER);
    ck_assert_ptr_null(take(&stream, SHARED, 1, true));
    stream_acked(&stream, 1);
    stream_sent(&stream, 1, true);
    stream_lose(&stream, SHARED);
    ck_assert_ptr_null(stream_take_ack(&stream, 1));
    ck_assert_ptr_null(stream_take_ended(&stream, hows[_i]));
    ck_assert_uint_eq(stream.outcome.how, STREAM_HOW_WHOLE);
}
END_TEST

START_TEST(what_the_peer_has_ended_need_not_be_remembered) {
    struct stream stream = open_stream(STREAM_SERVER);
    stream_take_reset(&stream);
    ck_assert_uint_eq(stream.outcome.last_on, 0);
    stream_end(&stream, STREAM_HOW_RESET, SHARED);
    ck_assert_uint_eq(stream.outcome.last_on, SHARED);
}
END_TEST

static stream_carrier any_carrier(uint32_t *seed) {
    static const stream_carrier all[] = {SHARED, OTHER, BULK};
    return all[unit_any(seed, 3)];
}

/* A position near those that matter, or any. */
static stream_position any_position(uint32_t *seed, const struct stream *stream) {
    const stream_position near[] = {stream->acked, stream->next, stream->highest, stream->taken, stream->in_next_at, 0};
    unsigned which = unit_any(seed, 8);
    if (which >= 6)
        return which == 6 ? UINT64_MAX - unit_any(seed, 3) : unit_any(seed, UINT16_MAX);
    return near[which] + unit_any(seed, 3) - 1;
}

static void hostile_frame(uint32_t *seed, struct stream *stream) {
    struct stream_answer answer;
    switch (unit_any(seed, 8)) {
    case 0:
        (void)stream_take_opened(stream);
        break;
    case 1:
        (void)stream_take_ack(stream, any_position(seed, stream));
        break;
    case 2:
        (void)take_continue(stream, any_carrier(seed), stream->epoch + unit_any(seed, 3) - 1,
                            any_position(seed, stream));
        break;
    case 3:
        (void)stream_take_resume(stream, any_carrier(seed), stream->epoch + unit_any(seed, 3) - 1,
                                 any_position(seed, stream), &answer);
        break;
    default:
        (void)take(stream, any_carrier(seed), 1 + unit_any(seed, WINDOW), unit_any(seed, 200) == 0);
    }
}

static void own_move(uint32_t *seed, struct stream *stream) {
    stream_position room = stream_may_send(stream, WINDOW);
    if (unit_any(seed, 2) && room > 0)
        stream_sent(stream, 1 + unit_any(seed, (unsigned)room), unit_any(seed, 500) == 0);
    else if (unit_any(seed, 2) && stream_may_ack(stream))
        stream_acked(stream, stream->taken);
    else if (unit_any(seed, 4) == 0)
        stream_lose(stream, any_carrier(seed));
    else if (stream_must_resume(stream))
        stream_resume(stream, SHARED);
}

/* Check writes to a file for each assertion that holds, so the walk asserts this text alone. NULL: the stream is sound.
 */
static const char *find_unsound(const struct stream *stream) {
    if (stream->acked > stream->highest)
        return "more was acknowledged than sent";
    if (stream->next > stream->highest || stream->next < stream->acked)
        return "the next to be sent was acknowledged, or is beyond what may be repeated";
    if (stream->acked_by_us > stream->taken)
        return "acknowledged what was not taken";
    if (stream->taken - stream->acked_by_us > WINDOW + 1)
        return "took more than the window and FIN";
    if (stream->in_next && stream->in_next_at < stream->taken + (stream->in != 0))
        return "the carrier that follows begins before what was taken";
    return NULL;
}

/* A violation closes the carrier, and the stream goes on by another one: so it must be sound after any frame. */
START_TEST(no_frame_makes_a_stream_unsound) {
    uint32_t seed = (uint32_t)_i + 1;
    struct stream stream = open_stream(_i % 2 ? STREAM_AGENT : STREAM_SERVER);
    for (int i = 0; i < STEPS; i++) {
        if (unit_any(&seed, 2))
            hostile_frame(&seed, &stream);
        else
            own_move(&seed, &stream);
        const char *unsound = find_unsound(&stream);
        if (unsound)
            ck_abort_msg("step %d: %s", i, unsound);
        if (stream.phase == STREAM_OVER || stream.sent_fin || stream.got_fin)
            stream = open_stream(_i % 2 ? STREAM_AGENT : STREAM_SERVER);
    }
}
END_TEST

static struct stream datagram_stream(enum stream_side side) {
    struct stream stream;
    stream_begin(&stream, side);
    stream_begin_datagrams(&stream);
    stream_open(&stream, SHARED);
    return stream;
}

static const char *take_datagram(const struct stream *stream, stream_carrier carrier, bool *is_taken) {
    return stream_take_datagram(stream, carrier, is_taken);
}

START_TEST(a_stream_has_bytes_or_datagrams) {
    bool is_taken;
    struct stream bytes = open_stream(STREAM_AGENT), datagrams = datagram_stream(STREAM_AGENT);
    ck_assert_str_eq(take_datagram(&bytes, SHARED, &is_taken), "DATAGRAM on a stream of bytes");
    ck_assert_str_eq(take(&datagrams, SHARED, 1, false), "DATA or FIN on a stream of datagrams");
    ck_assert_str_eq(take(&datagrams, SHARED, 1, true), "DATA or FIN on a stream of datagrams");
    ck_assert_str_eq(take_datagram(&datagrams, BULK, &is_taken), "DATAGRAM on an exclusive link");
    ck_assert_str_eq(take_continue(&datagrams, BULK, 0, 0), "CONTINUE of datagrams on an exclusive link");
    ck_assert(!take_datagram(&datagrams, SHARED, &is_taken) && is_taken);
    ck_assert(!take_datagram(&datagrams, OTHER, &is_taken) && !is_taken);
}
END_TEST

START_TEST(the_agent_sends_no_datagram_before_opened) {
    bool is_taken;
    struct stream stream = datagram_stream(STREAM_SERVER);
    ck_assert_str_eq(take_datagram(&stream, SHARED, &is_taken), "DATAGRAM before OPENED");
    ck_assert_ptr_null(stream_take_opened(&stream));
    ck_assert(!take_datagram(&stream, SHARED, &is_taken) && is_taken);
}
END_TEST

START_TEST(a_stream_of_datagrams_is_resumed_and_never_whole) {
    bool is_taken;
    struct stream_answer answer;
    struct stream stream = datagram_stream(STREAM_SERVER);
    ck_assert_ptr_null(stream_take_opened(&stream));
    stream_lose(&stream, SHARED);
    ck_assert(stream_must_resume(&stream));
    ck_assert(!take_datagram(&stream, SHARED, &is_taken) && !is_taken);
    stream_resume(&stream, OTHER);
    ck_assert_ptr_null(stream_take_resume(&stream, OTHER, 1, 0, &answer));
    ck_assert_ptr_null(take_continue(&stream, OTHER, 1, 0));
    ck_assert(!stream.is_suspended);
    ck_assert(!take_datagram(&stream, OTHER, &is_taken) && is_taken);
    ck_assert_str_eq(stream_take_ended(&stream, STREAM_HOW_WHOLE), "ENDED whole, but not here");
    ck_assert_ptr_null(stream_take_ended(&stream, STREAM_HOW_NOT));
    ck_assert_uint_eq(stream.outcome.how, STREAM_HOW_RESET);
}
END_TEST

static TCase *datagrams(void) {
    TCase *group = tcase_create("datagrams");
    tcase_add_test(group, a_stream_has_bytes_or_datagrams);
    tcase_add_test(group, the_agent_sends_no_datagram_before_opened);
    tcase_add_test(group, a_stream_of_datagrams_is_resumed_and_never_whole);
    return group;
}

static TCase *rules(void) {
    TCase *group = tcase_create("rules");
    tcase_add_test(group, more_than_the_window_is_a_violation);
    tcase_add_test(group, bytes_of_the_agent_come_behind_opened);
    tcase_add_test(group, nothing_comes_behind_fin);
    tcase_add_test(group, bytes_of_another_carrier_are_ignored);
    tcase_add_test(group, an_ack_is_of_what_was_sent);
    tcase_add_test(group, the_window_is_what_may_be_sent);
    tcase_add_test(group, a_move_waits_for_what_precedes_it);
    tcase_add_test(group, a_move_is_no_further_ahead_than_the_window_of_an_exclusive_carrier);
    tcase_add_test(group, a_second_move_needs_an_ack_since_the_first);
    tcase_add_test(group, a_resumption_is_of_what_was_sent_and_not_acknowledged);
    tcase_add_test(group, the_last_ack_is_repeated_after_a_resumption);
    tcase_add_test(group, an_opened_stream_is_never_unknown_or_refused);
    tcase_add_test(group, a_client_whose_open_was_lost_may_go_elsewhere);
    tcase_add_test(group, a_stream_that_the_peer_had_no_memory_to_remember_is_reset);
    tcase_add_test(group, a_stream_is_not_whole_before_the_own_reader_has_all);
    tcase_add_loop_test(group, a_stream_is_whole_when_only_its_last_ack_has_to_be_repeated, 0, 2);
    tcase_add_test(group, what_the_peer_has_ended_need_not_be_remembered);
    return group;
}

static TCase *hostile(void) {
    TCase *group = tcase_create("hostile");
    tcase_add_loop_test(group, no_frame_makes_a_stream_unsound, 0, 8);
    return group;
}

UNIT_MAIN("proto/stream", rules, datagrams, hostile)

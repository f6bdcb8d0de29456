/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_streams_world: the world of two_streams.h, as its steps (two_streams.c) and what must hold in it
 * (two_streams_check.c) see it.
 */
#ifndef MUNNEL_TESTS_MODEL_TWO_STREAMS_WORLD_H
#define MUNNEL_TESTS_MODEL_TWO_STREAMS_WORLD_H

#include "two_streams.h"

#include "wire.h"

enum {
    CARRIERS = 3,
    FIRST_CARRIER = 0,
    LAST_CARRIER = CARRIERS - 1, /* never breaks, so that there is always a way on */
    NO_WINDOW = 0x40             /* of an end that does not look at it; more than all positions of a world */
};

struct end_stream {
    struct stream rules;
    uint8_t consumed;      /* by the reader; FIN counts */
    uint8_t window_before; /* without RULE_SEND_BY_WINDOW_OF_CARRIER */
    bool owes_ack;         /* as a mux has a stream in one of its lists */
};

struct end {
    struct end_stream streams[TWO_STREAMS];
    uint8_t blocker[CARRIERS]; /* stream from 1, which has to get its bytes before the carrier is read on; 0: none */
    bool lost[CARRIERS];
};

struct world {
    struct end ends[2];
    struct wire_queue queues[CARRIERS][2]; /* towards that end */
    bool cut[CARRIERS];
    bool is_aborted[TWO_STREAMS];
    uint8_t cuts, moves, aborts;
};

static inline const struct two_streams_limits *limits_of(const struct walk *walk) {
    return walk->limits;
}

static inline bool follows(const struct walk *walk, enum two_streams_rule rule) {
    return limits_of(walk)->left_out != rule;
}

static inline bool is_live(const struct end_stream *stream) {
    return stream->rules.phase == STREAM_OPEN;
}

static inline stream_position unread(const struct end_stream *stream) {
    return is_live(stream) ? (stream_position)(stream->rules.taken - stream->consumed) : 0;
}

/* The reader of the stream stands still. */
static inline bool is_stuck(const struct walk *walk, int stream) {
    return limits_of(walk)->is_stuck && stream == 0;
}

/* ---- windows ---- */

static inline stream_position window_of(const uint8_t windows[CARRIER_KINDS], stream_carrier carrier) {
    return windows[stream_carrier_is_exclusive(carrier) ? ON_EXCLUSIVE : ON_SHARED];
}

static inline stream_position take_window(const struct walk *walk, const struct end_stream *stream) {
    stream_carrier in = follows(walk, RULE_TAKE_BY_WINDOW_OF_CARRIER) ? stream->rules.in : 0;
    return follows(walk, RULE_TAKE_WITHIN_WINDOW) ? window_of(limits_of(walk)->window, in) : NO_WINDOW;
}

static inline stream_position continue_window(const struct walk *walk) {
    return follows(walk, RULE_CONTINUE_WITHIN_WINDOW) ? limits_of(walk)->window[ON_EXCLUSIVE] : NO_WINDOW;
}

/* ---- what must hold; NULL: it does ---- */

const char *two_streams_check(const struct walk *walk, const void *world);
/* Where nothing can happen any more. */
const char *two_streams_check_end(const struct walk *walk, const void *world);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wire: what the models have between their two ends: frames on their way, in carriers that keep their order.
 */
#ifndef MUNNEL_TESTS_MODEL_WIRE_H
#define MUNNEL_TESTS_MODEL_WIRE_H

#include "proto/stream.h"

enum { SERVER, AGENT }; /* ends */

enum wire_frame_type {
    OPEN = 1,
    OPENED,
    REFUSED,
    DATA, /* one byte; its position is not on the real wire */
    FIN,
    RESET,
    ACK,
    CONTINUE,
    RESUME,
    ENDED,
    PING,
    PONG
};

struct wire_frame {
    uint8_t type, stream, epoch;
    uint8_t value; /* position, or enum stream_outcome_how */
};

enum { WIRE_STREAMS = 2, WIRE_QUEUE = 7, WIRE_EXCLUSIVE = 1 /* which carrier is one */ };

struct wire_queue { /* one direction of a carrier */
    struct wire_frame frames[WIRE_QUEUE];
    uint8_t count;
};

extern const char *const wire_frame_names[]; /* NULL: no frame */

bool wire_put(struct wire_queue *queue, struct wire_frame frame); /* false: it is full */
struct wire_frame wire_pull(struct wire_queue *queue);
void wire_drop_behind(struct wire_queue *queue, uint8_t kept);

/* Frames that would change nothing, now or later, do not stand in the way of any other: worlds that differ by them are
 * one. They are what is behind a stream's end, a resumption or a later ACK. streams: of the end that the queue leads
 * to, by wire_frame.stream. */
void wire_drop_ignored(struct wire_queue *queue, int carrier, const struct stream *const streams[]);

/* Of carriers counted from 0; none is -1. */
stream_carrier wire_carrier_id(int carrier);
int wire_carrier_of(stream_carrier id);

#endif

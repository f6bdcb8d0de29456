/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pump: a plain socket and a stream of a mux, joined in both directions.
 *
 * The socket is read straight into what the stream keeps, as long as that has room. What the stream brings is written
 * to the socket, and acknowledged once the kernel has it; so a reader that stands still costs a window. A stream that
 * is suspended is read on until its window is full. A part of the next data plane: nothing in src uses it yet. Runs on:
 * the thread of both. Owns: the socket's descriptor. States: begun -> (ends of one direction, of the other) -> over.
 */
#ifndef MUNNEL_RELAY_STREAM_PUMP_H
#define MUNNEL_RELAY_STREAM_PUMP_H

#include "relay/mux/mux.h"
#include "relay/stream/socket.h"

struct pump;

struct pump_events {
    void (*on_opened)(struct pump *pump, const uint8_t *payload, size_t length); /* server */
    void (*on_moved)(struct pump *pump);                                         /* bytes, in either direction */
    /*
     * The last. The socket is closed, by a reset unless the stream was whole; or, when another agent may have the
     * client (STREAM_HOW_ELSEWHERE, STREAM_HOW_REFUSED), it is as it was, and the caller's. `by_socket`: it broke.
     */
    void (*on_over)(struct pump *pump, enum stream_outcome_how how, bool by_socket, const uint8_t *payload,
                    size_t length);
};

struct pump {                    /* embedded in a relay */
    struct stream_socket socket; /* first */
    struct mux_stream stream;
    const struct pump_events *events;
    uint64_t in, out;  /* bytes read from the socket, and brought for it */
    uint64_t consumed; /* of `out`: what the kernel has */
    bool got_fin, acknowledged_fin, is_over;
};

/* All zero until then. The socket and the stream are attached and opened by the caller, and neither is read yet. */
void pump_init(struct pump *pump, struct defer_queue *again, struct defer_queue *rechecks,
               const struct pump_events *events);
extern const struct stream_socket_events pump_socket_events; /* for stream_socket_attach, stream_socket_set_events */
extern const struct mux_stream_events pump_stream_events;
void pump_start(struct pump *pump);                                        /* reads the socket from now on */
void pump_reset(struct pump *pump, const uint8_t *payload, size_t length); /* ends both by a reset, without on_over */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pump: a plain socket and a stream of a mux, joined in both directions.
 *
 * The socket is read straight into what the stream keeps, as long as that has room. What the stream brings is written
 * to the socket, and acknowledged once the kernel has it; so a reader that stands still costs a window. A stream that
 * is suspended is read on until its window is full. A limit of bandwidth holds the socket's reading and writing back,
 * and so the peer at either end, as a slow reader would. Once both directions have ended here the socket is closed at
 * once: its peer does not wait until the stream is known to be whole. Runs on: the thread of both. Owns: the socket's
 * descriptor. States: begun -> (ends of one direction, of the other) -> over.
 */
#ifndef MUNNEL_RELAY_STREAM_PUMP_H
#define MUNNEL_RELAY_STREAM_PUMP_H

#include "relay/mux/mux.h"
#include "relay/service_counts.h"
#include "relay/stream/socket.h"
#include "relay/stream/throttle.h"

struct http_guard;
struct inner_tls;
struct inner_tls_options;
struct pump;
struct pump_stage;

struct pump_events {
    void (*on_opened)(struct pump *pump, const uint8_t *payload, size_t length); /* server */
    void (*on_repeat_opened)(struct pump *pump);                                 /* agent, see mux_stream_events */
    void (*on_moved)(struct pump *pump);     /* bytes, or the end, in either direction; it may not end the stream */
    void (*on_broken)(struct pump *pump);    /* the socket: end it by pump_reset */
    void (*on_suspended)(struct pump *pump); /* the stream's carrier was lost */
    /* The last. Behind it the socket is closed, by a reset unless the stream was whole, if it is still attached: where
     * another agent may have the client, it is detached. */
    void (*on_over)(struct pump *pump, enum stream_outcome_how how, const uint8_t *payload, size_t length);
};

struct pump {                    /* embedded in a relay */
    struct stream_socket socket; /* first */
    struct mux_stream stream;
    const struct pump_events *events;
    struct relay_bytes *bytes; /* in which they are counted once, by whichever pump read them first */
    struct throttle *throttle; /* NULL: no limit of bandwidth */
    uint64_t in, out;          /* bytes read from the socket, and brought for it */
    uint64_t consumed;         /* of `out`: what the kernel has */
    bool got_fin, acknowledged_fin;
    bool is_answered;               /* as the next, of a guarded one: it got an answer here, and then its end */
    uint8_t lingers;                /* sweeps for which its socket stays open so that it can read that */
    struct http_guard *guard;       /* the caller's */
    struct inner_tls *inner;        /* NULL: none */
    const struct pump_stage *stage; /* what passes by a guard, or by TLS within the stream. NULL: none does */
};

/* All zero until then. The socket and the stream are attached and opened by the caller, and neither is read yet. */
void pump_init(struct pump *pump, struct defer_queue *again, struct defer_queue *rechecks,
               const struct pump_events *events, struct relay_bytes *bytes);
extern const struct stream_socket_events pump_socket_events; /* for stream_socket_attach, stream_socket_set_events */
void pump_start(struct pump *pump);                          /* reads the socket from now on */
/* What was read from the socket before; `end`: and then came its end. False: out of memory, and the stream has a part.
 */
bool pump_replay(struct pump *pump, struct evbuffer *bytes, bool end);

/* From now on by these limits, if there are some: what is read from the socket is "in", what is brought for it "out".
 * False: out of memory, and nothing has changed. */
bool pump_throttle(struct pump *pump, struct event_base *base, struct bandwidth *const *limits,
                   struct throttled *counts);
void pump_end_throttle(struct pump *pump); /* before it is freed */

/* Before it starts: what the socket brings passes by this guard. */
void pump_guard(struct pump *pump, struct http_guard *guard);
void pump_sweep_guarded(struct pump *pump); /* now and then, as long as it lingers */

/* Before it starts: the stream's bytes are TLS, which ends here; it takes no limit of bandwidth. `in` and `out` count
 * what is encrypted. Behind its on_broken is pump_inner_fault. False: out of memory. */
bool pump_encrypt(struct pump *pump, const struct inner_tls_options *options); /* without send and its context */
void pump_end_inner(struct pump *pump);                                        /* before it is freed */
const char *pump_inner_fault(const struct pump *pump);  /* what was wrong with its TLS; NULL: nothing, or it has none */
const char *pump_inner_cipher(const struct pump *pump); /* static; NULL: its handshake is not done, or it has none */
/* Now and then. Ends it by on_broken if its handshake takes too long. */
void pump_sweep_inner(struct pump *pump, uint64_t now_us);

/* These end the stream by a reset, without on_over: the socket is reset, too, or is left as it is, the caller's. */
void pump_reset(struct pump *pump, const uint8_t *payload, size_t length);
void pump_abandon(struct pump *pump, const uint8_t *payload, size_t length);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket: the plain side of a relay: a client's or a destination's socket.
 *
 * What comes in is read straight into the memory of its stream; what goes out is written at once and waits in an
 * evbuffer only when the kernel does not take it, bounded by the stream's window. It is watched from connect to close
 * (readiness.h): stopping and going on cost no system call, and what was reported while reading was stopped is
 * remembered. A client's socket may have TLS, which ends here (socket_tls.h): then bytes are those within it.
 * Runs on: the relay's thread. Owns: the descriptor and its TLS (until stream_socket_detach and
 * stream_socket_take_tls), its event, what waits. States: closed -> (connecting) -> open -> (end of input) /
 * (half-closed) -> closed.
 */
#ifndef MUNNEL_RELAY_STREAM_SOCKET_H
#define MUNNEL_RELAY_STREAM_SOCKET_H

#include "lib/base/posix_types.h"
#include "lib/event/defer.h"
#include "lib/event/readiness.h"

#include <event2/buffer.h>
#include <event2/util.h>
#include <stddef.h>
#include <stdint.h>

struct link_bio_scratch;
struct stream_socket;
struct stream_tls;

struct stream_socket_events {
    void (*on_readable)(struct stream_socket *socket);
    void (*on_flushed)(struct stream_socket *socket);              /* nothing waits any more */
    void (*on_broken)(struct stream_socket *socket);               /* the peer's RST, or the kernel gave up */
    void (*on_connected)(struct stream_socket *socket, int error); /* error: 0, or the errno with which it failed */
    void (*on_drained)(struct stream_socket *socket);              /* less waits; may be NULL */
};

struct stream_socket {  /* embedded in a relay */
    evutil_socket_t fd; /* -1: closed */
    bool connecting, reading, may_have_more, needs_recheck, rdhup, got_end, ending, half_closed;
    bool lacks_memory; /* it broke for want of memory, here or in the kernel, and was not reset by its peer */
    bool is_streaming; /* the last read took more than a frame: the next is prepared for many */
    bool is_metered;   /* of what waits only `allowed` bytes are written */
    bool rst_on_close; /* sock_set_reset_on_close is on; switched off when both streams are complete */
    const struct stream_socket_events *events;
    void *context; /* for the callbacks' use */
    struct defer_queue *again, *rechecks;
    struct defer_item item;    /* more to read */
    struct defer_item recheck; /* checks for an RST behind the data that was read */
    struct evbuffer *out;      /* NULL while nothing waits; with TLS what is not encrypted yet, as it is metered */
    size_t allowed;
    struct stream_tls *tls; /* NULL: none */
    struct readiness readiness;
};

/* `again` continues reads in the next turn; `rechecks`, some milliseconds later, checks for an RST behind short reads.
 */
void stream_socket_init(struct stream_socket *socket, struct defer_queue *again, struct defer_queue *rechecks);
/* Takes the descriptor; nothing is read until stream_socket_set_reading. false: no memory for the event (the descriptor
 * is not taken). */
bool stream_socket_attach(struct stream_socket *socket, struct event_base *base, evutil_socket_t fd, bool connecting,
                          const struct stream_socket_events *events, void *context);
void stream_socket_cut_unless_whole(struct stream_socket *socket); /* from now on a process that is killed resets it */
evutil_socket_t
stream_socket_detach(struct stream_socket *socket); /* gives the descriptor back untouched; what waits stays */
/* Right after stream_socket_attach: the TLS of the connection, whose handshake is done, for the thread with this
 * scratch. */
void stream_socket_set_tls(struct stream_socket *socket, struct stream_tls *tls, struct link_bio_scratch *scratch);
struct stream_tls *stream_socket_take_tls(struct stream_socket *socket); /* the caller's again; NULL: none */
void stream_socket_set_events(struct stream_socket *socket, const struct stream_socket_events *events, void *context);

void stream_socket_set_reading(struct stream_socket *socket, bool on);
/* To be called now and then, for what no event reports. False: it was broken, and on_broken was called. */
bool stream_socket_sweep(struct stream_socket *socket);
void stream_socket_poll(struct stream_socket *socket); /* reads at once, if it is to be read, as if an edge had come */

/* What a read found. */
enum stream_socket_read {
    STREAM_SOCKET_DATA,
    STREAM_SOCKET_DATA_AND_END,
    STREAM_SOCKET_END,
    STREAM_SOCKET_NOTHING,
    STREAM_SOCKET_BROKEN
};
/* Reads once, into these parts, which may be changed; *taken is the number of bytes. */
enum stream_socket_read stream_socket_read(struct stream_socket *socket, struct iovec *parts, int count, size_t *taken);

/* Writes, or lets wait what cannot be written (parts may be changed); until connected everything waits. is_last:
 * stream_socket_end is called next. false: broken. */
bool stream_socket_write(struct stream_socket *socket, struct iovec *parts, int count, bool is_last);
/* In front of what waits; stream_socket_flush sends it. False: out of memory. */
bool stream_socket_prepend(struct stream_socket *socket, const uint8_t *bytes, size_t length);
/* For a limit of bandwidth: from now on what is to be written is kept (false: out of memory), and waits until it is
 * allowed. What is kept already is. */
void stream_socket_meter(struct stream_socket *socket);
bool stream_socket_keep(struct stream_socket *socket, const struct iovec *parts, int count);
size_t stream_socket_kept(const struct stream_socket *socket); /* with TLS: of what waits, what is not encrypted */
void stream_socket_allow(struct stream_socket *socket, size_t bytes); /* of those that are kept; writes them */
/* Tries what waits; on_flushed is called when it is all gone, on_broken if that is not to be. */
void stream_socket_flush(struct stream_socket *socket);
size_t stream_socket_waiting(const struct stream_socket *socket);

/* No more will be written: half-closes as soon as nothing waits. False: broken. */
bool stream_socket_end(struct stream_socket *socket);
/* Is everything out and, if stream_socket_end was called, half-closed? */
bool stream_socket_is_done(const struct stream_socket *socket);
/* Both directions are over, or the other side is gone: close, by RST if something was cut. Drops what waits. */
void stream_socket_close(struct stream_socket *socket, bool reset);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mux: the streams of one session on one relay thread, over the links that this thread has of the session.
 *
 * Links are carriers: shared ones take the frames of many streams in turns, an exclusive one those of one stream that
 * moves much. What a stream has sent is kept until the peer's client or destination has taken it (send_buffer.h), so
 * that a stream goes on by another carrier where one is lost: see docs/protocol.md, which proto/stream.h has as rules.
 *
 *   relay       mux_open, mux_stream_append ...      ->  mux  ->  mux_link_ops.write      link
 *               mux_stream_events                   <-  mux  <-  mux_take_frame
 *
 * Runs on: its thread. Owns: its carriers, outcomes of streams that are over, what is kept; not links, nor the relays
 * that its streams are embedded in.
 */
#ifndef MUNNEL_RELAY_MUX_MUX_H
#define MUNNEL_RELAY_MUX_MUX_H

#include "lib/base/error.h"
#include "lib/base/queue.h"
#include "lib/event/defer.h"
#include "proto/frame.h"
#include "proto/stream.h"
#include "relay/mux/datagram_queue.h"
#include "relay/mux/mux_limits.h"
#include "relay/mux/mux_totals.h"
#include "relay/mux/send_buffer.h"

struct mux;
struct mux_carrier;
struct mux_stream;

/* ---- the link under a carrier ---- */

/* None of them may call the mux, but mux_carrier_writable; an error comes later, as mux_carrier_lost. */
struct mux_link_ops {
    /* Takes all, and keeps it until `flush`; no other link of the thread is written to in between. */
    void (*write)(void *link, const uint8_t *bytes, size_t length);
    void (*flush)(void *link);   /* sends it; what the kernel does not take waits in the link */
    bool (*is_full)(void *link); /* something waits: send only what is short and cannot wait */
    void (*resume)(void *link);  /* after MUX_LATER: offer the same frame again, in a later turn */
};

/* The link has a session's credential. NULL: out of memory, or more carriers than a mux has. */
struct mux_carrier *mux_add_carrier(struct mux *mux, bool is_exclusive, const struct mux_link_ops *ops, void *link);
/* Frees it, after mux_frames_end; its streams go on by others, or are suspended. Not from within a callback of the
 * mux's, nor from mux_link_ops. */
void mux_carrier_lost(struct mux_carrier *carrier);
void mux_carrier_writable(struct mux_carrier *carrier); /* the link is not full any more: it has its turn */

enum mux_taken {
    MUX_TAKEN,
    MUX_LATER,    /* what precedes it has not come yet by another carrier: keep it, read no further until ops->resume */
    MUX_VIOLATION /* of which *detail is a description; the link is to be closed by a reset */
};
/* One frame of those that name a stream. */
enum mux_taken mux_take_frame(struct mux_carrier *carrier, const struct frame *frame, const char **detail);
/* The payloads of DATA frames that follow each other reach the stream in one call, after the last one: call this when
 * no frame follows in the same memory, which is not touched before. */
void mux_frames_end(struct mux_carrier *carrier);
/* False: the PING that it answers was not the mux's. All frames before it were taken. */
bool mux_take_pong(struct mux_carrier *carrier, const uint8_t payload[FRAME_PING_SIZE]);
/* The ends of streams were not confirmed in time, and would be remembered for ever: close the link. */
bool mux_carrier_is_overdue(const struct mux_carrier *carrier, uint64_t now_us);
/* Exclusive: a stream sends or receives by it; or streams do not outlive their carriers, and one may be about to move
 * to it. It looks at all streams. */
bool mux_carrier_is_used(const struct mux_carrier *carrier);
/* Exclusive: the peer may be waiting for what its stream has sent by another one before, and reads nothing, no PING. */
bool mux_carrier_may_be_blocked(const struct mux_carrier *carrier);
size_t mux_shared_links(const struct mux *mux, void *links[], size_t most); /* of the shared carriers; how many */
size_t mux_carrier_unread(const struct mux_carrier *carrier); /* bytes put while the link was full, as yet */

/* ---- streams ---- */

/* From within them the relay may do to any stream what is below, this one included. It must not lose a carrier. */
struct mux_stream_events {
    void (*on_opened)(struct mux_stream *stream, const uint8_t *payload, size_t length);
    /* To be written to the plain side; what it has taken is reported by mux_stream_consumed. The parts may be changed.
     * is_last: on_fin follows. */
    void (*on_bytes)(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last);
    void (*on_fin)(struct mux_stream *stream);       /* mux_stream_consumed_fin once it was passed on */
    void (*on_room)(struct mux_stream *stream);      /* it got no room, or no memory; there may be some again */
    void (*on_suspended)(struct mux_stream *stream); /* its carrier was lost */
    /* Agent: a resumption may have lost OPENED: mux_stream_opened once more, with the same payload. */
    void (*on_repeat_opened)(struct mux_stream *stream);
    /* The last: it is out of the mux, but `out` still has what was not acknowledged, until this returns. REFUSED and
     * RESET have a payload. */
    void (*on_over)(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length);
    /* Of a stream of datagrams, which has no on_bytes, on_fin and on_room. The payload is valid until this returns. */
    void (*on_datagram)(struct mux_stream *stream, const uint8_t *payload, size_t length);
};

struct mux_stream { /* embedded in a relay; all zero at first */
    const struct mux_stream_events *events;
    struct mux *mux;
    uint32_t number;
    struct stream rules;
    struct send_buffer out;
    bool finished; /* FIN is behind what `out` has */
    bool wants_room, has_waited, is_ready, is_lazy;
    bool is_limited;          /* it waits for the peer's limit of bandwidth rather than for ACKs */
    bool got_ack;             /* since the relay has cleared it: one that repeats the last, too */
    stream_position consumed; /* by the reader; FIN counts */
    size_t waiting;           /* bytes for the reader that it has not consumed */
    uint64_t suspended_us;    /* 0: it is not suspended */
    uint64_t second_us;       /* of what follows: bytes sent since, and how often it had no credit */
    uint64_t quiet_us;        /* when it last sent a byte */
    uint32_t sent_in_second;
    uint32_t window; /* on an exclusive carrier: doubles while that makes it faster */
    stream_position round_from, round_to;
    uint64_t round_us, rate; /* of the round trip that is measured; bytes in a second of the best one */
    uint8_t starved;
    struct mux_carrier *carrier; /* it sends by it; NULL: suspended */
    struct mux_streams *list;    /* one of the mux's, by `listed` */
    TAILQ_ENTRY(mux_stream) ready, lazy, listed;
    /* NULL: a stream of bytes. Else, set before it is opened or accepted, its owner's: what waits for the carrier. */
    struct datagram_queue *datagrams;
};

bool mux_has_carrier(const struct mux *mux); /* a shared one, by which streams are opened */
/* Server: OPEN goes out at once. False: there is no shared carrier, no memory, or MUX_STREAMS_MOST (of datagrams
 * MUX_SESSIONS_MOST); nothing was done. */
bool mux_open(struct mux *mux, struct mux_stream *stream, const uint8_t *payload, size_t length);
void mux_stream_opened(struct mux_stream *stream, const uint8_t *payload, size_t length); /* agent */
/* These end it, without on_over. */
void mux_stream_refuse(struct mux_stream *stream, const uint8_t *payload, size_t length); /* agent, before OPENED */
void mux_stream_reset(struct mux_stream *stream, const uint8_t *payload, size_t length);

/* Of a stream of datagrams, at the server also before OPENED: it waits for a turn of the carrier, or for OPENED, or for
 * another carrier, unless it is dropped. What was sent is lost with its carrier, and not sent again. */
void mux_stream_send_datagram(struct mux_stream *stream, const uint8_t *bytes, size_t length);

size_t mux_stream_room(struct mux_stream *stream); /* how much may be appended now */
/* As send_buffer_reserve and send_buffer_commit: for a read of at most mux_stream_room. */
int mux_stream_reserve(struct mux_stream *stream, struct iovec *parts, int most); /* 0: on_room follows */
void mux_stream_commit(struct mux_stream *stream, size_t length);
/* False: memory is out; on_room follows. */
bool mux_stream_append(struct mux_stream *stream, const uint8_t *bytes, size_t length);
void mux_stream_finish(struct mux_stream *stream); /* FIN */
/* Of bulk: encrypts what was appended while it is in the processor's cache, and not in the carrier's turn. True: more
 * may follow at once. False: it is on a shared carrier, which sends by turns, its own is full, or the stream is over.
 * mux_send_pushed must follow before anything else of the thread sends. */
bool mux_stream_push(struct mux_stream *stream);
void mux_send_pushed(struct mux *mux);
void mux_stream_consumed(struct mux_stream *stream, size_t length);
void mux_stream_consumed_fin(struct mux_stream *stream);
/* The peer sees that the reader goes on, although nothing of it can be acknowledged: its kernel had it all before. */
void mux_stream_repeat_ack(struct mux_stream *stream);
bool mux_stream_is_suspended(const struct mux_stream *stream);

/* ---- life ---- */

struct mux_options {
    bool is_agent;
    struct send_memory *memory; /* of the thread, as the next four */
    struct defer_queue *turns;  /* without delay */
    struct defer_queue *ends;   /* some milliseconds: ACKs that go along wait so long for what they go with */
    struct mux_gather *gather;
    struct mux_totals *counts;
    unsigned resume_timeout_ms; /* a stream suspended for longer is reset; 0: at once */
    /* Agent: makes a stream with mux_accept, or not, for want of memory: it is refused then. -1 with `error`: OPEN is
     * malformed, which is a violation. */
    int (*on_open)(void *context, uint32_t number, const uint8_t *payload, size_t length, struct error *error);
    /* `count` streams would send by exclusive carriers, or (1) some go on by a shared one, and there are none; not
     * oftener than ten times a second. */
    void (*on_want_carriers)(void *context, bool is_exclusive, unsigned count);
    void (*on_outcomes)(void *context, int step); /* so many more outcomes wait for the peer's confirmation */
    void *context;
};

struct mux *mux_new(const struct mux_options *options); /* NULL: out of memory */
void mux_free(struct mux *mux);                         /* no stream is left, and no carrier */
bool mux_accept(struct mux *mux, struct mux_stream *stream,
                uint32_t number);                 /* from within on_open; false: no memory */
void mux_sweep(struct mux *mux, uint64_t now_us); /* twice a second: an ACK may wait for it */
void mux_flush(struct mux_gather *gather);        /* what was gathered leaves now and not in its carrier's turn */

void mux_count(const struct mux *mux, struct mux_counts *counts);

/* What the carriers of a thread send in a turn, until it goes to the link of the last one in one piece. */
struct mux_gather {
    struct mux_carrier *carrier; /* of the bytes */
    struct mux_carrier *written; /* has what was written and not flushed; NULL: none */
    size_t length;
    uint8_t bytes[MUX_TURN_CARRIER + FRAME_HEADER + FRAME_JSON_MAX];
};

#endif

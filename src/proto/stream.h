/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stream: one end of one stream, by the rules of docs/protocol.md: which carrier it sends and reads by, what may be
 * sent, and what follows from each frame of the peer's.
 *
 * A value that does nothing by itself. The mux brings it the peer's frames and the loss of carriers, and sends what it
 * asks for. tests/model tries it in every order of events.
 * Runs on: any thread. Owns: nothing. All zero but what stream_begin sets, so that equal ends are equal in all bytes.
 * States: new -> opening -> open -> over; suspended is beside opening and open. An end that is over is only an outcome.
 */
#ifndef MUNNEL_PROTO_STREAM_H
#define MUNNEL_PROTO_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/* The model keeps millions of these, in small worlds. */
#ifdef STREAM_MODEL
typedef uint8_t stream_position, stream_epoch, stream_carrier;
enum { STREAM_EXCLUSIVE = 0x80 };
#else
typedef uint64_t stream_position; /* of a byte in one direction, from 0; FIN takes one, too */
typedef uint32_t stream_epoch;    /* how often the stream was resumed */
typedef uint32_t stream_carrier;  /* a link's number, never used again; 0: none */
enum { STREAM_EXCLUSIVE = 1 << 30 };
#endif

static inline bool stream_carrier_is_exclusive(stream_carrier carrier) {
    return carrier & STREAM_EXCLUSIVE;
}

enum stream_side { STREAM_SERVER, STREAM_AGENT };
enum stream_phase { STREAM_NEW, STREAM_OPENING, STREAM_OPEN, STREAM_OVER };

enum stream_outcome_how {
    STREAM_HOW_NOT, /* on the wire, in ENDED: not known any more */
    STREAM_HOW_WHOLE,
    STREAM_HOW_RESET,
    STREAM_HOW_REFUSED,
    STREAM_HOW_UNKNOWN,   /* agent: its OPEN had not come, and will not count any more */
    STREAM_HOW_ELSEWHERE, /* server: the agent never saw it, so that another agent may have the client */
    STREAM_HOW_LOST       /* it waited for too long here; for the peer it is STREAM_HOW_RESET */
};

/* What an end remembers of a stream that is over, until a PING behind its last frame was answered. RESUME is answered
 * by ENDED with `how`, and with STREAM_HOW_NOT when it is forgotten. */
struct stream_outcome {
    uint8_t how;
    /* The carrier of the last frame; if it is lost before, ENDED goes by another one. 0: the last frame was the peer's,
     * which has ended the stream itself and does not ask, so that nothing has to be remembered. */
    stream_carrier last_on;
};

struct stream {
    uint8_t phase, side;
    bool has_datagrams; /* it carries them instead of bytes: its positions stay 0, and got_fin is set from the first */
    /* what goes out */
    bool sent_fin;
    stream_carrier out;            /* 0 while suspended */
    stream_position next, highest; /* the next to be sent; and what that was at most: a resumption goes back */
    stream_position acked, moved_at;
    /* what comes in */
    bool got_fin;
    stream_carrier in, in_next; /* in_next: an exclusive one that follows once all before in_next_at was taken */
    stream_position in_next_at, taken, acked_by_us;
    stream_carrier acked_on; /* of our last ACK */
    bool repeats_ack;
    /* resumption */
    bool is_suspended, got_resume;
    stream_epoch epoch;
    stream_carrier resumed_on; /* of our RESUME, until its answer; 0: not sent */
    struct stream_outcome outcome;
};

/* What RESUME is answered by, on the carrier that it came by and in this order: RESUME with the stream's epoch and
 * `taken`; CONTINUE with the epoch and `next`; OPENED, which may have been lost. */
struct stream_answer {
    bool resume, go_on, opened;
};

void stream_begin(struct stream *stream, enum stream_side side);
void stream_begin_datagrams(struct stream *stream); /* behind it, of one of datagrams */

/* ---- frames of the peer's: each returns NULL, or what the peer has done wrong, for which the carrier is closed ----
 */

/* DATA of `length` bytes, or FIN, of length 1. *is_taken: it is next in the stream; else it is to be ignored. */
const char *stream_take_bytes(struct stream *stream, stream_carrier carrier, stream_position length, bool is_fin,
                              stream_position window, bool *is_taken);
/* DATAGRAM. *is_taken: as above; UDP loses what is ignored. */
const char *stream_take_datagram(const struct stream *stream, stream_carrier carrier, bool *is_taken);
const char *stream_take_opened(struct stream *stream);
const char *stream_take_refused(struct stream *stream);
void stream_take_reset(struct stream *stream);
const char *stream_take_ack(struct stream *stream, stream_position position);
/* window: the largest that a carrier has. So many bytes may precede it that have not come yet, or are not acknowledged.
 */
const char *stream_take_continue(struct stream *stream, stream_carrier carrier, stream_epoch epoch,
                                 stream_position position, stream_position window);
const char *stream_take_resume(struct stream *stream, stream_carrier carrier, stream_epoch epoch,
                               stream_position position, struct stream_answer *answer);
const char *stream_take_ended(struct stream *stream, enum stream_outcome_how how);

/* False: CONTINUE came ahead of what it follows. Nothing more is read from that carrier until the rest has come. */
bool stream_reads(const struct stream *stream, stream_carrier carrier);

/* ---- what this end does ---- */

void stream_open(struct stream *stream, stream_carrier carrier); /* sends OPEN, or has got it */
void stream_connected(struct stream *stream);                    /* agent: sends OPENED */

/* How many positions may be sent now by `out`, for a window of so many that are not acknowledged. */
stream_position stream_may_send(const struct stream *stream, stream_position window);
void stream_sent(struct stream *stream, stream_position length, bool is_fin); /* FIN: the last of them */
/* ACK of everything before `position` goes by `out`: from acked_by_us to `taken`. The last one may have been lost with
 * its carrier, and is sent once more after a resumption. */
bool stream_may_ack(const struct stream *stream);
void stream_acked(struct stream *stream, stream_position position);

/*
 * To an exclusive carrier at any time, from there to a shared one only when all was acknowledged; and never before the
 * peer has taken something from the present one, so that no two moves are under way. CONTINUE with the stream's epoch
 * and `next` is the first frame there.
 */
bool stream_may_move(const struct stream *stream, stream_carrier carrier);
void stream_move(struct stream *stream, stream_carrier carrier);

/* Ends it here; the last frame (RESET, REFUSED, ENDED) goes by `carrier`. */
void stream_end(struct stream *stream, enum stream_outcome_how how, stream_carrier carrier);

/* The carrier is gone. If the stream was on it, it must be resumed afterwards. */
void stream_lose(struct stream *stream, stream_carrier carrier);
bool stream_must_resume(const struct stream *stream);
void stream_resume(struct stream *stream, stream_carrier carrier); /* RESUME with epoch and `taken` goes by it */

#endif

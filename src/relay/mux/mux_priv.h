/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mux_priv: the mux's insides, for its own files. Calls go from left to right:
 *
 *     mux.c (life; carriers come and go)   receive.c (the peer's frames)   turn.c (sending)
 *       -> move.c (to exclusive carriers and back)   resume.c (lost carriers)
 *         -> streams.c (what a relay asks for)
 *           -> outcomes.c (streams that are over)   gather.c (and rings)   carriers.c (which there are)
 */
#ifndef MUNNEL_RELAY_MUX_MUX_PRIV_H
#define MUNNEL_RELAY_MUX_MUX_PRIV_H

#include "relay/mux/mux.h"
#include "relay/mux/seen_numbers.h"

#include "lib/base/number_map.h"

enum { MUX_CARRIERS_MOST = 64, MUX_GATHERED_MOST = 64 };

TAILQ_HEAD(mux_streams, mux_stream);
TAILQ_HEAD(mux_outcomes, mux_outcome);

/* What is remembered of a stream that is over, until the peer is known to have its last frame. */
struct mux_outcome {
    uint32_t number;
    struct stream_outcome outcome;
    TAILQ_ENTRY(mux_outcome) next; /* of its carrier, or of those without one */
};

struct mux_carrier {
    struct mux *mux;
    const struct mux_link_ops *ops;
    void *link;
    stream_carrier id; /* with STREAM_EXCLUSIVE */
    struct defer_item turn, ends;
    bool is_in_turn;                /* what is put now leaves at the end of it, and needs no other one */
    struct mux_streams ready, lazy; /* have something to send now; have an ACK that may wait, ends first */
    bool acknowledges;              /* all that are lazy, in the next turn */
    struct mux_stream *user;        /* exclusive: the stream that sends by it */
    struct mux_stream *blocker;     /* nothing is read until this one has what precedes */
    uint64_t blocked_us;            /* since then */
    struct mux_outcomes outcomes;   /* in the order of their last frames */
    size_t outcome_count, pinged;   /* the first `pinged` are confirmed by the PONG that is awaited */
    uint64_t ping, pinged_us;       /* its payload; 0: none is awaited. When it was sent */
    size_t unread;                  /* bytes put while the link was full, since it last was not */
    TAILQ_ENTRY(mux_carrier) next;
};

struct mux_gathered {          /* payloads of DATA frames that follow each other */
    struct mux_stream *stream; /* NULL: none */
    uint32_t number;
    struct iovec parts[MUX_GATHERED_MOST];
    int count;
    size_t total;
};

struct mux {
    struct mux_options options;
    struct mux_gathered gathered;
    struct error violation;                          /* of OPEN */
    struct number_map streams, outcomes;             /* by number */
    struct mux_carrier *opening;                     /* agent, while on_open runs: OPEN came by it */
    struct mux_streams running, resuming, unresumed; /* suspended: RESUME was sent; has to be sent */
    TAILQ_HEAD(mux_carriers, mux_carrier) carriers;
    struct mux_outcomes orphans; /* outcomes whose carrier was lost, while there is no other */
    size_t orphan_count, carrier_count, suspended;
    size_t sessions;  /* streams of datagrams */
    size_t unread;    /* of all carriers */
    uint64_t waiting; /* of all streams */
    stream_carrier last_id;
    uint32_t next_number;          /* server */
    struct seen_numbers seen;      /* agent */
    uint64_t last_ping;            /* payloads of PING are never used again */
    uint64_t wanted_us[2];         /* when on_want_carriers was called: shared, exclusive */
    bool lacks_memory;             /* a stream got no block, or less room than its window */
    struct mux_stream *next_swept; /* of the list that a sweep walks: a callback may end this one, too */
};

/* ---- carriers.c ---- */
struct mux_carrier *
mux_shared_carrier(const struct mux *mux); /* one that is not full, if there is; or any; NULL: none */
struct mux_carrier *mux_carrier_find(const struct mux *mux, stream_carrier id); /* NULL: lost */
void mux_unblock(struct mux *mux, const struct mux_stream *stream);             /* what waited for it is read on */
void mux_want_shared(struct mux *mux, uint64_t now_us);

/* ---- streams.c ---- */
bool mux_stream_enter(struct mux *mux, struct mux_stream *stream, uint32_t number, struct mux_carrier *carrier);
/* Its rules have ended it by something of the peer's. */
void mux_stream_over(struct mux_stream *stream, const uint8_t *payload, size_t length);
void mux_stream_give_up(struct mux_stream *stream, const char *detail);      /* it waited for too long; JSON */
void mux_stream_enlist(struct mux_stream *stream, struct mux_streams *list); /* and leaves the one that it is in */
void mux_stream_set_carrier(struct mux_stream *stream, struct mux_carrier *carrier);
void mux_stream_tell_room(struct mux_stream *stream);     /* on_room, if there is some again */
stream_position mux_window(stream_carrier carrier);       /* that the peer allows */
bool mux_ack_is_due(const struct mux_stream *stream);     /* in its own turn */
bool mux_ack_goes_along(const struct mux_stream *stream); /* with what its carrier sends next, or when `ends` runs */
stream_position mux_send_window(const struct mux_stream *stream); /* that it uses */
stream_position mux_stream_end(const struct mux_stream *stream);  /* behind all that is to be sent, FIN included */

/* ---- gather.c ---- */
void mux_put(struct mux_carrier *carrier, enum frame_type type, uint32_t number, const void *payload, size_t length);
/* Not through the gather, for what is large and in one piece; what was gathered leaves first. */
void mux_write(struct mux_carrier *carrier, const uint8_t *bytes, size_t length);
void mux_forget_gathered(struct mux_carrier *carrier);
void mux_stream_ready(struct mux_stream *stream); /* it may have something to send */
/* Its ACK may wait: for the next sweep, or, with_next, for the next frame of the carrier. */
void mux_stream_lazy(struct mux_stream *stream, bool with_next);
void mux_stream_not_ready(struct mux_stream *stream); /* both */
void mux_stream_leave_ring(struct mux_stream *stream);
void mux_stream_leave_lazy(struct mux_stream *stream);
void mux_put_number(struct mux_carrier *carrier, enum frame_type type, uint32_t number, uint64_t position);
void mux_put_epoch(struct mux_carrier *carrier, enum frame_type type, const struct mux_stream *stream,
                   stream_position position);
void mux_schedule(struct mux_carrier *carrier);

/* ---- turn.c ---- */
void mux_on_turn(struct defer_item *item);
void mux_on_ends(struct defer_item *item);

/* ---- move.c ---- */
void mux_note_sent(struct mux_stream *stream, size_t length, uint64_t now_us);
void mux_note_starved(struct mux_stream *stream, uint64_t now_us);
void mux_note_ack(struct mux_stream *stream, uint64_t now_us);
void mux_stream_try_move(struct mux_stream *stream, uint64_t now_us);
void mux_sweep_moves(struct mux_stream *stream, uint64_t now_us);

/* ---- resume.c ---- */
void mux_resume_all(struct mux *mux); /* as many as the carriers take now */
void mux_give_up_suspended(struct mux *mux, uint64_t now_us);
void mux_stream_note_suspension(struct mux_stream *stream);
/* The stream may have become whole, moved, suspended or able to send: looks at its rules. False: it is over. */
bool mux_stream_settle(struct mux_stream *stream);

/* ---- outcomes.c ---- */
/* Remembers it by the outcome's carrier, or until there is one to send ENDED by. Without memory it is forgotten at
 * once: if the last frame is lost, the peer's RESUME is answered by ENDED without an outcome, and its stream is reset.
 */
void mux_remember(struct mux *mux, uint32_t number, struct stream_outcome outcome);
void mux_repeat_outcomes(struct mux *mux);                               /* of orphans, when there is a carrier again */
void mux_orphan_outcomes(struct mux_carrier *carrier);                   /* it is lost */
void mux_confirm_outcomes(struct mux_carrier *carrier, uint64_t now_us); /* by PING, if there are some */
void mux_answer_resume(struct mux_carrier *carrier, uint32_t number);    /* of a stream that is not live */
void mux_forget_all(struct mux *mux);

#endif

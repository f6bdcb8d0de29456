/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stream_rules: the rules of docs/carriers.md for one end of one stream, and nothing else.
 *
 * A small value that takes frames and says what to send: the world round it (test_carriers.c) moves frames, breaks
 * carriers and lets clients and destinations act, in every order. Owns nothing; all zero but what stream_begin sets, so
 * that two equal ends compare equal byte by byte.
 * States: new -> opening -> open -> over; suspended is beside opening and open.
 */
#ifndef MUNNEL_TESTS_STREAM_RULES_H
#define MUNNEL_TESTS_STREAM_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NO_CARRIER = -1,
    CARRIERS = 4,
    EXCLUSIVE = 1 /* the number of the one exclusive carrier; the others are shared */
};

enum stream_side { SERVER, AGENT };

enum carried_type {
    CARRIED_OPEN = 1,
    CARRIED_OPENED,
    CARRIED_REFUSED,
    CARRIED_DATA, /* one byte, for the model: its position */
    CARRIED_FIN,  /* takes a position, as in TCP */
    CARRIED_RESET,
    CARRIED_ACK,      /* the position up to which all was taken */
    CARRIED_CONTINUE, /* epoch, position: from here on this direction is on this carrier */
    CARRIED_RESUME,   /* epoch, position up to which all was taken: send on from there, on this carrier */
    CARRIED_ENDED,    /* how the stream ended here */
    CARRIED_PING,
    CARRIED_PONG
};

struct carried_frame {
    uint8_t type, epoch;
    uint8_t value; /* position, or enum stream_how */
};

enum stream_state { STREAM_NEW, STREAM_OPENING, STREAM_OPEN, STREAM_OVER };

enum stream_how {
    HOW_NOT,
    HOW_WHOLE,
    HOW_RESET,
    HOW_REFUSED,
    HOW_UNKNOWN,  /* agent: its OPEN had not come, and will not count any more */
    HOW_ELSEWHERE /* server: the agent never saw it, so another agent gets it */
};

struct stream {
    uint8_t state, side, how;
    /* what goes out */
    int8_t out;            /* the carrier; NO_CARRIER while suspended */
    uint8_t next, highest; /* position of the next byte; and what it was at most: a resumption goes back */
    uint8_t acked, moved_at;
    bool sent_fin;
    /* what comes in */
    int8_t in, in_next; /* the carrier; and the exclusive one that follows once all before it was taken */
    uint8_t in_next_at; /* from this position on */
    uint8_t taken, acked_by_us;
    int8_t acked_on; /* the carrier of our last ACK */
    bool got_fin;
    /* resumption */
    uint8_t epoch; /* counts them */
    bool is_suspended, got_resume;
    int8_t resumed_on; /* the carrier of our RESUME, until its answer; NO_CARRIER: it has still to be sent */
    /* after the end */
    int8_t last_on; /* the carrier of the last frame; if it breaks before a PONG, ENDED is sent on another one */
    bool is_confirmed;
};

/* What a call wants sent on the carrier that the frame came from, in this order. */
struct carried_replies {
    struct carried_frame frames[3];
    int count;
};

void stream_begin(struct stream *stream, enum stream_side side);

/* NULL; or what the peer has done wrong, for which a real end would close the carrier. */
const char *stream_take(struct stream *stream, int carrier, struct carried_frame frame,
                        struct carried_replies *replies);
bool stream_reads(const struct stream *stream, int carrier); /* false: CONTINUE came first, and waits for the rest */

void stream_open(struct stream *stream, int carrier);
struct carried_frame stream_connected(struct stream *stream); /* agent */
bool stream_may_send(const struct stream *stream, unsigned window);
struct carried_frame stream_send(struct stream *stream, bool is_fin);
bool stream_may_ack(const struct stream *stream);
struct carried_frame stream_ack(struct stream *stream);
/* To the exclusive carrier at any time, from there only when all was acknowledged; and never before the peer has taken
 * something from the present one, so that no two moves are under way. */
bool stream_may_move(const struct stream *stream, int carrier);
struct carried_frame stream_move(struct stream *stream, int carrier);
void stream_end(struct stream *stream, enum stream_how how, int carrier);

/* The carrier is gone. Afterwards stream_must_resume, or for one that is over stream_must_repeat_end, says whether a
 * frame has to go out on another one. */
void stream_lose(struct stream *stream, int carrier);
bool stream_must_resume(const struct stream *stream);
struct carried_frame stream_resume(struct stream *stream, int carrier);
bool stream_must_repeat_end(const struct stream *stream, const bool lost[CARRIERS]);
struct carried_frame stream_repeat_end(struct stream *stream, int carrier);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * liveness: does an agent still answer? A frozen one keeps its connections, and its kernel acknowledges what is sent.
 *
 * An agent is pinged on its control link when it has joined and when it is given a client, at most each 250 ms. A pong
 * that takes three times as long as usual, and LIVENESS_LEAST_US at least, makes the agent silent: it is the last
 * choice for clients, what they send first is held back from it, and clients with it of which nothing was sent are
 * taken back. Any pong or OPENED that was sent since makes it well again.
 *
 * LIVENESS_LEAST_US: TCP repeats a packet that was lost after 200 to 300 ms; that alone must not look like silence.
 * Runs on: the control thread. Owns: its timer. Times are clock_us().
 * States of an agent: well -> asked -> well | silent -> well.
 */
#ifndef MUNNEL_SERVER_SESSION_LIVENESS_H
#define MUNNEL_SERVER_SESSION_LIVENESS_H

#include "lib/log/log.h"

#include <stdbool.h>
#include <stdint.h>

enum { LIVENESS_LEAST_US = 500000, LIVENESS_UNKNOWN_US = 1000000 /* before the first pong, as RFC 6298 has it */ };

struct session_table;
struct event_base;
struct session;
struct liveness;

struct liveness_options {
    struct event_base *base;
    const struct session_table *agents;
    struct log *log;
    void (*ping)(void *context, struct session *session);
    void (*on_silent)(void *context, struct session *session);
    void (*on_well)(void *context, struct session *session);
    void *context;
};

struct answers {           /* of one session; all zero at first */
    uint64_t asked_us;     /* the oldest ping without an answer; 0: none */
    uint64_t last_ping_us; /* of those that were sent because of a client */
    uint64_t smoothed_us;  /* the usual time for an answer, as RFC 6298 smooths it; 0: none yet */
    bool wants_ping;       /* it joined, or was given a client, since the last one */
    bool is_silent;
    struct log_limit lines;
};

uint64_t answers_limit_us(const struct answers *answers); /* from here on a ping is late */
void answers_note(struct answers *answers, uint64_t took_us);

struct liveness *liveness_new(const struct liveness_options *options); /* NULL when out of memory */
void liveness_free(struct liveness *liveness);

void liveness_check(struct liveness *liveness, struct session *session,
                    uint64_t now_us); /* it joined, or has a client */
void liveness_pong(struct liveness *liveness, struct session *session, uint64_t pinged_us);
void liveness_opened(struct liveness *liveness, struct session *session, uint64_t opened_us);

#endif

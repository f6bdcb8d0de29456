/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * liveness: finds agents whose process has stopped: their kernel still acknowledges what is sent, so TCP sees nothing.
 *
 * An agent gets a PING on its control link when it has joined and when it is given a client, at most each 250 ms. When
 * no PONG comes within three times the usual time, and LIVENESS_LEAST_US at least, the agent is silent: it is the last
 * choice for clients, their first bytes are not sent to it, and its clients of which nothing was sent are taken back
 * where another agent can have them. Any PONG, or an OPENED sent since, ends that.
 *
 * LIVENESS_LEAST_US: TCP retransmits a lost packet after 200 to 300 ms; that alone must not look like silence.
 * Runs on: the control thread. Owns: its timer. Times are clock_us().
 * States of an agent: responsive -> pinged -> responsive | silent -> responsive.
 */
#ifndef MUNNEL_SERVER_SESSION_LIVENESS_H
#define MUNNEL_SERVER_SESSION_LIVENESS_H

#include "lib/log/log.h"

#include <stdbool.h>
#include <stdint.h>

enum { LIVENESS_LEAST_US = 500000, LIVENESS_UNKNOWN_US = 1000000 /* before the first PONG, as RFC 6298 */ };

struct recent_events;
struct session_table;
struct event_base;
struct session;
struct liveness;

struct liveness_options {
    struct event_base *base;
    const struct session_table *agents;
    struct log *log;
    struct recent_events *events;                         /* NULL: none */
    bool (*ping)(void *context, struct session *session); /* false: out of memory, nothing is sent */
    void (*on_silent)(void *context, struct session *session);
    void *context;
};

struct liveness_state {    /* of one session; all zero at first */
    uint64_t pinged_us;    /* when the oldest unanswered PING was sent; 0: none */
    uint64_t last_ping_us; /* the last PING sent by this module */
    uint64_t srtt_us;      /* smoothed round-trip time, as RFC 6298; 0: none yet */
    bool wants_ping;       /* it joined, or was given a client, since the last PING */
    bool is_silent;
    struct log_limit lines;
};

uint64_t liveness_limit_us(const struct liveness_state *state); /* a PONG is late after this */
void liveness_note_rtt(struct liveness_state *state, uint64_t rtt_us);

struct liveness *liveness_new(const struct liveness_options *options); /* NULL when out of memory */
void liveness_free(struct liveness *liveness);

/* It has joined, or was given a client. */
void liveness_check(struct liveness *liveness, struct session *session, uint64_t now_us);
void liveness_pong(struct liveness *liveness, struct session *session, uint64_t pinged_us);
void liveness_opened(struct liveness *liveness, struct session *session, uint64_t opened_us);

#endif

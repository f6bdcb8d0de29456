/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * upstream_priv: the struct of an upstream, and what its files do for each other.
 *
 * States: connecting (connect_attempt.c) -> working -> waiting -> connecting ...; connecting -> waiting; any -> ended.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_UPSTREAM_PRIV_H
#define MUNNEL_AGENT_UPSTREAM_UPSTREAM_PRIV_H

#include "admin/recent_events.h"
#include "agent/upstream/connect_attempt.h"
#include "agent/upstream/session_list.h"
#include "agent/upstream/upstream.h"

enum upstream_state { WAITING, CONNECTING, WORKING, ENDED, STATES };

struct upstream {
    const struct upstream_parts *parts;
    enum upstream_state state;
    struct endpoint endpoint;
    char who[ENDPOINT_HOST + 32];
    const char *text; /* "host:port", within `who` */
    struct token token;
    struct trust *trust;
    const struct proxy *proxy; /* NULL: directly */
    struct connect_attempt attempt;
    struct event *timer;
    struct backoff backoff;
    struct failure_log failure_log;
    bool accepted_before;
    bool waits_for_network;          /* waiting: the next attempt may come sooner when the network changes */
    uint64_t attempted_ms;           /* when the last attempt began */
    unsigned tried_password;         /* by it: proxy->password_changes */
    uint64_t hasten_until_ms;        /* after a goaway: the server that replaces this one is about to listen */
    char server[PROTO_INSTANCE_HEX]; /* the instance that answered last; "" at first */
    struct session_list sessions;
    struct publisher publisher;
    /* For upstream_read(). */
    enum upstream_condition condition;
    uint64_t condition_us, failed_us; /* since when; when `failed` was noted, 0: nothing failed */
    struct failure failed;            /* the last one */
};

/* ---- upstream_retry.c: when the next attempt is made ---- */

bool upstream_init_attempts(struct upstream *upstream, unsigned index); /* false: out of memory */
/* With what people are shown of it, so that both agree: it is connected in WORKING, and in no other state. */
void upstream_set_state(struct upstream *upstream, enum upstream_state state, enum upstream_condition condition);
void upstream_start_attempt(struct upstream *upstream);
/* The next wait of its back-off, to which waits of more weight have their own longest. */
unsigned upstream_next_wait_ms(struct upstream *upstream, enum failure_weight weight);
/* Then an attempt is made; the second: or sooner, when the network changes. */
void upstream_wait(struct upstream *upstream, unsigned ms, enum upstream_condition condition);
void upstream_wait_for_network(struct upstream *upstream, unsigned ms, enum upstream_condition condition);
bool upstream_is_served_by_another(const struct upstream *upstream); /* the server that answered last */

/* ---- upstream_view.c: what upstream_read() shows ---- */

void upstream_note_failed(struct upstream *upstream, const struct failure *failure);
void upstream_add_event(const struct upstream *upstream, enum event_severity severity, const char *what,
                        const char *detail); /* to the recent events */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_user: what sessions call of the agent's visits (agent/visits.h); `session` is a tag.
 * Runs on: the control thread.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_VISIT_USER_H
#define MUNNEL_AGENT_UPSTREAM_VISIT_USER_H

#include "proto/visits.h"

#include <stdint.h>

struct visit_server_name {
    const char *who;    /* "server host:port" */
    const char *digits; /* the first of its instance, by which the ids of its relays begin */
};

struct visit_user {
    const char *names; /* the `visit` that each server gets */
    /* It has a control link, and its server is asked, if it knows visits. */
    void (*on_connected)(void *context, uint64_t session, const struct visit_server_name *server, bool is_known);
    void (*on_states)(void *context, uint64_t session, const struct visit_state *states, size_t count);
    void (*on_refused)(void *context, uint64_t session, const struct visit_refused *refused);
    void (*on_lost)(void *context, uint64_t session); /* it has no control link any more; may come again */
    void *context;
};

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_admin: what munnel-agent shows of itself, and what can be changed while it runs, on a Unix socket;
 * docs/openapi-agent.yaml has the contract.
 *
 * Runs on: the control thread; no handler blocks, or takes a time that depends on the number of relays. Owns: the HTTP
 * server, requests that wait for the data plane, event streams. States: new -> listening -> freed.
 */
#ifndef MUNNEL_AGENT_ADMIN_AGENT_ADMIN_H
#define MUNNEL_AGENT_ADMIN_AGENT_ADMIN_H

#include "agent/agent.h"

#include <time.h>

struct agent_admin;

struct agent_admin_options { /* all outlive it */
    struct loop *loop;
    struct log *log;
    struct recent_events *events; /* it becomes their reader */
    struct agent *agent;
    const struct agent_options *configuration;
    const struct agent_settings *settings; /* its own */
    time_t started_at;
};

struct agent_admin *agent_admin_new(const struct agent_admin_options *options,
                                    struct error *error); /* NULL with error */
void agent_admin_free(struct agent_admin *admin);         /* NULL is fine */
/* As admin.socket has it; see operations.h for what is no error. Where another process answers, it listens when that
 * has ended. 0 or -1. */
int agent_admin_listen(struct agent_admin *admin, struct error *error);

/* Events of the plane. NULL is fine. */
void agent_admin_on_relay_views(struct agent_admin *admin, const struct relay_answer *answer);
void agent_admin_on_relay_ended(struct agent_admin *admin, uint64_t ticket, bool found);

#endif

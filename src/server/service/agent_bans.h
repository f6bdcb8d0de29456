/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_bans: bans that agents ask for. They are obeyed for the services alone that the agent serves and whose
 * configuration lets it (agent_bans); what else it asks for is ignored, counted and logged.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_AGENT_BANS_H
#define MUNNEL_SERVER_SERVICE_AGENT_BANS_H

#include "server/service/bans.h"
#include "server/service/service.h"

#include <jansson.h>

struct agent_bans {
    struct bans *bans;
    const struct service_list *services;
    struct log *log;
    struct recent_events *events; /* NULL: none */
};

/* The members of a `bans` of this session. 0, or -1 with `error` if it is malformed, and nothing has changed. */
int agent_bans_take(const struct agent_bans *agent_bans, struct session *session, const json_t *json,
                    struct error *error);

#endif

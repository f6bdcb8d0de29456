/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_sender: tells the server of a session the bans of this agent, of the services that it lets the agent ban for: all
 * of them when services are announced, then each change. A message has some, and one is sent each BANS_INTERVAL_MS at
 * most, far below what the server closes a control link for.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_BAN_SENDER_H
#define MUNNEL_AGENT_UPSTREAM_BAN_SENDER_H

#include "relay/plane.h"

enum { BANS_INTERVAL_MS = 250, BANS_SERVICES_MOST = 1024 /* of a session, for which bans are sent */ };

struct services;

struct ban_sender {           /* all zero: nothing is sent yet */
    uint64_t serial;          /* up to this one all are sent */
    uint64_t partial_serial;  /* of the one that is sent up to this service; 0: none is */
    uint32_t partial_service; /* its id */
    uint64_t sent_ms;
};

void ban_sender_restart(struct ban_sender *sender); /* everything is sent again */
void ban_sender_send(struct services *services);    /* what is due, once the table is answered */
/* Does its server let this agent ban for a service of this name, or (NULL) for any? *is_known: one has this name. */
bool ban_sender_may_ban(const struct services *services, const char *service, bool *is_known);

#endif

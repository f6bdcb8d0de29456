/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dispatch: the way of a client: to an agent's idle link, among the waiting, to the next agent, out.
 * Runs on: the control thread. Owns: clients from accept to end, while the plane has not got them.
 */
#ifndef MUNNEL_SERVER_SERVICE_DISPATCH_H
#define MUNNEL_SERVER_SERVICE_DISPATCH_H

#include "server/server_priv.h"

/* A client that belongs to nobody: serves it, or lets it wait, or ends it. client->place is its service. */
void dispatch_client(struct server *server, struct client *client);
/* The plane gives it back: over, or to be tried again. */
void dispatch_client_back(struct server *server, struct client *client);
/* A session has one more idle link. */
void dispatch_link_idle(struct server *server, struct session *session, struct link_ref link);
/* Some time has passed: ends who has waited too long, and looks at the others again. */
void dispatch_tick(struct server *server);
/* Ends all that wait, with this reason. */
/* Who waits now does so until then at most: agents that were sent away dial no more links. */
void dispatch_limit_waits(struct server *server, uint64_t until_us);
void dispatch_end_waiting(struct server *server, enum relay_reason reason);

#endif

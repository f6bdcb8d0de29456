/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * registry: how agents come into service and leave it.
 * Runs on: the control thread. Owns: nothing; sessions belong to session_table.h.
 */
#ifndef MUNNEL_SERVER_SERVICE_REGISTRY_H
#define MUNNEL_SERVER_SERVICE_REGISTRY_H

#include "server/server_priv.h"

/* Replaces a session of the same name and instance, and offers the new one to all services. NULL when out of memory. */
struct session *registry_admit(struct server *server, const struct session_options *options);
/* No more clients for it; what runs goes on. */
void registry_drain(struct server *server, struct session *session);
/* Ends the session and its idle links; its relays run on, under review (revocation.h). `words` is what the log says. */
void registry_dismiss(struct server *server, struct session *session, const char *words, const char *why);
/* Ends a session, or what is left of a retired one, with all its links, whatever they carry, and frees it. False: not
 * now, for want of memory. */
bool registry_disconnect(struct server *server, struct session *session, const char *why);
void registry_send_goaway(struct server *server); /* each agent is to seek another session; what runs goes on */
void registry_dismiss_all(struct server *server, const char *why); /* each is told */

#endif

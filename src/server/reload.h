/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reload: certificate, key, CA, CRL and the agents file, read at start and when they change; and on SIGHUP these and
 * munnel.json with all that it includes, together. Files that cannot be used change nothing.
 * Runs on: the control thread. Owns: its events and watches; server->policy, which it sets, belongs to the server.
 */
#ifndef MUNNEL_SERVER_RELOAD_H
#define MUNNEL_SERVER_RELOAD_H

#include "lib/base/error.h"

#include <stdbool.h>

struct reload;
struct server;

struct reload *reload_new(struct server *server); /* NULL when out of memory */
void reload_free(struct reload *reload);

int reload_first(struct reload *reload, struct error *error); /* reads all; 0 or -1 */
/* Checks for changes every second from now on. -1 if the files are unreadable now that privileges were dropped. */
int reload_open(struct reload *reload, struct error *error);

/* Logs that any agent may join, or none can. */
void reload_warn_of_agents(const struct reload *reload);
void reload_request(struct reload *reload); /* SIGHUP: soon, and once a second at most */
void reload_check(struct reload *reload);   /* the check of every second */
/* True if the agents file has changed and was read: an agent may connect before the next check of every second. */
bool reload_agents(struct reload *reload);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reload: munnel.json with all that it includes, certificates and the agents file are read again and put into force
 * together, on SIGHUP or when administration asks for it; what cannot be used changes nothing.
 *
 * A reload may wait for its confirmation: without it the configuration before comes back by itself. Meanwhile others
 * are refused, those by SIGHUP, too. Files are read on another thread, but for those to which it goes back.
 * Runs on: the control thread. Owns: its events, what waits to come back.
 */
#ifndef MUNNEL_SERVER_RELOAD_H
#define MUNNEL_SERVER_RELOAD_H

#include "server/admin/configuration.h"

struct reload;
struct server;

struct reload *reload_new(struct server *server); /* server->background is there. NULL when out of memory */
void reload_free(struct reload *reload);          /* after background_free */

/* Checks for changes every second from now on. -1 if the files are unreadable now that privileges were dropped. */
int reload_open(struct reload *reload, struct error *error);
void reload_request(struct reload *reload);       /* SIGHUP: soon, and once a second at most */
void reload_check(struct reload *reload);         /* the check of every second */
bool reload_is_idle(const struct reload *reload); /* nothing is being read, or waits for that */

/* What administration asks; the port lives as long as `reload`. */
struct config_port reload_port(struct reload *reload);
const struct config_state *reload_state(const struct reload *reload);
void reload_change(struct reload *reload, const struct config_order *order);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * supply: keeps as many idle data links per agent as its clients will need, and orders what waiting clients need now.
 *
 * Nothing is sent at once: sessions are marked, and at the end of the loop's turn each gets one message at most. While
 * clients wait only their links are ordered, so that nothing stands in the way of these, and fewer of them, at first,
 * where many links come back from other clients: a burst of short ones needs hardly any link of its own.
 * Runs on: the control thread. Owns: its list of marks.
 */
#ifndef MUNNEL_SERVER_SERVICE_SUPPLY_H
#define MUNNEL_SERVER_SERVICE_SUPPLY_H

#include "server/server_priv.h"

struct supply;

struct supply *supply_new(struct server *server); /* NULL when out of memory */
void supply_free(struct supply *supply);
void supply_mark(struct supply *supply, struct session *session); /* its idle links have become fewer */
void supply_call(struct supply *supply);                          /* clients wait */
void supply_turn(struct supply *supply);                          /* orders; runs by itself at the end of the turn */
void supply_tick(struct supply *supply); /* once a second: requests that went unheard, links that are too many */

#endif

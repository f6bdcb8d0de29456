/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * supply: keeps as many idle data links per agent as its clients will need, and orders what waiting clients need now.
 *
 * Nothing is sent at once: sessions are marked, and at the end of the loop's turn each gets one message at most. While
 * clients wait only their links are ordered, so that spare links do not delay these; and at first fewer of them where
 * many links return from other clients: a burst of short ones needs few links of its own.
 * Runs on: the control thread. Owns: its list of marks.
 */
#ifndef MUNNEL_SERVER_SERVICE_SUPPLY_H
#define MUNNEL_SERVER_SERVICE_SUPPLY_H

#include "conf/server_config.h"
#include "relay/plane.h"
#include "server/service/service.h"
#include "server/session/session_table.h"

struct supply;

struct supply_options {
    struct event_base *base;
    const struct server_config *conf;
    struct plane *plane;
    struct session_table *sessions;
    const struct service_list *services;
};

struct supply *supply_new(const struct supply_options *options); /* NULL when out of memory */
void supply_free(struct supply *supply);
void supply_mark(struct supply *supply, struct session *session); /* its idle links have become fewer */
void supply_call(struct supply *supply);                          /* clients wait */
void supply_turn(struct supply *supply);                          /* orders; runs by itself at the end of the turn */
void supply_tick(struct supply *supply); /* once a second: repeats expired orders, closes excess links */

/* The data links of all sessions. Each relay has one, so that their limit leaves descriptors for as many clients. */
void supply_set_limit(struct supply *supply, size_t limit);
size_t supply_count(const struct supply *supply);
bool supply_has_room(const struct supply *supply);
void supply_link_accepted(struct supply *supply, struct session *session, struct link_ref link); /* not idle yet */
void supply_link_idle(struct supply *supply, struct link_ref link);
void supply_link_gone(struct supply *supply, struct link_ref link, bool was_data); /* was_data: accepted as such */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ended_relays: the last ENDED_RELAYS_MOST relays that have ended, for people who ask what became of one.
 *
 * A ring of fixed memory, 900 KiB, of which the kernel gives what was used; an end costs no allocation.
 * Runs on: one thread, its owner's. Owns: its views.
 */
#ifndef MUNNEL_RELAY_ENDED_RELAYS_H
#define MUNNEL_RELAY_ENDED_RELAYS_H

#include "relay/relay_view.h"

struct client;
struct ended_relays;

enum { ENDED_RELAYS_MOST = RELAY_VIEWS_MOST };

struct ended_relays *ended_relays_new(void); /* NULL: out of memory */
void ended_relays_free(struct ended_relays *ended);

/* Server: a client that has ended, with its reason, `by` and detail. */
void ended_relays_add_client(struct ended_relays *ended, const char *instance, const struct client *client);
/* Agent: for the record of a relay; id, client, up and down are the record's, the rest is set by the caller. */
struct relay_view *ended_relays_add(struct ended_relays *ended, const struct record *record, uint64_t ended_us);

size_t ended_relays_count(const struct ended_relays *ended);
const struct relay_view *ended_relays_at(const struct ended_relays *ended, size_t index);     /* 0: the newest */
const struct relay_view *ended_relays_find(const struct ended_relays *ended, const char *id); /* NULL: not there */
/* The first of those that match, query->limit at most, in the order of the query; returns how many there are in
 * `views`, and in *matching how many match. The id of the query is not looked at. */
size_t ended_relays_query(const struct ended_relays *ended, const struct relay_query *query,
                          const struct relay_view *views[ENDED_RELAYS_MOST], size_t *matching);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carriers: how many data links a session has on each relay thread of the server, how many more are let in or asked
 * for, and which thread gets the next client. What it was asked for and has not dialled is forgotten after
 * CARRIERS_EXPIRE_MS.
 * Runs on: the control thread. Owns: its table. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SESSION_CARRIERS_H
#define MUNNEL_SERVER_SESSION_CARRIERS_H

#include "relay/plane.h"

#include <stddef.h>

enum { CARRIERS_EXPIRE_MS = 3000 };

struct link_count {
    size_t limit, count; /* from plane_accept_data on, until the plane reports that the link failed or is gone */
};

size_t link_count_room(const struct link_count *links);
void link_count_accepted(struct link_count *links);
void link_count_gone(struct link_count *links);

struct carrier_group;

struct carriers {
    unsigned threads, next, ready; /* ready: threads with a shared one */
    size_t count;                  /* of those that carry streams */
    struct carrier_group *groups;
};

bool carriers_init(struct carriers *carriers, unsigned threads); /* false: out of memory */
void carriers_done(struct carriers *carriers);

/* The server_thread of a role is below `threads`. There is room for a shared one beyond the limit, until the plane has
 * closed the one that gives way to it, or itself. */
bool carriers_has_room(const struct carriers *carriers, const struct carrier_role *role);
void carriers_accepted(struct carriers *carriers, const struct carrier_role *role);
void carriers_accept_failed(struct carriers *carriers, const struct carrier_role *role);
void carriers_added(struct carriers *carriers, const struct carrier_role *role); /* an accepted one */
void carriers_removed(struct carriers *carriers, const struct carrier_role *role);

bool carriers_has_shared(const struct carriers *carriers, unsigned thread); /* one that carries streams */
/* The next thread in turn that has a shared one; at least one has (ready > 0). */
unsigned carriers_take_thread(struct carriers *carriers);
/* So many the agent is to be asked for now, `wanted` at most: less what it was asked for and has not dialled yet. */
unsigned carriers_ask(struct carriers *carriers, const struct carrier_role *role, unsigned wanted, uint64_t now_us);
size_t carriers_count(const struct carriers *carriers, bool is_exclusive); /* that carry streams */
/* How many the agent will dial soon: one for each thread without a shared one, and those that it was asked for. */
size_t carriers_expected(const struct carriers *carriers, uint64_t now_us);

#endif

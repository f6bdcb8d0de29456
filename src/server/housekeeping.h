/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * housekeeping: what the server does by time (deadlines, retries, the status for the service manager), how it stops,
 * and its line on what is live. Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_HOUSEKEEPING_H
#define MUNNEL_SERVER_HOUSEKEEPING_H

#include "lib/base/error.h"

struct event;
struct server;

struct event *housekeeping_new(struct server *server); /* the server's tick; NULL when out of memory */
int housekeeping_start(struct server *server, struct error *error);

/* Callbacks; their context is the struct server. */
void housekeeping_tick_fast(void *server);     /* a client waits: its deadline needs the tick every 100 ms */
void housekeeping_check_stopped(void *server); /* a client has left: ends the loop if it was the last one of a stop */

void housekeeping_stop(struct server *server); /* first call: relays may finish; second: at once */
void housekeeping_log_live(struct server *server);

#endif

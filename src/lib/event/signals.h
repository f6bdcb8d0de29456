/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * signals: calls a function on the loop for each signal of a table. libevent turns signals into events, so that the
 * functions run outside the signal handler and may do anything.
 * Runs on: the thread of the event base. Owns: its events; the table must live as long.
 */
#ifndef MUNNEL_LIB_EVENT_SIGNALS_H
#define MUNNEL_LIB_EVENT_SIGNALS_H

#include <event2/event.h>
#include <stddef.h>

struct signal_action {
    int number; /* SIGTERM ... */
    void (*act)(void *context);
};

struct signals;

struct signals *signals_new(struct event_base *base, const struct signal_action *actions, size_t count,
                            void *context); /* NULL: out of memory, or an event cannot be added */
void signals_free(struct signals *signals); /* restores the former handlers; NULL is fine */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * signals: what the program is asked to do from outside, by what it means. The functions run on the loop, outside any
 * signal handler, and may do anything.
 * Runs on: the thread of the event base. Owns: its events. One .c per system behind it; one object in a process.
 */
#ifndef MUNNEL_LIB_EVENT_SIGNALS_H
#define MUNNEL_LIB_EVENT_SIGNALS_H

#include <event2/event.h>

struct signal_actions {
    void (*stop)(void *context);       /* SIGTERM, SIGINT; on Windows Ctrl-C, the console's end, a service's stop */
    void (*reload)(void *context);     /* SIGHUP; on Windows a service's "paramchange" */
    void (*reopen_log)(void *context); /* SIGUSR1; on Windows a service's control 128 */
};

struct signals;

/* An action that is asked for several times before the loop runs may be called once or as often. NULL: out of memory,
 * or an event cannot be added. */
struct signals *signals_new(struct event_base *base, const struct signal_actions *actions, void *context);
void signals_free(struct signals *signals); /* restores the former handlers; NULL is fine */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * signals: what the system's signals mean to the agent.
 * Runs on: the control thread. Owns: its events.
 */
#include "config.h"

#include "agent/signals.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

struct signals {
    struct agent *agent;
    struct housekeeping *vitals;
    struct event *events[4];
};

static void on_end(evutil_socket_t number, short what, void *context) {
    const struct signals *signals = context;

    (void)number, (void)what;
    housekeeping_stop(signals->vitals);
    agent_end(signals->agent);
}

static void on_reopen(evutil_socket_t number, short what, void *context) {
    const struct signals *signals = context;

    (void)number, (void)what;
    housekeeping_reload(signals->vitals);
}

static void on_live(evutil_socket_t number, short what, void *context) {
    const struct signals *signals = context;

    (void)number, (void)what;
    agent_log_live(signals->agent);
}

static const struct {
    int number;
    event_callback_fn callback;
} MEANINGS[] = {{SIGTERM, on_end}, {SIGINT, on_end}, {SIGHUP, on_reopen}, {SIGUSR1, on_live}};

enum { MEANING_COUNT = sizeof MEANINGS / sizeof MEANINGS[0] };

struct signals *signals_new(struct loop *loop, struct agent *agent, struct housekeeping *vitals) {
    struct signals *signals = calloc(1, sizeof *signals);

    if (signals == NULL)
        return NULL;
    signals->agent = agent;
    signals->vitals = vitals;
    for (int i = 0; i < MEANING_COUNT; i++) {
        signals->events[i] = evsignal_new(loop_base(loop), MEANINGS[i].number, MEANINGS[i].callback, signals);
        if (signals->events[i] == NULL || evsignal_add(signals->events[i], NULL) != 0) {
            signals_free(signals);
            return NULL;
        }
    }
    return signals;
}

void signals_free(struct signals *signals) {
    if (signals == NULL)
        return;
    for (int i = 0; i < MEANING_COUNT; i++)
        if (signals->events[i] != NULL)
            event_free(signals->events[i]);
    free(signals);
}

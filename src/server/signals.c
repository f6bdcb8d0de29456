/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * signals: see signals.h. libevent turns a signal into an event of the control loop, so that nothing runs in a handler.
 * Runs on: the control thread. Owns: its events.
 */
#include "config.h"

#include "server/signals.h"

#include <signal.h>
#include <stdlib.h>

static const struct {
    int number;
    void (*act)(struct server *server);
} actions[] = {
    {SIGTERM, server_stop},
    {SIGINT, server_stop},
#ifdef SIGHUP
    {SIGHUP, server_reload},
    {SIGUSR1, server_log_live},
#endif
};
enum { ACTIONS = sizeof actions / sizeof *actions };

struct signals {
    struct server *server;
    struct event *events[ACTIONS];
};

static void on_signal(evutil_socket_t number, short what, void *context) {
    struct signals *signals = context;

    (void)what;
    for (int i = 0; i < ACTIONS; i++)
        if (actions[i].number == (int)number)
            actions[i].act(signals->server);
}

struct signals *signals_new(struct server *server) {
    struct signals *signals = calloc(1, sizeof *signals);

    if (!signals)
        return NULL;
    signals->server = server;
    for (int i = 0; i < ACTIONS; i++) {
        signals->events[i] = evsignal_new(loop_base(server->loop), actions[i].number, on_signal, signals);
        if (!signals->events[i] || event_add(signals->events[i], NULL)) {
            signals_free(signals);
            return NULL;
        }
    }
    return signals;
}

void signals_free(struct signals *signals) {
    if (!signals)
        return;
    for (int i = 0; i < ACTIONS; i++)
        if (signals->events[i])
            event_free(signals->events[i]);
    free(signals);
}

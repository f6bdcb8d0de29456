/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* signals_posix: see signals.h. libevent turns signals into events. */
#include "config.h"

#include "lib/event/signals.h"

#include <signal.h>
#include <stdlib.h>

static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

struct signals {
    struct signal_actions actions;
    void *context;
    struct event *events[NUMBERS];
};

static void on_signal(evutil_socket_t number, short what, void *context) {
    const struct signals *signals = context;

    (void)what;
    if (number == SIGHUP)
        signals->actions.reload(signals->context);
    else if (number == SIGUSR1)
        signals->actions.reopen_log(signals->context);
    else
        signals->actions.stop(signals->context);
}

struct signals *signals_new(struct event_base *base, const struct signal_actions *actions, void *context) {
    struct signals *signals = calloc(1, sizeof *signals);

    if (!signals)
        return NULL;
    signals->actions = *actions;
    signals->context = context;
    for (size_t i = 0; i < NUMBERS; i++) {
        signals->events[i] = evsignal_new(base, numbers[i], on_signal, signals);
        if (!signals->events[i] || evsignal_add(signals->events[i], NULL)) {
            signals_free(signals);
            return NULL;
        }
    }
    return signals;
}

void signals_free(struct signals *signals) {
    if (!signals)
        return;
    for (size_t i = 0; i < NUMBERS; i++)
        if (signals->events[i])
            event_free(signals->events[i]);
    free(signals);
}

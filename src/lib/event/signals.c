/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* signals: see signals.h. */
#include "config.h"

#include "lib/event/signals.h"

#include <stdlib.h>

struct signals {
    const struct signal_action *actions;
    size_t count;
    void *context;
    struct event *events[];
};

static void on_signal(evutil_socket_t number, short what, void *context) {
    const struct signals *signals = context;
    (void)what;
    for (size_t i = 0; i < signals->count; i++)
        if (signals->actions[i].number == (int)number)
            signals->actions[i].act(signals->context);
}

struct signals *signals_new(struct event_base *base, const struct signal_action *actions, size_t count, void *context) {
    struct signals *signals = calloc(1, sizeof *signals + count * sizeof signals->events[0]);
    if (!signals)
        return NULL;
    signals->actions = actions;
    signals->count = count;
    signals->context = context;
    for (size_t i = 0; i < count; i++) {
        signals->events[i] = evsignal_new(base, actions[i].number, on_signal, signals);
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
    for (size_t i = 0; i < signals->count; i++)
        if (signals->events[i])
            event_free(signals->events[i]);
    free(signals);
}

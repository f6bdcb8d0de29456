/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* signals_windows: see signals.h. Windows asks on threads of its own, which wake the loop by a pair of sockets. */
#include "config.h"

#include "lib/event/signals.h"

#include "lib/net/sock.h"
#include "lib/os/program_requests.h"

#include <stdlib.h>

struct signals {
    struct signal_actions actions;
    void *context;
    evutil_socket_t ends[2];
    struct event *event;
};

static void on_wake(evutil_socket_t end, short what, void *context) {
    const struct signals *signals = context;
    const struct signal_actions *actions = &signals->actions;

    (void)what;
    sock_wake_clear(end);
    if (program_requests_take(PROGRAM_STOP))
        actions->stop(signals->context);
    if (program_requests_take(PROGRAM_RELOAD))
        actions->reload(signals->context);
    if (program_requests_take(PROGRAM_REOPEN_LOG))
        actions->reopen_log(signals->context);
}

static void wake(void *context) {
    const struct signals *signals = context;

    sock_wake(signals->ends[1]);
}

struct signals *signals_new(struct event_base *base, const struct signal_actions *actions, void *context) {
    struct signals *signals = calloc(1, sizeof *signals);

    if (!signals)
        return NULL;
    *signals = (struct signals){.actions = *actions, .context = context, .ends = {-1, -1}};
    if (sock_wake_pair(signals->ends) == 0)
        signals->event = event_new(base, signals->ends[0], EV_READ | EV_PERSIST, on_wake, signals);
    if (!signals->event || event_add(signals->event, NULL)) {
        signals_free(signals);
        return NULL;
    }
    program_requests_receive(wake, signals);
    return signals;
}

void signals_free(struct signals *signals) {
    if (!signals)
        return;
    program_requests_receive(NULL, NULL);
    if (signals->event)
        event_free(signals->event);
    sock_close(signals->ends[0]);
    sock_close(signals->ends[1]);
    free(signals);
}

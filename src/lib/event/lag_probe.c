/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lag_probe: see lag_probe.h.
 */
#include "config.h"

#include "lib/event/lag_probe.h"

#include "lib/base/clock.h"

#include <event2/event.h>

/* As libevent has it with EV_PERSIST: the next time is counted from the last one, or from now if that is over. */
static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct lag_probe *probe = context;
    uint64_t now_us = clock_us();

    histogram_add(probe->lag, now_us > probe->due_us ? now_us - probe->due_us : 0);
    probe->due_us += LAG_PROBE_MS * 1000;
    if (probe->due_us < now_us)
        probe->due_us = now_us + LAG_PROBE_MS * 1000;
}

int lag_probe_start(struct lag_probe *probe, struct event_base *base, struct histogram *lag) {
    static const struct timeval period = {LAG_PROBE_MS / 1000, LAG_PROBE_MS % 1000 * 1000};

    event_assign(&probe->timer, base, -1, EV_PERSIST, on_timer, probe);
    probe->lag = lag;
    probe->due_us = clock_us() + LAG_PROBE_MS * 1000;
    return event_add(&probe->timer, &period);
}

void lag_probe_stop(struct lag_probe *probe) {
    if (probe->lag)
        event_del(&probe->timer);
    probe->lag = NULL;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * network_watch: see network_watch.h.
 * States: quiet -> changed (first_us is set, the timer `report` runs) -> quiet.
 */
#include "config.h"

#include "lib/net/network_watch_priv.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct network_watch {
    struct network_watch_options options;
    struct network_interfaces interfaces;
    struct event *readable; /* NULL: changes cannot be received */
    struct event *report, *look;
    evutil_socket_t fd;
    struct network_source *source;
    uint64_t first_us; /* of the changes that are not reported yet; 0: none */
    uint64_t suspended_us;
};

const char *network_event_text(enum network_event event) {
    return event == NETWORK_CHANGED ? "network changed" : "machine was suspended";
}

uint64_t network_watch_due_us(uint64_t first_us, uint64_t last_us) {
    uint64_t quiet_us = last_us + NETWORK_WATCH_QUIET_US, longest_us = first_us + NETWORK_WATCH_LONGEST_US;
    return quiet_us < longest_us ? quiet_us : longest_us;
}

static void on_report(evutil_socket_t fd, short what, void *context) {
    struct network_watch *watch = context;
    (void)fd, (void)what;
    watch->first_us = 0;
    watch->options.on_event(watch->options.context, NETWORK_CHANGED);
}

static void note_change(struct network_watch *watch) {
    uint64_t now_us = clock_us();
    if (watch->first_us == 0)
        watch->first_us = now_us;
    uint64_t due_us = network_watch_due_us(watch->first_us, now_us);
    uint64_t left_us = due_us > now_us ? due_us - now_us : 0;
    struct timeval left = clock_timeval(left_us);
    if (event_add(watch->report, &left))
        on_report(-1, 0, watch); /* no memory for the timer */
}

static void look_at_clocks(struct network_watch *watch) {
    uint64_t before_us = watch->suspended_us;
    watch->suspended_us = watch->options.suspended_us();
    if (watch->suspended_us > before_us + NETWORK_WATCH_SUSPENDED_US)
        watch->options.on_event(watch->options.context, NETWORK_RESUMED);
}

/* A resumption changes the network too, and Windows reports it here: the clocks are not left to the timer. */
static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct network_watch *watch = context;
    (void)what;
    enum network_read result = network_watch_system_read(fd, &watch->interfaces);
    if (result == NETWORK_READ_FAILED)
        event_del(watch->readable); /* its error would come again at once, for ever */
    if (result == NETWORK_READ_NOTHING)
        return;
    look_at_clocks(watch);
    note_change(watch);
}

static void on_look(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    look_at_clocks(context);
}

static bool make_timers(struct network_watch *watch) {
    static const struct timeval every = {1, 0};
    watch->report = evtimer_new(watch->options.base, on_report, watch);
    watch->look = event_new(watch->options.base, -1, EV_PERSIST, on_look, watch);
    return watch->report && watch->look && event_add(watch->look, &every) == 0;
}

static void watch_changes(struct network_watch *watch, struct error *error) {
    watch->fd = network_watch_system_open(&watch->source);
    if (watch->fd < 0) {
        error_set(error, "the system does not report changes of its addresses and routes: %s", error_text(errno));
        return;
    }
    watch->readable = event_new(watch->options.base, watch->fd, EV_READ | EV_PERSIST, on_readable, watch);
    if (!watch->readable || event_add(watch->readable, NULL))
        error_set(error, "no memory to watch addresses and routes");
}

struct network_watch *network_watch_new(const struct network_watch_options *options, struct error *error) {
    struct network_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->options = *options;
    watch->fd = -1;
    if (!options->suspended_us)
        watch->options.suspended_us = network_watch_system_suspended_us;
    watch->suspended_us = watch->options.suspended_us();
    if (!make_timers(watch)) {
        network_watch_free(watch);
        return NULL;
    }
    watch_changes(watch, error);
    return watch;
}

void network_watch_free(struct network_watch *watch) {
    if (!watch)
        return;
    struct event *const events[] = {watch->readable, watch->report, watch->look};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (events[i])
            event_free(events[i]);
    }
    network_watch_system_close(watch->fd, watch->source);
    free(watch);
}

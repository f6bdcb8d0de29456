/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * vitals: see vitals.h.
 * Runs on: the control thread. Owns: its timer, the words to the service manager.
 */
#include "config.h"

#include "agent/vitals.h"

#include "lib/notify.h"

#include <stdlib.h>

struct vitals {
    struct agent *agent;
    struct identities *identities;
    struct log *log;
    size_t servers;
    struct event *timer;
    struct notify *notify;
};

static bool is_alive(void *context) {
    const struct vitals *vitals = context;

    if (agent_is_alive(vitals->agent))
        return true;
    log_event(vitals->log, LOG_LEVEL_ERROR, "agent", "a relay thread is stuck: the watchdog is not fed", NULL);
    return false;
}

static void look(struct vitals *vitals) {
    identities_look(vitals->identities, vitals->log);
    notify_status(vitals->notify, "serves %u of %zu server%s", agent_working(vitals->agent), vitals->servers,
                  vitals->servers == 1 ? "" : "s");
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    look(context);
}

struct vitals *vitals_new(struct loop *loop, struct agent *agent, struct identities *identities, struct log *log) {
    struct vitals *vitals = calloc(1, sizeof *vitals);

    if (vitals == NULL)
        return NULL;
    *vitals =
        (struct vitals){.agent = agent, .identities = identities, .log = log, .servers = identities_count(identities)};
    vitals->timer = event_new(loop_base(loop), -1, EV_PERSIST, on_timer, vitals);
    vitals->notify = notify_new(loop_base(loop), is_alive, vitals);
    if (vitals->timer != NULL && vitals->notify != NULL)
        return vitals;
    vitals_free(vitals);
    return NULL;
}

void vitals_free(struct vitals *vitals) {
    if (vitals == NULL)
        return;
    if (vitals->timer != NULL)
        event_free(vitals->timer);
    notify_free(vitals->notify);
    free(vitals);
}

void vitals_start(struct vitals *vitals) {
    static const struct timeval every = {1, 0};

    event_add(vitals->timer, &every);
    notify_ready(vitals->notify);
    look(vitals);
}

void vitals_reload(struct vitals *vitals) {
    notify_reloading(vitals->notify);
    log_reopen(vitals->log);
    look(vitals);
    notify_ready(vitals->notify);
}

void vitals_stop(struct vitals *vitals) {
    notify_stopping(vitals->notify);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * housekeeping: see housekeeping.h.
 * Runs on: the control thread. Owns: its timer, the words to the service manager.
 */
#include "config.h"

#include "agent/housekeeping.h"

#include "lib/event/service_manager.h"

#include <stdlib.h>

struct housekeeping {
    struct agent *agent;
    struct identity_set *identities;
    struct log *log;
    size_t servers;
    struct event *timer;
    struct service_manager *notify;
};

static bool is_alive(void *context) {
    const struct housekeeping *vitals = context;

    if (agent_is_alive(vitals->agent))
        return true;
    log_event(vitals->log, LOG_LEVEL_ERROR, "agent", "a relay thread is stuck: the watchdog is not fed", NULL);
    return false;
}

static void look(struct housekeeping *vitals) {
    identity_look(vitals->identities, vitals->log);
    service_manager_status(vitals->notify, "serves %u of %zu server%s", agent_working(vitals->agent), vitals->servers,
                           vitals->servers == 1 ? "" : "s");
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    const struct housekeeping *vitals = context;

    (void)fd, (void)what;
    agent_recheck(vitals->agent);
    look(context);
}

struct housekeeping *housekeeping_new(struct loop *loop, struct agent *agent, struct identity_set *identities,
                                      struct log *log) {
    static const struct timeval every = {1, 0};
    struct housekeeping *vitals = calloc(1, sizeof *vitals);

    if (vitals == NULL)
        return NULL;
    *vitals = (struct housekeeping){.agent = agent,
                                    .identities = identities,
                                    .log = log,
                                    .servers = identity_count(identities)};
    vitals->timer = event_new(loop_base(loop), -1, EV_PERSIST, on_timer, vitals);
    vitals->notify = service_manager_new(loop_base(loop), is_alive, vitals);
    if (vitals->timer != NULL && vitals->notify != NULL && event_add(vitals->timer, &every) == 0)
        return vitals;
    housekeeping_free(vitals);
    return NULL;
}

void housekeeping_free(struct housekeeping *vitals) {
    if (vitals == NULL)
        return;
    if (vitals->timer != NULL)
        event_free(vitals->timer);
    service_manager_free(vitals->notify);
    free(vitals);
}

void housekeeping_start(struct housekeeping *vitals) {
    service_manager_ready(vitals->notify);
    look(vitals);
}

void housekeeping_reload(struct housekeeping *vitals) {
    service_manager_reloading(vitals->notify);
    log_reopen(vitals->log);
    look(vitals);
    service_manager_ready(vitals->notify);
}

void housekeeping_stop(struct housekeeping *vitals) {
    service_manager_stopping(vitals->notify);
}

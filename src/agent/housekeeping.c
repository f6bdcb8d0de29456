/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * housekeeping: see housekeeping.h.
 */
#include "config.h"

#include "agent/housekeeping.h"

#include "lib/event/service_manager.h"

#include <stdlib.h>

struct housekeeping {
    struct agent *agent;
    struct identity_set *identities;
    struct service_keys *keys;
    struct log *log;
    size_t servers;
    struct event *timer;
    struct service_manager *notify;
};

static bool is_alive(void *context) {
    const struct housekeeping *housekeeping = context;

    if (agent_is_alive(housekeeping->agent))
        return true;
    log_event(housekeeping->log, LOG_LEVEL_ERROR, "agent",
              "a relay thread does not answer: the service manager's watchdog is not served and may restart the agent",
              NULL);
    return false;
}

static void recheck(struct housekeeping *housekeeping) {
    identity_recheck(housekeeping->identities, housekeeping->log);
    service_keys_recheck(housekeeping->keys, housekeeping->log);
    service_manager_status(housekeeping->notify, "serves %u of %zu server%s", agent_working(housekeeping->agent),
                           housekeeping->servers, housekeeping->servers == 1 ? "" : "s");
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    const struct housekeeping *housekeeping = context;

    (void)fd, (void)what;
    agent_recheck(housekeeping->agent);
    recheck(context);
}

struct housekeeping *housekeeping_new(struct loop *loop, struct agent *agent, struct identity_set *identities,
                                      struct service_keys *keys, struct log *log) {
    static const struct timeval every = {1, 0};
    struct housekeeping *housekeeping = calloc(1, sizeof *housekeeping);

    if (!housekeeping)
        return NULL;
    *housekeeping = (struct housekeeping){
        .agent = agent, .identities = identities, .keys = keys, .log = log, .servers = identity_count(identities)};
    housekeeping->timer = event_new(loop_base(loop), -1, EV_PERSIST, on_timer, housekeeping);
    housekeeping->notify = service_manager_new(loop_base(loop), is_alive, housekeeping);
    if (housekeeping->timer && housekeeping->notify && event_add(housekeeping->timer, &every) == 0)
        return housekeeping;
    housekeeping_free(housekeeping);
    return NULL;
}

void housekeeping_free(struct housekeeping *housekeeping) {
    if (!housekeeping)
        return;
    if (housekeeping->timer)
        event_free(housekeeping->timer);
    service_manager_free(housekeeping->notify);
    free(housekeeping);
}

void housekeeping_start(struct housekeeping *housekeeping) {
    service_manager_ready(housekeeping->notify);
    recheck(housekeeping);
}

void housekeeping_reload(struct housekeeping *housekeeping) {
    service_manager_reloading(housekeeping->notify);
    log_reopen(housekeeping->log);
    recheck(housekeeping);
    service_manager_ready(housekeeping->notify);
}

void housekeeping_stop(struct housekeeping *housekeeping) {
    service_manager_stopping(housekeeping->notify);
}

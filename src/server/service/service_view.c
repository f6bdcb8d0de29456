/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_view: what people see of a service: its numbers, and its lines among the recent events.
 *
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "lib/base/clock.h"

#include <string.h>

void service_add_event(const struct service *service, enum event_severity severity, const char *text,
                       const char *detail) {
    recent_events_add(service->options.events, EVENT_KIND_SERVICE, severity, service->conf->name, text, detail);
}

void service_note_refusals(struct service *service) {
    for (unsigned i = 0; i < ACCESS_VERDICT_COUNT; i++) {
        if (service->refused[i] == service->noted[i])
            continue;
        recent_events_add_many(service->options.events, EVENT_KIND_SERVICE, EVENT_WARNING, service->conf->name,
                               "clients refused", access_verdict_detail((enum access_verdict)i),
                               service->refused[i] - service->noted[i]);
        service->noted[i] = service->refused[i];
    }
}

uint64_t service_refused(const struct service *service) {
    uint64_t sum = 0;

    for (unsigned i = 0; i < ACCESS_VERDICT_COUNT; i++)
        sum += service->refused[i];
    return sum;
}

static size_t count_ready(const struct balance *balance) {
    uint64_t now_us = clock_us();
    size_t ready = 0;

    for (size_t i = 0; i < balance->count; i++)
        ready += !balance->members[i].is_unhealthy && session_can_take(balance->members[i].session, now_us);
    return ready;
}

void service_read(const struct service *service, struct service_numbers *numbers) {
    *numbers = (struct service_numbers){.clients = service->live,
                                        .balancer_checks = service->balancer_checks,
                                        .waiting = service->queue.count,
                                        .agents = balance_usable(service->balance),
                                        .ready = count_ready(service->balance),
                                        .asked = service->asked,
                                        .refusing = service->refusing_count,
                                        .unhealthy = service->balance->unhealthy,
                                        .is_open = service->is_open,
                                        .since_us = service->since_us,
                                        .paused_by = service->is_paused ? service->paused_by : NULL};
    memcpy(numbers->refused, service->refused, sizeof numbers->refused);
}

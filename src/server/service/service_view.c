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
#include "server/service/service_tls.h"

#include <string.h>

enum { SETTLE_US = 2000000 }; /* for answers that take a round trip and the turns of announce.c */

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

static uint64_t failed_handshakes(const struct service *service) {
    uint64_t sum = 0;

    for (unsigned i = CLIENT_TLS_DONE + 1; i < CLIENT_TLS_RESULT_COUNT; i++)
        sum += service->handshakes[i];
    return sum;
}

void service_note_failed_handshakes(struct service *service) {
    uint64_t failed = failed_handshakes(service);

    if (failed == service->noted_handshakes)
        return;
    recent_events_add_many(service->options.events, EVENT_KIND_SERVICE, EVENT_WARNING, service->conf->name,
                           "TLS handshakes of clients failed", "the log has why", failed - service->noted_handshakes);
    service->noted_handshakes = failed;
}

const char *client_tls_label(enum client_tls_result result) {
    static const char *const labels[CLIENT_TLS_RESULT_COUNT] = {
#define CLIENT_TLS_LABEL(name, label) label,
        CLIENT_TLS_RESULTS(CLIENT_TLS_LABEL)
#undef CLIENT_TLS_LABEL
    };
    return labels[result];
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

static size_t count_failing(const struct balance *balance) {
    uint64_t now_us = balance->failing ? clock_us() : 0;
    size_t failing = 0;

    for (size_t i = 0; balance->failing && i < balance->count; i++)
        failing += !balance->members[i].is_unhealthy && balance_is_failing(&balance->members[i], now_us);
    return failing;
}

static bool is_settling(const struct service *service) {
    return service->asked && !balance_usable(service->balance) && clock_us() < service->since_us + SETTLE_US;
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
                                        .failing = count_failing(service->balance),
                                        .is_open = service->is_open && !service->shared_closed,
                                        .is_settling = is_settling(service),
                                        .since_us = service->since_us,
                                        .paused_by = service->is_paused ? service->paused_by : NULL};
    memcpy(numbers->refused, service->refused, sizeof numbers->refused);
    numbers->misdirected = service->misdirected;
    numbers->malformed = service->malformed;
    memcpy(numbers->handshakes, service->handshakes, sizeof numbers->handshakes);
    numbers->has_tls = service->tls;
    if (!service->tls)
        return;
    numbers->tls_expires_at = service_tls_expires_at(service->tls);
    numbers->tls_refusal = service_tls_refusal(service->tls);
}

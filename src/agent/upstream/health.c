/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * health: see health.h.
 */
#include "config.h"

#include "agent/upstream/health.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_A_MINUTE = 100 };

const char *health_state_label(enum health_state state) {
    static const char *const labels[] = {"unknown", "healthy", "unhealthy"};

    return labels[state];
}

/* ---- from the checks ---- */

/* There may be many services, and a server can choose destinations that come and go. */
static void note_change(struct services *services, const struct served_service *service) {
    const struct served_verdict *verdict = service->verdict;
    bool is_healthy = verdict->state == HEALTH_HEALTHY;
    const char *what = is_healthy ? "destination healthy" : "destination unhealthy";
    unsigned skipped = 0;

    if (!log_limit_allows(&services->health_lines, LINES_A_MINUTE, &skipped))
        return;
    log_event(services->log, is_healthy ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, services->who, what,
              LOG_FIELDS(LOG_TEXT("service", service->name), LOG_TEXT("destination", service->to[0]),
                         LOG_TEXT("detail", verdict->detail), LOG_NUMBER("left_out", skipped)));
    recent_events_add(services->events, EVENT_KIND_SERVICE, is_healthy ? EVENT_INFO : EVENT_WARNING, service->name,
                      what, verdict->detail);
}

static void note(struct services *services, const struct served_service *service, const struct health_event *event) {
    struct served_verdict *verdict = service->verdict;
    bool is_news = verdict->state != HEALTH_UNKNOWN || !event->is_healthy; /* what was not known yet served already */

    verdict->state = event->is_healthy ? HEALTH_HEALTHY : HEALTH_UNHEALTHY;
    verdict->since_us = clock_us();
    strbuf_copy(verdict->detail, sizeof verdict->detail, event->detail);
    if (is_news)
        note_change(services, service);
}

void services_on_health(struct services *services, const struct health_event *event) {
    struct served_service *service = service_table_find(services->table, event->service);

    if (!service) { /* its control link is a new one, by which it was not announced yet */
        service = service_table_find(services->before, event->service);
        if (service && service->verdict)
            note(services, service, event);
        return;
    }
    if (!service->verdict)
        return;
    note(services, service, event);
    services->due += !service->verdict->is_due;
    service->verdict->is_due = true;
}

/* ---- to the server ---- */

static struct health_report report_of(const struct served_service *service) {
    return (struct health_report){.id = service->id,
                                  .is_healthy = service->verdict->state == HEALTH_HEALTHY,
                                  .detail = service->verdict->detail};
}

void health_take_over(struct services *services, struct served_service *service, struct services_ack_writer *answer) {
    const struct served_service *before = service_table_find(services->before, service->id);

    if (!service->verdict || !before || !before->verdict || before->verdict->state == HEALTH_UNKNOWN)
        return;
    *service->verdict = *before->verdict;
    service->verdict->before = before->verdict->state;
    const struct health_report report = report_of(service);
    service->verdict->is_due = !services_ack_report(answer, &report);
}

void health_recount(struct services *services) {
    services->due = 0;
    for (size_t i = 0; i < services->table->count; i++) {
        const struct served_verdict *verdict = services->table->services[i]->verdict;
        services->due += verdict && verdict->is_due;
    }
}

static bool may_report(const struct services *services, uint64_t now_ms) {
    return services->due && now_ms - services->reported_ms >= HEALTH_INTERVAL_MS;
}

/* Those that are due, HEALTH_REPORTS_MAX at most. NULL: out of memory, or none is; nothing has changed. */
static char *write_due(const struct services *services, size_t *index) {
    json_t *message = health_message_new();
    bool is_whole = message;
    size_t count = 0;

    for (*index = 0; *index < services->table->count && count < HEALTH_REPORTS_MAX; ++*index) {
        const struct served_service *service = services->table->services[*index];
        if (!service->verdict || !service->verdict->is_due)
            continue;
        const struct health_report report = report_of(service);
        is_whole = is_whole && health_report_put(message, &report);
        count++;
    }
    if (is_whole && count)
        return json_to_text(message);
    json_decref(message);
    return NULL;
}

/* Of the services before this index. */
static void forget_due(struct services *services, size_t index) {
    for (size_t i = 0; i < index; i++) {
        struct served_verdict *verdict = services->table->services[i]->verdict;
        services->due -= verdict && verdict->is_due;
        if (verdict)
            verdict->is_due = false;
    }
}

/* Returns the bytes that were sent; 0: none, see write_due. */
static size_t tell_some(struct services *services) {
    size_t index = 0;
    char *text = write_due(services, &index);
    size_t size = text ? strlen(text) : 0;

    if (!text)
        return 0;
    forget_due(services, index);
    plane_send_control(services->plane, services->link, text);
    free(text);
    return size;
}

void services_recheck(struct services *services) {
    uint64_t now_ms = clock_ms();
    size_t sent = 0, size = 1;

    if (!may_report(services, now_ms))
        return;
    for (; services->due && size && sent < HEALTH_BYTES; sent += size)
        size = tell_some(services);
    if (sent)
        services->reported_ms = now_ms;
}

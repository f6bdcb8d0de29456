/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_health: what the agents of a service have to check, and what they report: an agent with an unhealthy
 * destination gets no client of this service until it reports the contrary. One that has not reported yet does.
 *
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/service_priv.h"

enum { LINES_A_MINUTE = 100 /* of an agent, which may report as often as it likes */ };

struct health_check service_health_check(const struct service_config *conf) {
    const struct config_check *check = &conf->check;

    return (struct health_check){.type = check->type,
                                 .interval_s = check->interval_s,
                                 .timeout_s = check->timeout_s,
                                 .rise = check->rise,
                                 .fall = check->fall,
                                 .path = check->path,
                                 .host = check->host ? check->host : "",
                                 .status = check->status};
}

static void note_change(struct service *service, const struct session *session, const struct health_report *report,
                        unsigned skipped) {
    const char *what = report->is_healthy ? "destination healthy again" : "destination unhealthy: no clients";

    log_event(service->options.log, report->is_healthy ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, session_who(session), what,
              LOG_FIELDS(LOG_TEXT("service", service->conf->name), LOG_TEXT("destination", service->terms->destination),
                         LOG_TEXT("detail", report->detail), LOG_NUMBER("left_out", skipped)));
    char text[RECENT_EVENT_TEXT];
    snprintf(text, sizeof text, "service %s%s%s", service->conf->name, *report->detail ? ": " : "", report->detail);
    recent_events_add(service->options.events, EVENT_KIND_AGENT, report->is_healthy ? EVENT_INFO : EVENT_WARNING,
                      session_label(session), what, text);
}

bool service_report(struct service *service, struct session *session, const struct health_report *report) {
    size_t usable = balance_usable(service->balance);
    struct service_agent before;
    unsigned skipped = 0;

    service_read_agent(service, session, &before);
    if (service->conf->check.type == HEALTH_CHECK_NONE ||
        !balance_set_health(service->balance, session, report->is_healthy, report->detail))
        return false;
    bool is_news = before.is_unhealthy || !report->is_healthy; /* what was not known yet served already */
    bool is_noted = is_news && log_limit_allows(session_health_lines(session), LINES_A_MINUTE, &skipped);
    if (is_noted)
        note_change(service, session, report, skipped);
    service_note_usable(service, usable, session, "unreachable: the destination of its last agent is unhealthy",
                        is_noted);
    service_close_without_agent(service);
    return balance_usable(service->balance) != usable;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_permits: what becomes of a visit by what the configuration permits, and by what there is now; see visits.h.
 */
#include "config.h"

#include "server/service/visits_priv.h"

#include "lib/base/strbuf.h"
#include "server/service/service_priv.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_A_MINUTE = 20 };

static const char *const details[VISIT_VERDICT_COUNT] = {
#define VISIT_VERDICT_DETAIL(name, label, detail) detail,
    VISIT_VERDICTS(VISIT_VERDICT_DETAIL)
#undef VISIT_VERDICT_DETAIL
};

const char *visit_verdict_label(enum visit_verdict verdict) {
    static const char *const labels[VISIT_VERDICT_COUNT] = {
#define VISIT_VERDICT_LABEL(name, label, detail) label,
        VISIT_VERDICTS(VISIT_VERDICT_LABEL)
#undef VISIT_VERDICT_LABEL
    };
    return labels[verdict];
}

const char *visits_detail(enum visit_verdict verdict) {
    return details[verdict];
}

size_t visits_running(const struct visits *visits) {
    return visits->running_count;
}

uint64_t visits_count(const struct visits *visits, enum visit_verdict verdict) {
    return visits->counts[verdict];
}

bool visits_permit(const struct service_config *conf, const struct session *session) {
    for (size_t i = 0; i < conf->visitors.count; i++)
        if (strcmp(conf->visitors.items[i], "*") == 0)
            return true;
    return conf->visitors.count && session_serves(session, &conf->visitors);
}

static struct service *find_service(const struct visits *visits, const char *name) {
    for (size_t i = 0; i < visits->options.services->count; i++) {
        struct service *service = visits->options.services->items[i];
        if (strcmp(service->conf->name, name) == 0 && !service->is_shut)
            return service;
    }
    return NULL;
}

static bool has_link(struct session *session) {
    return session_is_connected(session) && !session_is_draining(session) && session_carriers(session)->ready;
}

enum visit_verdict visits_judge(const struct visits *visits, struct session *session,
                                const struct visiting_entry *entry, struct service **service) {
    *service = entry ? find_service(visits, entry->name) : NULL;
    if (!*service || !visits_permit((*service)->conf, session))
        return VISIT_NOT_PERMITTED;
    if ((*service)->is_paused)
        return VISIT_PAUSED;
    if (!balance_usable((*service)->balance))
        return VISIT_NO_AGENT;
    return has_link(session) ? VISIT_ACCEPTED : VISIT_NO_LINK;
}

struct visiting_entry *visits_find_entry(struct session *session, uint32_t id) {
    struct visiting *visiting = session_visiting(session);

    for (size_t i = 0; i < visiting->count; i++)
        if (visiting->entries[i].id == id)
            return &visiting->entries[i];
    return NULL;
}

/* ---- refusals ---- */

/* An agent closes a control link with too many frames in a second, as a server does. */
void visits_send_refusals(struct visits *visits) {
    struct visit_refused refused = {visits->refusals.reason, visits->refusals.count, {0}};
    const struct session *session =
        refused.count ? session_table_find(visits->options.sessions, visits->refusals.session) : NULL;

    visits->refusals.count = 0;
    if (!session || !session_is_connected(session))
        return;
    memcpy(refused.tickets, visits->refusals.tickets, refused.count * sizeof refused.tickets[0]);
    char *json = visit_refused_format(&refused);
    if (json)
        plane_send_control(visits->options.plane, session_control(session), json);
    free(json);
}

static void gather(struct visits *visits, uint64_t session, uint32_t ticket, const char *reason) {
    char text[VISIT_REASON_SIZE];

    strbuf_copy(text, sizeof text, reason);
    if (visits->refusals.count == VISIT_CLIENTS_MAX || visits->refusals.session != session ||
        strcmp(visits->refusals.reason, text) != 0)
        visits_send_refusals(visits);
    visits->refusals.session = session;
    strbuf_copy(visits->refusals.reason, sizeof visits->refusals.reason, text);
    visits->refusals.tickets[visits->refusals.count++] = ticket;
}

void visits_refuse(struct visits *visits, const struct session *session, uint32_t ticket, enum visit_verdict verdict,
                   const char *detail) {
    const char *reason = detail && *detail ? detail : details[verdict];
    unsigned skipped = 0;

    visits->counts[verdict]++;
    if (!session || !session_is_connected(session))
        return;
    if (log_limit_allows(&visits->lines, LINES_A_MINUTE, &skipped))
        log_event(visits->options.log, LOG_LEVEL_WARNING, session_who(session), "its visit is refused",
                  LOG_FIELDS(LOG_TEXT("detail", reason), LOG_NUMBER("left_out", skipped)));
    gather(visits, session_tag(session), ticket, reason);
}

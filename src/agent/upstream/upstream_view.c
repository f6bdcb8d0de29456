/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * upstream_view: what people see of an upstream, and its line among the recent events.
 *
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "agent/upstream/upstream_priv.h"

#include "lib/base/clock.h"

void upstream_note_failed(struct upstream *upstream, const struct failure *failure) {
    upstream->failed = *failure;
    upstream->failed_us = clock_us();
}

void upstream_add_event(const struct upstream *upstream, enum event_severity severity, const char *what,
                        const char *detail) {
    recent_events_add(upstream->parts->events, EVENT_KIND_SERVER, severity, upstream->text, what, detail);
}

const char *upstream_condition_label(enum upstream_condition condition) {
    static const char *const labels[UPSTREAM_CONDITION_COUNT] = {
#define UPSTREAM_CONDITION_LABEL(name, label) label,
        UPSTREAM_CONDITIONS(UPSTREAM_CONDITION_LABEL)
#undef UPSTREAM_CONDITION_LABEL
    };
    return labels[condition];
}

static void read_session(const struct session *session, struct upstream_view *view) {
    view->peer = session->has_control ? &session->links.target.address : NULL;
    view->rtt_us = session->has_control ? session->srtt_us : 0;
    view->shared = session->links.dialling[false].live;
    view->exclusive = session->links.dialling[true].live;
    view->services = &session->services;
}

void upstream_read(const struct upstream *upstream, struct upstream_view *view) {
    const struct session *session = LIST_FIRST(&upstream->sessions);

    *view = (struct upstream_view){.address = upstream->text,
                                   .condition = upstream->condition,
                                   .since_us = upstream->condition_us,
                                   .proxy = upstream->proxy ? upstream->proxy->text : NULL,
                                   .server = upstream->server,
                                   .credential = upstream->token.credential,
                                   .verified_by = trust_description(upstream->trust),
                                   .failure = upstream->failed_us ? upstream->failed.detail : NULL,
                                   .remedy = upstream->failed.remedy,
                                   .failed_us = upstream->failed_us};
    if (session)
        read_session(session, view);
}

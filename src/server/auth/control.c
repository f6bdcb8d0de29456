/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: see control.h.
 */
#include "config.h"

#include "server/auth/control.h"

enum { WARNINGS_A_MINUTE = 5, PROTOCOL_ERRORS_MOST = 100 }; /* in a minute; then the session ends */

static void on_drain(struct registry *registry, struct session *session, const struct control_message *control) {
    (void)control;
    registry_drain(registry, session);
    registry_send(registry, session, CONTROL_OP_DRAINED, NULL);
}

static void on_bye(struct registry *registry, struct session *session, const struct control_message *control) {
    const char *detail = *control->reason ? control->reason : "the agent sent BYE";

    /* Without memory at least no client comes any more. */
    if (!registry_end(registry, session, REASON_PEER_RESET, "left", detail))
        registry_retire(registry, session, "left", detail);
}

/*
 * Unknown and malformed messages are answered by `error`, so that a newer agent knows what this server lacks; log lines
 * and the number of such messages are limited. False: the limit was exceeded, and the session has ended.
 */
static bool note_protocol_error(struct registry *registry, struct session *session, const char *what,
                                const char *detail) {
    static const char too_many[] = "more than 100 error, unknown or malformed messages in a minute";
    struct log_limit *limit = session_protocol_errors(session);
    unsigned skipped = 0;

    if (log_limit_allows(limit, WARNINGS_A_MINUTE, &skipped)) {
        log_event(registry_log(registry), LOG_LEVEL_WARNING, session_who(session), what,
                  LOG_FIELDS(LOG_TEXT("detail", detail), LOG_NUMBER("left_out", skipped)));
    } else if (limit->skipped >= PROTOCOL_ERRORS_MOST) {
        if (!registry_disconnect(registry, session, REASON_PROTOCOL, too_many))
            registry_retire(registry, session, "disconnected", too_many);
        return false;
    }
    return true;
}

static void on_error(struct registry *registry, struct session *session, const struct control_message *control) {
    note_protocol_error(registry, session, "reported an error", control->reason);
}

static void on_unknown(struct registry *registry, struct session *session, const struct control_message *control) {
    static const char detail[] = "unknown op";

    (void)control;
    if (note_protocol_error(registry, session, "unknown control message", detail))
        registry_send(registry, session, CONTROL_OP_ERROR, detail);
}

static void on_malformed(struct registry *registry, struct session *session, const char *detail) {
    if (note_protocol_error(registry, session, "malformed control message", detail))
        registry_send(registry, session, CONTROL_OP_ERROR, detail);
}

static void on_services_ack(struct registry *registry, struct session *session, const struct control_message *control) {
    struct error error;

    if (registry_answered(registry, session, control->json, &error))
        on_malformed(registry, session, error.text);
}

static void on_health(struct registry *registry, struct session *session, const struct control_message *control) {
    struct error error;

    if (registry_reported(registry, session, control->json, &error))
        on_malformed(registry, session, error.text);
}

static void on_bans(struct registry *registry, struct session *session, const struct control_message *control) {
    struct error error;

    if (registry_banned(registry, session, control->json, &error))
        on_malformed(registry, session, error.text);
}

static void on_publish(struct registry *registry, struct session *session, const struct control_message *control) {
    struct error error;

    if (registry_publish(registry, session, control->json, &error))
        on_malformed(registry, session, error.text);
}

static void on_visit(struct registry *registry, struct session *session, const struct control_message *control) {
    struct error error;

    if (registry_visits(registry, session, control->json, &error))
        on_malformed(registry, session, error.text);
}

static void on_visit_open(struct registry *registry, struct session *session, const struct control_message *control) {
    struct error error;

    if (registry_opens_visit(registry, session, control->json, &error))
        on_malformed(registry, session, error.text);
}

static void (*const ops[])(struct registry *, struct session *, const struct control_message *) = {
    [CONTROL_OP_LINKS] = on_unknown,
    [CONTROL_OP_GOAWAY] = on_unknown,
    [CONTROL_OP_DRAIN] = on_drain,
    [CONTROL_OP_DRAINED] = on_unknown,
    [CONTROL_OP_BYE] = on_bye,
    [CONTROL_OP_ERROR] = on_error,
    [CONTROL_OP_NOTICE] = on_unknown,
    [CONTROL_OP_SERVICES] = on_unknown,
    [CONTROL_OP_SERVICES_ACK] = on_services_ack,
    [CONTROL_OP_HEALTH] = on_health,
    [CONTROL_OP_BANS] = on_bans,
    [CONTROL_OP_PUBLISH] = on_publish,
    [CONTROL_OP_PUBLISHED] = on_unknown,
    [CONTROL_OP_UNKNOWN] = on_unknown,
    [CONTROL_OP_VISIT] = on_visit,
    [CONTROL_OP_VISIT_STATE] = on_unknown,
    [CONTROL_OP_VISIT_OPEN] = on_visit_open,
    [CONTROL_OP_VISIT_REFUSED] = on_unknown,
};

void control_receive(struct registry *registry, struct session *session, const char *text, size_t length) {
    struct control_message control;
    struct error error;

    if (control_parse(&control, text, length, &error)) {
        on_malformed(registry, session, error.text);
        return;
    }
    ops[control.op](registry, session, &control);
    control_done(&control);
}

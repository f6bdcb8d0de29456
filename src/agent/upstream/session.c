/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: see session.h.
 * States: working -> left | drained. It ends only by on_gone of its link.
 */
#include "config.h"

#include "agent/upstream/session.h"

#include "lib/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARNINGS_PER_MINUTE = 6, PROTOCOL_ERRORS_MOST = 100 /* in a minute; then the session ends */ };

static char *format_data_hello(const struct session_parts *parts) {
    struct hello hello = *parts->control;

    hello.json = NULL;
    hello.kind = HELLO_KIND_DATA;
    hello.session = parts->welcome->session;
    hello.has_proof = false;
    hello.features = 0;
    return hello_format(&hello);
}

struct session *session_new(const struct session_parts *parts) {
    struct session *session = calloc(1, sizeof *session);

    if (!session)
        return NULL;
    *session = (struct session){.plane = parts->plane,
                                .log = parts->log,
                                .dialer = parts->dialer,
                                .who = parts->who,
                                .link = parts->link,
                                .tag = parts->order->tag,
                                .since_ms = clock_ms()};
    session->services = (struct services){.plane = parts->plane,
                                          .log = parts->log,
                                          .who = parts->who,
                                          .allow = parts->allow,
                                          .link = parts->link,
                                          .session = parts->order->tag};
    snprintf(session->services.server, sizeof session->services.server, "%s", parts->welcome->server);
    session->source = (struct dialer_source){.who = parts->who,
                                             .address = parts->order->address,
                                             .trust = parts->trust,
                                             .server_name = parts->order->server_name,
                                             .hello = format_data_hello(parts),
                                             .session_tag = parts->order->tag};
    if (!session->source.hello) {
        free(session);
        return NULL;
    }
    memcpy(session->source.key, parts->welcome->session_key, sizeof session->source.key);
    snprintf(session->source.session, sizeof session->source.session, "%s", parts->welcome->session);
    return session;
}

void session_free(struct session *session) {
    if (!session)
        return;
    dialer_forget(session->dialer, &session->source);
    free(session->source.hello);
    services_done(&session->services);
    secret_wipe(session, sizeof *session);
    free(session);
}

void session_send(struct session *session, enum control_op op, const char *detail) {
    char *json = control_format(op, 0, 0, detail ? detail : "");

    if (json)
        plane_send_control(session->plane, session->link, json);
    free(json);
}

void session_leave(struct session *session) {
    session->left = true;
    dialer_forget(session->dialer, &session->source);
}

/* Limits log lines and the number of such messages; `answer`: the server gets `error`, so that it knows what we lack.
 */
static void log_bad_message(struct session *session, const char *what, const char *detail, bool answer) {
    static const char too_many[] = "more than 100 error, unknown or malformed messages in a minute";
    unsigned skipped = 0;

    if (!log_limit_allows(&session->limit, WARNINGS_PER_MINUTE, &skipped)) {
        if (session->limit.skipped == PROTOCOL_ERRORS_MOST) {
            session_send(session, CONTROL_OP_BYE, too_many);
            plane_close(session->plane, session->link, too_many, false);
        }
        return;
    }
    log_event(session->log, LOG_LEVEL_WARNING, session->who, what,
              LOG_FIELDS(LOG_TEXT("detail", detail), LOG_NUMBER("left_out", skipped)));
    if (answer)
        session_send(session, CONTROL_OP_ERROR, detail);
}

static enum session_event on_links(struct session *session, const struct control_message *control) {
    if (!session->left)
        dialer_want(session->dialer, &session->source, control->count, control->expires_ms);
    return SESSION_GOES_ON;
}

static enum session_event on_bye(struct session *session, const struct control_message *control) {
    log_event(session->log, LOG_LEVEL_INFO, session->who, "the server ended the session",
              LOG_FIELDS(LOG_TEXT("detail", control->reason)));
    plane_close(session->plane, session->link, "the server ended the session", false);
    return SESSION_GOES_ON; /* on_gone ends it */
}

static enum session_event on_services(struct session *session, const struct control_message *control) {
    struct error error = {""};

    if (services_take(&session->services, control->json, &error) != 0)
        log_bad_message(session, "malformed control message", error.text, true);
    return SESSION_GOES_ON;
}

static enum session_event on_message(struct session *session, const struct control_message *control) {
    switch (control->op) {
    case CONTROL_OP_LINKS:
        return on_links(session, control);
    case CONTROL_OP_GOAWAY:
        return SESSION_GOAWAY;
    case CONTROL_OP_DRAINED:
        session->drained = true;
        return SESSION_DRAINED;
    case CONTROL_OP_BYE:
        return on_bye(session, control);
    case CONTROL_OP_ERROR:
        log_bad_message(session, "the server reported an error", control->reason, false);
        return SESSION_GOES_ON;
    case CONTROL_OP_NOTICE:
        log_bad_message(session, "notice from the server", control->reason, false);
        return SESSION_GOES_ON;
    case CONTROL_OP_SERVICES:
        return on_services(session, control);
    case CONTROL_OP_SERVICES_ACK:
    case CONTROL_OP_DRAIN:
    case CONTROL_OP_UNKNOWN:
        break;
    }
    log_bad_message(session, "unknown control message", "unknown op", true);
    return SESSION_GOES_ON;
}

enum session_event session_on_control(struct session *session, const char *text, size_t length) {
    struct control_message control;
    struct error error = {""};
    enum session_event event;

    if (control_parse(&control, text, length, &error) != 0) {
        log_bad_message(session, "malformed control message", error.text, true);
        return SESSION_GOES_ON;
    }
    event = on_message(session, &control);
    control_done(&control);
    return event;
}

/* ---- the sessions with one server ---- */

void session_list_add(struct session_list *list, struct session *session) {
    struct session *old;

    SLIST_FOREACH (old, list, next)
        session_leave(old);
    SLIST_INSERT_HEAD(list, session, next);
}

struct session *session_list_find(const struct session_list *list, uint64_t tag) {
    struct session *session;

    SLIST_FOREACH (session, list, next)
        if (session->tag == tag)
            break;
    return session;
}

void session_list_remove(struct session_list *list, struct session *session) {
    services_end(&session->services);
    SLIST_REMOVE(list, session, session, next);
    session_free(session);
}

void session_list_clear(struct session_list *list) {
    struct session *session;

    while ((session = SLIST_FIRST(list))) {
        SLIST_REMOVE_HEAD(list, next);
        session_free(session);
    }
}

void session_list_send(const struct session_list *list, enum control_op op) {
    struct session *session;

    SLIST_FOREACH (session, list, next)
        session_send(session, op, NULL);
}

bool session_list_is_drained(const struct session_list *list) {
    const struct session *session;

    SLIST_FOREACH (session, list, next)
        if (!session->drained)
            return false;
    return true;
}

bool session_list_is_working(const struct session_list *list) {
    return !SLIST_EMPTY(list) && !SLIST_FIRST(list)->left;
}

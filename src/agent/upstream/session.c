/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: see session.h.
 * States: live -> suspended -> live | retired; live -> retired (nothing will resume it) | over.
 */
#include "config.h"

#include "agent/upstream/session.h"

#include "lib/base/clock.h"
#include "proto/features.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYE_DETAIL = 200, WARNINGS_PER_MINUTE = 6, PROTOCOL_ERRORS_MOST = 100 /* in a minute; then the session ends */ };

static void set_state(struct session *session, enum session_state state) {
    static const char *const names[SESSION_STATES] = {"live", "suspended", "retired", "over"};
    static const unsigned steps[SESSION_STATES] = {[SESSION_LIVE] = 1 << SESSION_SUSPENDED | 1 << SESSION_RETIRED |
                                                                    1 << SESSION_OVER,
                                                   [SESSION_SUSPENDED] = 1 << SESSION_LIVE | 1 << SESSION_RETIRED};

    assert(steps[session->state] & 1U << state);
    log_event(session->log, LOG_LEVEL_DEBUG, session->links.target.who, "session",
              LOG_FIELDS(LOG_TEXT("id", session->links.target.id), LOG_TEXT("state", names[state])));
    session->state = state;
}

/* What a WELCOME holds about a session, whether it is new or resumed. */
static void attach(struct session *session, const struct session_parts *parts) {
    const struct welcome *welcome = parts->welcome;

    session->link = parts->link;
    session->control_tag = parts->order->tag;
    session->has_control = true;
    session->knows_visits = welcome->features & 1U << FEATURE_VISIT;
    session->since_ms = clock_ms();
    session->links.target.address = parts->order->address;
    session->links.is_suspended = false;
    session->links.target.resume_ms = (unsigned)welcome->resume_s * 1000;
    memcpy(session->links.target.key, welcome->session_key, sizeof session->links.target.key);
    services_begin(&session->services, parts->link);
    publisher_begin(session->publisher, parts->link, welcome->features);
}

/* It is the one by whose link the publisher asks. */
static bool has_publisher(const struct session *session) {
    return session->publisher->has_link && link_ref_same(session->publisher->link, session->link);
}

struct session *session_new(const struct session_parts *parts) {
    struct session *session = calloc(1, sizeof *session);

    if (!session)
        return NULL;
    session->plane = parts->plane;
    session->log = parts->log;
    session->data_links = parts->data_links;
    session->publisher = parts->publisher;
    session->visits = parts->visits;
    session->tag = parts->order->tag;
    session->services = (struct services){.plane = parts->plane,
                                          .log = parts->log,
                                          .events = parts->events,
                                          .who = parts->who,
                                          .allow = parts->allow,
                                          .keys = parts->keys,
                                          .bans = parts->bans,
                                          .publications = parts->publisher->list,
                                          .only_published = parts->only_published,
                                          .session = session->tag};
    snprintf(session->services.server, sizeof session->services.server, "%s", parts->welcome->server);
    session->links.threads = parts->welcome->threads;
    session->links.target = (struct data_target){.who = parts->who,
                                                 .session = session->tag,
                                                 .name = parts->control->name,
                                                 .instance = parts->control->instance,
                                                 .trust = parts->trust,
                                                 .server_name = parts->order->server_name,
                                                 .proxy = parts->order->proxy,
                                                 .server = parts->order->server};
    snprintf(session->links.target.id, sizeof session->links.target.id, "%s", parts->welcome->session);
    attach(session, parts);
    data_links_add(session->data_links, &session->links);
    return session;
}

void session_free(struct session *session) {
    data_links_remove(session->data_links, &session->links);
    services_done(&session->services);
    secret_wipe(session, sizeof *session);
    free(session);
}

/* ---- its control link is lost, and another takes its place, or none does ---- */

void session_resume(struct session *session, const struct session_parts *parts) {
    set_state(session, SESSION_LIVE);
    attach(session, parts);
    data_links_resume(session->data_links, &session->links);
}

void session_retire(struct session *session) {
    set_state(session, SESSION_RETIRED);
    data_links_retire(&session->links);
    services_end(&session->services); /* no client comes any more, and nothing is to be checked */
    session->order_failed = !plane_retire_session(session->plane, session->tag);
}

void session_on_lost(struct session *session) {
    if (has_publisher(session))
        publisher_end(session->publisher);
    session->has_control = false;
    if (session->visits)
        session->visits->on_lost(session->visits->context, session->tag);
    session->links.is_suspended = true;
    if (session->state != SESSION_LIVE)
        return;
    if (session->left || session->links.target.resume_ms == 0) {
        session_retire(session);
        return;
    }
    set_state(session, SESSION_SUSPENDED);
    session->until_ms = clock_ms() + session->links.target.resume_ms;
}

/* After BYE. */
static void end(struct session *session) {
    if (session->state == SESSION_LIVE)
        set_state(session, SESSION_OVER);
    data_links_remove(session->data_links, &session->links);
}

static void disconnect(struct session *session, enum relay_reason reason, const char *detail) {
    end(session);
    session->order_failed = !plane_disconnect(session->plane, session->tag, reason, detail);
    plane_close(session->plane, session->link, detail);
}

/*
 * As after the server's restart. Its streams could go on by data links only, and none is dialled after REJECT
 * `session`, which proves nothing: it ends a session only that a proved WELCOME has replaced, or whose time is over.
 */
static void end_lost(struct session *session) {
    static const char detail[] = "the server does not know the session any more";

    session->is_lost = plane_disconnect(session->plane, session->tag, REASON_LINK_LOST, detail);
    if (session->is_lost)
        log_event(session->log, LOG_LEVEL_INFO, session->links.target.who, "session lost",
                  LOG_FIELDS(LOG_TEXT("detail", detail)));
}

void session_send_visits(struct session *session) {
    const struct visit_user *visits = session->visits;

    if (!visits)
        return;
    const struct visit_server_name server = {session->links.target.who, session->services.server};
    visits->on_connected(visits->context, session->tag, &server, session->knows_visits);
    if (session->knows_visits)
        plane_send_control(session->plane, session->link, visits->names);
}

bool session_send_json(struct session *session, const char *json) {
    if (session->state != SESSION_LIVE || !session->has_control)
        return false;
    plane_send_control(session->plane, session->link, json);
    return true;
}

void session_send_bans(struct session *session) {
    if (session->state == SESSION_LIVE && services_are_answered(&session->services))
        ban_sender_send(&session->services);
}

void session_recheck(struct session *session) {
    if (session->state == SESSION_LIVE && services_are_answered(&session->services))
        services_recheck(&session->services);
    session_send_bans(session);
    if (session->order_failed && session->state == SESSION_RETIRED)
        session->order_failed = !plane_retire_session(session->plane, session->tag);
    else if (session->order_failed)
        session->order_failed =
            !plane_disconnect(session->plane, session->tag, REASON_PEER_RESET, "the session is over");
    else if (session->state == SESSION_RETIRED && !session->is_lost && data_links_are_lost(&session->links))
        end_lost(session);
}

/* ---- messages ---- */

void session_send(struct session *session, enum control_op op, const char *detail) {
    char *json = session->has_control ? control_format(op, detail) : NULL;

    if (json)
        plane_send_control(session->plane, session->link, json);
    free(json);
    if (op == CONTROL_OP_BYE)
        end(session);
}

/* Limits log lines and the number of such messages; `answer`: the server gets `error`, so that it knows what we lack.
 */
static void log_bad_message(struct session *session, const char *what, const char *detail, bool answer) {
    static const char too_many[] = "more than 100 error, unknown or malformed messages in a minute";
    unsigned skipped = 0;

    if (!log_limit_allows(&session->limit, WARNINGS_PER_MINUTE, &skipped)) {
        if (session->limit.skipped == PROTOCOL_ERRORS_MOST) {
            session_send(session, CONTROL_OP_BYE, too_many);
            disconnect(session, REASON_PROTOCOL, too_many);
        }
        return;
    }
    log_event(session->log, LOG_LEVEL_WARNING, session->links.target.who, what,
              LOG_FIELDS(LOG_TEXT("detail", detail), LOG_NUMBER("left_out", skipped)));
    if (answer)
        session_send(session, CONTROL_OP_ERROR, detail);
}

static enum session_event on_links(struct session *session, const struct control_message *control) {
    data_links_order(session->data_links, &session->links, control->server_thread, control->is_exclusive,
                     control->count);
    return SESSION_GOES_ON;
}

/* The server's reason is in the records of the relays that end by it, unless their RESET came before. */
static enum session_event on_bye(struct session *session, const struct control_message *control) {
    char detail[BYE_DETAIL];

    snprintf(detail, sizeof detail, "the server ended the session%s%s", *control->reason ? ": " : "", control->reason);
    log_event(session->log, LOG_LEVEL_INFO, session->links.target.who, "the server ended the session",
              LOG_FIELDS(LOG_TEXT("detail", control->reason)));
    disconnect(session, REASON_PEER_RESET, detail);
    return SESSION_GOES_ON; /* on_gone ends it */
}

static enum session_event on_services(struct session *session, const struct control_message *control) {
    struct error error = {""};

    if (services_take(&session->services, control->json, &error) != 0)
        log_bad_message(session, "malformed control message", error.text, true);
    return SESSION_GOES_ON;
}

/* After goaway the next session's link has its own answers. */
static enum session_event on_published(struct session *session, const struct control_message *control) {
    struct error error = {""};

    if (has_publisher(session) && publisher_take(session->publisher, control->json, &error) != 0)
        log_bad_message(session, "malformed control message", error.text, true);
    return SESSION_GOES_ON;
}

static enum session_event on_visit_state(struct session *session, const struct control_message *control) {
    struct visit_state states[VISITS_MAX];
    struct error error = {""};
    size_t count = 0;

    if (visit_states_parse(states, &count, control->json, &error) != 0)
        log_bad_message(session, "malformed control message", error.text, true);
    else if (session->visits)
        session->visits->on_states(session->visits->context, session->tag, states, count);
    return SESSION_GOES_ON;
}

static enum session_event on_visit_refused(struct session *session, const struct control_message *control) {
    struct visit_refused refused;
    struct error error = {""};

    if (visit_refused_parse(&refused, control->json, &error) != 0)
        log_bad_message(session, "malformed control message", error.text, true);
    else if (session->visits)
        session->visits->on_refused(session->visits->context, session->tag, &refused);
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
    case CONTROL_OP_VISIT_STATE:
        return on_visit_state(session, control);
    case CONTROL_OP_VISIT_REFUSED:
        return on_visit_refused(session, control);
    case CONTROL_OP_VISIT:
    case CONTROL_OP_VISIT_OPEN:
    case CONTROL_OP_SERVICES_ACK:
    case CONTROL_OP_HEALTH:
    case CONTROL_OP_BANS:
    case CONTROL_OP_PUBLISHED:
        return on_published(session, control);
    case CONTROL_OP_PUBLISH:
    case CONTROL_OP_DRAIN:
    case CONTROL_OP_UNKNOWN:
        break;
    }
    log_bad_message(session, "unknown control message", "unknown op", true);
    return SESSION_GOES_ON;
}

/* Without a control link it is told by the next one. */
void session_on_health(struct session *session, const struct health_event *event) {
    services_on_health(&session->services, event);
    if (session->state == SESSION_LIVE && services_are_answered(&session->services))
        services_recheck(&session->services);
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

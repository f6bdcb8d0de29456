/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * upstream: see upstream.h. Here is what becomes of its sessions.
 *
 * A session that has lost its control link is resumed by the next attempt. After a goaway it connects again, for
 * another session, while the old one is still in its list. Where two names lead to the same server, only one of them
 * has a session, and the other stays in waiting.
 */
#include "config.h"

#include "agent/upstream/upstream_priv.h"

#include "lib/base/clock.h"
#include "lib/base/rtt.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(IDENTITY_SERVERS_MAX <= 1 << CONNECT_ATTEMPT_INDEX_BITS, "a tag holds the number of an upstream");

static const struct session *welcome_session(struct upstream *upstream, struct link_ref link,
                                             const struct welcome *welcome) {
    struct session_parts parts = {.plane = upstream->parts->plane,
                                  .log = upstream->parts->log,
                                  .events = upstream->parts->events,
                                  .data_links = upstream->parts->data_links,
                                  .who = upstream->who,
                                  .trust = upstream->trust,
                                  .allow = upstream->parts->allow,
                                  .keys = upstream->parts->keys,
                                  .bans = upstream->parts->bans,
                                  .publisher = &upstream->publisher,
                                  .only_published = upstream->parts->only_published,
                                  .visits = upstream->parts->visits,
                                  .control = &upstream->attempt.hello,
                                  .order = &upstream->attempt.order,
                                  .welcome = welcome,
                                  .link = link};

    return session_list_welcome(&upstream->sessions, &parts);
}

static void log_connected(struct upstream *upstream, const struct welcome *welcome) {
    bool is_resumed = strcmp(upstream->attempt.resume, welcome->session) == 0;
    char address[ADDR_TEXT];
    const char *group = upstream->parts->group;
    char server[PROTO_SERVER_DIGITS + 1];

    snprintf(server, sizeof server, "%s", welcome->server);
    log_event(upstream->parts->log, LOG_LEVEL_INFO, upstream->who, "connected",
              LOG_FIELDS(LOG_TEXT(upstream->proxy ? "by_proxy" : "address",
                                  upstream->proxy
                                      ? upstream->proxy->text
                                      : addr_format(&upstream->attempt.order.address, address, sizeof address)),
                         LOG_TEXT("group", group[0] != '\0' ? group : "all that its credential carries"),
                         LOG_TEXT("server", server), LOG_TEXT("session", is_resumed ? "resumed" : "new")));
    upstream_add_event(upstream, EVENT_INFO, "connected", is_resumed ? "the session goes on" : NULL);
}

/* The server replaces an instance's session by its next one: two upstreams to one server would end each other's. */
static void stand_by(struct upstream *upstream) {
    log_event(upstream->parts->log, LOG_LEVEL_WARNING, upstream->who,
              "another of the given names leads to the same server and is connected: this one is on standby", NULL);
    upstream_wait(upstream, upstream->parts->times.final_ms, UPSTREAM_STANDBY);
}

static bool on_welcome(struct upstream *upstream, const struct greeting *greeting, const struct welcome *welcome) {
    snprintf(upstream->server, sizeof upstream->server, "%s", welcome->server);
    if (upstream_is_served_by_another(upstream)) {
        stand_by(upstream);
        return false;
    }
    if (!welcome_session(upstream, greeting->link, welcome)) {
        upstream_wait(upstream, upstream_next_wait_ms(upstream, FAILURE_PASSING), upstream->condition);
        return false;
    }
    plane_accept_control(upstream->parts->plane, greeting->link, greeting->tag, NULL, upstream->who,
                         (unsigned)welcome->ping_s, (unsigned)welcome->dead_after_s);
    log_connected(upstream, welcome);
    session_send_visits(session_list_find_control(&upstream->sessions, greeting->tag));
    upstream->accepted_before = true;
    upstream->hasten_until_ms = 0;
    upstream->failure_log = (struct failure_log){0};
    upstream_set_state(upstream, WORKING, UPSTREAM_CONNECTED);
    publisher_send(&upstream->publisher, true);
    return true;
}

void upstream_on_greeting(struct upstream *upstream, const struct greeting *greeting) {
    struct welcome welcome;
    bool accepted = false;

    if (connect_attempt_on_greeting(&upstream->attempt, greeting, &welcome)) {
        accepted = on_welcome(upstream, greeting, &welcome);
        welcome_done(&welcome);
    }
    if (!accepted)
        plane_reject(upstream->parts->plane, greeting->link, NULL);
}

/* The old session goes on until the server ends it; meanwhile a new one is made, after a random wait, so that not all
 * agents connect at once. */
static void on_goaway(struct upstream *upstream, struct session *session) {
    static const struct failure asked = {.noted = true,
                                         .detail = "the server asks for a new session: reconnecting",
                                         .remedy = FAILURE_REMEDY_WAIT};

    if (session->left || upstream->state != WORKING)
        return;
    session->left = true;
    upstream->hasten_until_ms = clock_ms() + upstream->parts->times.hasten_ms;
    log_event(upstream->parts->log, LOG_LEVEL_INFO, upstream->who, asked.detail, NULL);
    upstream_note_failed(upstream, &asked);
    upstream_wait(upstream, upstream_next_wait_ms(upstream, FAILURE_PASSING), UPSTREAM_LOST);
}

void upstream_on_control(struct upstream *upstream, uint64_t tag, const char *text, size_t length) {
    struct session *session = session_list_find_control(&upstream->sessions, tag);
    enum session_event event = session ? session_on_control(session, text, length) : SESSION_GOES_ON;

    if (event == SESSION_GOAWAY)
        on_goaway(upstream, session);
    else if (event == SESSION_DRAINED)
        upstream->parts->on_change(upstream->parts->context);
}

void upstream_on_services_set(struct upstream *upstream, uint64_t tag) {
    struct session *session = session_list_find(&upstream->sessions, tag);

    if (session)
        services_on_set(&session->services);
}

void upstream_on_health(struct upstream *upstream, const struct health_event *event) {
    struct session *session = session_list_find(&upstream->sessions, event->session);

    if (session)
        session_on_health(session, event);
}

void upstream_on_session_over(struct upstream *upstream, uint64_t tag) {
    struct session *session = session_list_find(&upstream->sessions, tag);

    if (session)
        session_list_on_over(session);
}

static void note_lost(struct upstream *upstream, const char *detail) {
    struct failure lost = {.noted = true, .remedy = FAILURE_REMEDY_WAIT};

    snprintf(lost.detail, sizeof lost.detail, "connection lost: %s", detail);
    upstream_note_failed(upstream, &lost);
    upstream_add_event(upstream, EVENT_WARNING, "connection lost", detail);
}

static void on_lost(struct upstream *upstream, struct session *session, const struct link_end *end) {
    bool was_current = !session->left;
    bool was_settled = clock_ms() - session->since_ms >= upstream->parts->times.settled_ms;
    unsigned wait;

    if (was_settled)
        backoff_reset(&upstream->backoff);
    session_list_on_lost(session); /* which may free it */
    if (!was_current || upstream->state != WORKING)
        return;
    /* The server did not fail, and the other agents have not lost it. */
    wait = end->path_lost && was_settled ? 0 : upstream_next_wait_ms(upstream, FAILURE_PASSING);
    log_event(upstream->parts->log, LOG_LEVEL_WARNING, upstream->who, "connection lost",
              LOG_FIELDS(LOG_TEXT("detail", end->detail), LOG_NUMBER("retry_ms", wait)));
    note_lost(upstream, end->detail);
    upstream_wait_for_network(upstream, wait, UPSTREAM_LOST);
}

void upstream_on_gone(struct upstream *upstream, const struct link_end *end) {
    struct session *session = session_list_find_control(&upstream->sessions, end->tag);

    if (session) {
        on_lost(upstream, session, end);
        upstream->parts->on_change(upstream->parts->context);
    } else {
        connect_attempt_on_gone(&upstream->attempt, end);
    }
}

/* The usual time to the server and back. */
void upstream_on_pong(struct upstream *upstream, uint64_t tag, uint64_t pinged_us) {
    struct session *session = session_list_find_control(&upstream->sessions, tag);
    uint64_t now_us = clock_us();

    if (session && pinged_us && pinged_us <= now_us)
        session->srtt_us = rtt_smooth(session->srtt_us, now_us - pinged_us);
}

/* ---- life ---- */

struct upstream *upstream_new(const struct upstream_parts *parts, const struct server_identity *server, unsigned index,
                              struct error *error) {
    struct upstream *upstream = calloc(1, sizeof *upstream);

    assert(index < IDENTITY_SERVERS_MAX);
    if (!upstream || endpoint_parse(&upstream->endpoint, server->text, error) != 0) {
        if (!upstream)
            error_set(error, "out of memory");
        free(upstream);
        return NULL;
    }
    upstream->parts = parts;
    upstream->token = *server->token;
    upstream->backoff = (struct backoff){.first_ms = parts->times.first_ms, .longest_ms = parts->times.longest_ms};
    snprintf(upstream->who, sizeof upstream->who, "server %s", server->text);
    upstream->text = strchr(upstream->who, ' ') + 1;
    upstream->condition_us = clock_us();
    upstream->publisher =
        (struct publisher){.list = parts->publications,
                           .plane = parts->plane,
                           .log = parts->log,
                           .events = parts->events,
                           .who = upstream->who,
                           .host = upstream->endpoint.host,
                           .refusal_level = parts->only_published ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
                           .index = index,
                           .on_answer = parts->on_answer,
                           .context = parts->context};
    upstream->trust = server->trust;
    upstream->proxy = server->proxy;
    if (!upstream_init_attempts(upstream, index)) {
        upstream_free(upstream);
        error_set(error, "out of memory");
        return NULL;
    }
    return upstream;
}

void upstream_free(struct upstream *upstream) {
    if (!upstream)
        return;
    session_list_clear(&upstream->sessions);
    if (upstream->timer)
        event_free(upstream->timer);
    connect_attempt_done(&upstream->attempt);
    secret_wipe(upstream, sizeof *upstream);
    free(upstream);
}

void upstream_start(struct upstream *upstream) {
    upstream_start_attempt(upstream);
}

void upstream_stop(struct upstream *upstream) {
    upstream_set_state(upstream, ENDED, upstream_gave_up(upstream) ? UPSTREAM_GAVE_UP : UPSTREAM_STOPPING);
    event_del(upstream->timer);
    connect_attempt_cancel(&upstream->attempt);
}

unsigned upstream_of_tag(uint64_t tag) {
    return (unsigned)(tag & ((1 << CONNECT_ATTEMPT_INDEX_BITS) - 1));
}

void upstream_send_bans(struct upstream *upstream) {
    struct session *session;

    LIST_FOREACH (session, &upstream->sessions, next)
        session_send_bans(session);
}

void upstream_publish(struct upstream *upstream, bool at_once) {
    publisher_send(&upstream->publisher, at_once);
}

void upstream_withdraw(struct upstream *upstream, const char *name) {
    struct session *session;

    LIST_FOREACH (session, &upstream->sessions, next)
        services_withdraw(&session->services, name);
}

bool upstream_send_json(struct upstream *upstream, uint64_t tag, const char *json) {
    struct session *session = session_list_find(&upstream->sessions, tag);

    return session && session_send_json(session, json);
}

void upstream_send(struct upstream *upstream, enum control_op op) {
    session_list_send(&upstream->sessions, op);
}

bool upstream_is_drained(const struct upstream *upstream) {
    return session_list_is_drained(&upstream->sessions);
}

bool upstream_is_alone(const struct upstream *upstream) {
    return session_list_is_alone(&upstream->sessions);
}

bool upstream_is_working(const struct upstream *upstream) {
    return upstream->state == WORKING;
}

bool upstream_gave_up(const struct upstream *upstream) {
    return upstream->condition == UPSTREAM_GAVE_UP;
}

bool upstream_serves(const struct upstream *upstream, const char *server_instance) {
    return upstream_is_working(upstream) && strcmp(upstream->server, server_instance) == 0;
}

const char *upstream_who(const struct upstream *upstream) {
    return upstream->who;
}

const char *upstream_failure(const struct upstream *upstream) {
    return upstream->attempt.failure.detail;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * upstream: see upstream.h.
 * States: connecting (connect_attempt.c) -> working -> waiting -> connecting ...; connecting -> waiting; any -> ended.
 * A session that has lost its control link is resumed by the next attempt. After a goaway it connects again, for
 * another session, while the old one is still in its list. Where two names lead to the same server, only one of them
 * has a session, and the other stays in waiting.
 */
#include "config.h"

#include "agent/upstream/upstream.h"

#include "admin/recent_events.h"
#include "agent/upstream/connect_attempt.h"
#include "agent/upstream/session_list.h"
#include "lib/base/clock.h"
#include "lib/base/rtt.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(IDENTITY_SERVERS_MAX <= 1 << CONNECT_ATTEMPT_INDEX_BITS, "a tag holds the number of an upstream");

enum upstream_state { WAITING, CONNECTING, WORKING, ENDED, STATES };

struct upstream {
    const struct upstream_parts *parts;
    enum upstream_state state;
    struct endpoint endpoint;
    char who[ENDPOINT_HOST + 32];
    const char *text; /* "host:port", within `who` */
    struct token token;
    struct trust *trust;
    struct connect_attempt attempt;
    struct event *timer;
    struct backoff backoff;
    struct failure_log failure_log;
    bool accepted_before, gave_up;
    bool waits_for_network;          /* waiting: the next attempt may come sooner when the network changes */
    uint64_t attempted_ms;           /* when the last attempt began */
    uint64_t hasten_until_ms;        /* after a goaway: the server that replaces this one is about to listen */
    char server[PROTO_INSTANCE_HEX]; /* the instance that answered last; "" at first */
    struct session_list sessions;
    /* For upstream_read(). */
    enum upstream_condition condition;
    uint64_t condition_us, failed_us; /* since when; when `failed` was noted, 0: nothing failed */
    struct failure failed;            /* the last one */
};

static void set_condition(struct upstream *upstream, enum upstream_condition condition) {
    if (condition == upstream->condition)
        return;
    upstream->condition = condition;
    upstream->condition_us = clock_us();
}

static void note_failed(struct upstream *upstream, const struct failure *failure) {
    upstream->failed = *failure;
    upstream->failed_us = clock_us();
}

static void add_event(const struct upstream *upstream, enum event_severity severity, const char *what,
                      const char *detail) {
    recent_events_add(upstream->parts->events, EVENT_KIND_SERVER, severity, upstream->text, what, detail);
}

static void set_state(struct upstream *upstream, enum upstream_state state) {
    static const char *const names[STATES] = {"waiting", "connecting", "working", "ended"};
    static const unsigned steps[STATES] = {[WAITING] = 1 << CONNECTING | 1 << WAITING | 1 << ENDED,
                                           [CONNECTING] = 1 << WORKING | 1 << WAITING | 1 << ENDED,
                                           [WORKING] = 1 << WAITING | 1 << ENDED,
                                           [ENDED] = 1 << ENDED};

    assert(steps[upstream->state] & 1U << state);
    if (state == upstream->state)
        return;
    log_event(upstream->parts->log, LOG_LEVEL_DEBUG, upstream->who, names[state], NULL);
    upstream->state = state;
}

/* ---- connecting ---- */

static void start_attempt(struct upstream *upstream) {
    set_state(upstream, CONNECTING);
    event_del(upstream->timer); /* it may be pending: a change of the network made this attempt */
    upstream->attempted_ms = clock_ms();
    if (token_refresh(&upstream->token))
        log_event(upstream->parts->log, LOG_LEVEL_INFO, upstream->who, "token reloaded", NULL);
    const struct session *suspended = session_list_suspended(&upstream->sessions);
    connect_attempt_start(&upstream->attempt, suspended ? suspended->links.target.id : "");
}

/* What needs a person or a clock does not pass by itself: retry slowly. */
static unsigned longest_wait(const struct upstream_times *times, enum failure_weight weight) {
    return weight == FAILURE_PASSING || times->longest_ms > times->final_ms ? times->longest_ms : times->final_ms;
}

static unsigned next_wait(struct upstream *upstream, enum failure_weight weight) {
    uint32_t random = 0;

    if (clock_ms() < upstream->hasten_until_ms)
        backoff_reset(&upstream->backoff);
    upstream->backoff.longest_ms = longest_wait(&upstream->parts->times, weight);
    secret_random(&random, sizeof random); /* without it: the longest wait of the step, which is right too */
    return backoff_next(&upstream->backoff, random);
}

static void wait_for(struct upstream *upstream, unsigned ms) {
    struct timeval time = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};

    set_state(upstream, WAITING);
    upstream->waits_for_network = false;
    if (event_add(upstream->timer, &time) != 0)
        log_event(upstream->parts->log, LOG_LEVEL_WARNING, upstream->who,
                  "out of memory: no timer for the next attempt, which is made within a second", NULL);
}

static void wait_for_network(struct upstream *upstream, unsigned ms) {
    wait_for(upstream, ms);
    upstream->waits_for_network = true;
}

static bool is_served_by_another(const struct upstream *upstream) {
    const struct upstream_parts *parts = upstream->parts;

    return upstream->server[0] != '\0' && parts->is_served(parts->context, upstream, upstream->server);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct upstream *upstream = context;

    (void)fd, (void)what;
    if (is_served_by_another(upstream))
        wait_for(upstream, upstream->parts->times.final_ms);
    else
        start_attempt(upstream);
}

void upstream_recheck(struct upstream *upstream) {
    session_list_recheck(&upstream->sessions, upstream->state == CONNECTING && *upstream->attempt.resume);
    if (upstream->state == WAITING && !evtimer_pending(upstream->timer, NULL))
        on_timer(-1, 0, upstream);
}

/* Not more often: an interface that flaps changes the network again and again. */
void upstream_retry_now(struct upstream *upstream) {
    if (upstream->state != WAITING || !upstream->waits_for_network)
        return;
    backoff_reset(&upstream->backoff);
    if (clock_ms() - upstream->attempted_ms < upstream->parts->times.hurry_ms) {
        wait_for_network(upstream, next_wait(upstream, FAILURE_PASSING));
        return;
    }
    log_event(upstream->parts->log, LOG_LEVEL_INFO, upstream->who, "network changed: connecting again", NULL);
    start_attempt(upstream);
}

static void give_up(struct upstream *upstream, const struct failure *failure) {
    log_event(upstream->parts->log, LOG_LEVEL_ERROR, upstream->who, "gave up on this server",
              LOG_FIELDS(LOG_TEXT("detail", failure->detail)));
    upstream->gave_up = true;
    set_state(upstream, ENDED);
    set_condition(upstream, UPSTREAM_GAVE_UP);
    add_event(upstream, EVENT_ERROR, "gave up", failure->detail);
    upstream->parts->on_change(upstream->parts->context);
}

static void on_attempt_failed(void *context) {
    struct upstream *upstream = context;
    const struct failure *failure = &upstream->attempt.failure;
    bool is_final = failure->weight == FAILURE_FINAL;
    unsigned wait = next_wait(upstream, failure->weight);

    note_failed(upstream, failure);
    if (upstream->condition == UPSTREAM_STANDBY ||
        (upstream->condition == UPSTREAM_CONNECTED && !upstream_is_working(upstream))) /* after a goaway */
        set_condition(upstream, UPSTREAM_LOST);
    if (is_final && !upstream->accepted_before) {
        give_up(upstream, failure);
        return;
    }
    if (is_final && wait < upstream->parts->times.final_ms)
        wait = upstream->parts->times.final_ms;
    if (wait < failure->retry_after_ms)
        wait = failure->retry_after_ms;
    failure_log(&upstream->failure_log, failure, upstream->parts->log, upstream->who, wait);
    add_event(upstream, EVENT_WARNING, "cannot connect", failure->detail);
    if (failure->weight == FAILURE_PASSING && failure->retry_after_ms == 0)
        wait_for_network(upstream, wait);
    else
        wait_for(upstream, wait);
}

/* ---- sessions ---- */

static const struct session *welcome_session(struct upstream *upstream, struct link_ref link,
                                             const struct welcome *welcome) {
    struct session_parts parts = {.plane = upstream->parts->plane,
                                  .log = upstream->parts->log,
                                  .events = upstream->parts->events,
                                  .data_links = upstream->parts->data_links,
                                  .who = upstream->who,
                                  .trust = upstream->trust,
                                  .allow = upstream->parts->allow,
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
              LOG_FIELDS(LOG_TEXT("address", addr_format(&upstream->attempt.order.address, address, sizeof address)),
                         LOG_TEXT("group", group[0] != '\0' ? group : "all that its credential carries"),
                         LOG_TEXT("server", server), LOG_TEXT("session", is_resumed ? "resumed" : "new")));
    add_event(upstream, EVENT_INFO, "connected", is_resumed ? "the session goes on" : NULL);
}

/* The server replaces an instance's session by its next one: two upstreams to one server would end each other's. */
static void stand_by(struct upstream *upstream) {
    log_event(upstream->parts->log, LOG_LEVEL_WARNING, upstream->who,
              "another of the given names leads to the same server and is connected: this one is on standby", NULL);
    set_condition(upstream, UPSTREAM_STANDBY);
    wait_for(upstream, upstream->parts->times.final_ms);
}

static bool on_welcome(struct upstream *upstream, const struct greeting *greeting, const struct welcome *welcome) {
    snprintf(upstream->server, sizeof upstream->server, "%s", welcome->server);
    if (is_served_by_another(upstream)) {
        stand_by(upstream);
        return false;
    }
    if (!welcome_session(upstream, greeting->link, welcome)) {
        wait_for(upstream, next_wait(upstream, FAILURE_PASSING));
        return false;
    }
    plane_accept_control(upstream->parts->plane, greeting->link, greeting->tag, NULL, upstream->who,
                         (unsigned)welcome->ping_s, (unsigned)welcome->dead_after_s);
    log_connected(upstream, welcome);
    upstream->accepted_before = true;
    upstream->hasten_until_ms = 0;
    upstream->failure_log = (struct failure_log){0};
    set_state(upstream, WORKING);
    set_condition(upstream, UPSTREAM_CONNECTED);
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
    if (session->left || upstream->state != WORKING)
        return;
    session->left = true;
    upstream->hasten_until_ms = clock_ms() + upstream->parts->times.hasten_ms;
    log_event(upstream->parts->log, LOG_LEVEL_INFO, upstream->who, "the server asks for a new session: reconnecting",
              NULL);
    wait_for(upstream, next_wait(upstream, FAILURE_PASSING));
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

void upstream_on_session_over(struct upstream *upstream, uint64_t tag) {
    struct session *session = session_list_find(&upstream->sessions, tag);

    if (session)
        session_list_on_over(&upstream->sessions, session);
}

static void note_lost(struct upstream *upstream, const char *detail) {
    struct failure lost = {.noted = true, .remedy = FAILURE_REMEDY_WAIT};

    snprintf(lost.detail, sizeof lost.detail, "connection lost: %s", detail);
    note_failed(upstream, &lost);
    set_condition(upstream, UPSTREAM_LOST);
    add_event(upstream, EVENT_WARNING, "connection lost", detail);
}

static void on_lost(struct upstream *upstream, struct session *session, const struct link_end *end) {
    bool was_current = !session->left;
    bool was_settled = clock_ms() - session->since_ms >= upstream->parts->times.settled_ms;
    unsigned wait;

    if (was_settled)
        backoff_reset(&upstream->backoff);
    session_list_on_lost(&upstream->sessions, session); /* which may free it */
    if (!was_current || upstream->state != WORKING)
        return;
    /* The server did not fail, and the other agents have not lost it. */
    wait = end->path_lost && was_settled ? 0 : next_wait(upstream, FAILURE_PASSING);
    log_event(upstream->parts->log, LOG_LEVEL_WARNING, upstream->who, "connection lost",
              LOG_FIELDS(LOG_TEXT("detail", end->detail), LOG_NUMBER("retry_ms", wait)));
    note_lost(upstream, end->detail);
    wait_for_network(upstream, wait);
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

static bool make_parts(struct upstream *upstream, unsigned index) {
    const struct upstream_parts *parts = upstream->parts;
    struct connect_attempt_parts attempt = {.loop = parts->loop,
                                            .plane = parts->plane,
                                            .log = parts->log,
                                            .resolver = parts->resolver,
                                            .resolve_ms = parts->times.resolve_ms,
                                            .name = parts->name,
                                            .group = parts->group,
                                            .instance = parts->instance,
                                            .who = upstream->who,
                                            .endpoint = &upstream->endpoint,
                                            .token = &upstream->token,
                                            .trust = upstream->trust,
                                            .index = index,
                                            .on_failed = on_attempt_failed,
                                            .context = upstream};

    connect_attempt_init(&upstream->attempt, &attempt);
    upstream->timer = evtimer_new(loop_base(parts->loop), on_timer, upstream);
    return upstream->timer;
}

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
    upstream->trust = server->trust;
    if (!make_parts(upstream, index)) {
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
    start_attempt(upstream);
}

void upstream_stop(struct upstream *upstream) {
    set_state(upstream, ENDED);
    if (!upstream->gave_up)
        set_condition(upstream, UPSTREAM_STOPPING);
    event_del(upstream->timer);
    connect_attempt_cancel(&upstream->attempt);
}

unsigned upstream_of_tag(uint64_t tag) {
    return (unsigned)(tag & ((1 << CONNECT_ATTEMPT_INDEX_BITS) - 1));
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
    return session_list_is_working(&upstream->sessions);
}

bool upstream_gave_up(const struct upstream *upstream) {
    return upstream->gave_up;
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

/* ---- for people who look at it ---- */

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
    const struct session *session = SLIST_FIRST(&upstream->sessions);

    *view = (struct upstream_view){.address = upstream->text,
                                   .condition = upstream->condition,
                                   .since_us = upstream->condition_us,
                                   .server = upstream->server,
                                   .credential = upstream->token.credential,
                                   .verified_by = trust_description(upstream->trust),
                                   .failure = upstream->failed_us ? upstream->failed.detail : NULL,
                                   .remedy = upstream->failed.remedy,
                                   .failed_us = upstream->failed_us};
    if (session)
        read_session(session, view);
}

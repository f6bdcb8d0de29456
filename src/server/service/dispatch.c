/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dispatch: see dispatch.h. The usual way, from accept to plane_serve and back, allocates nothing and logs nothing.
 * States of a client: accepted -> (waiting ->) served -> (waiting | served ->) ended.
 */
#include "config.h"

#include "server/service/dispatch_priv.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/event/loop.h"
#include "lib/net/sock.h"
#include "relay/ended_relays.h"
#include "relay/record.h"
#include "server/service/client_detail.h"
#include "server/service/client_table.h"
#include "server/service/registry.h"
#include "server/service/visits.h"
#include "server/session/session_table.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ATTEMPTS_SHARE = 3, /* the time that is left is divided by so many untried agents at most */
    BACKOFF_MS = 250,   /* an agent that was busy, or whose client met a lack of memory, gets no client for so long */
    LOSSES_MOST = 8     /* of a client by one agent, before it answered */
};

struct dispatch *dispatch_new(const struct dispatch_options *options) {
    struct dispatch *dispatch = calloc(1, sizeof *dispatch);

    if (dispatch)
        dispatch->options = *options;
    return dispatch;
}

void dispatch_free(struct dispatch *dispatch) {
    free(dispatch);
}

static void enqueue(struct dispatch *dispatch, struct client *client, bool is_first) {
    struct wait_queue *queue = &client->service->queue;

    if (!client->attempts)
        client->deadline_us = client->ready_us + client->service->conf->pending_timeout_s * 1000000ULL;
    if (is_first)
        TAILQ_INSERT_HEAD(&queue->clients, client, entry);
    else
        TAILQ_INSERT_TAIL(&queue->clients, client, entry);
    client->is_waiting = true;
    queue->count++;
    dispatch->options.services->waiting++;
    dispatch->options.on_wait(dispatch->options.context);
}

static void dequeue(struct dispatch *dispatch, struct client *client) {
    struct wait_queue *queue = &client->service->queue;

    if (!client->is_waiting)
        return;
    TAILQ_REMOVE(&queue->clients, client, entry);
    client->is_waiting = false;
    queue->count--;
    dispatch->options.services->waiting--;
}

static void end_accepted(struct dispatch *dispatch, struct client *client) {
    service_client_left(client->service, client);
    if (client->visitor)
        visits_client_ended(dispatch->options.visits, client);
    client_table_give_back(dispatch->options.clients, client);
    dispatch->options.on_client_end(dispatch->options.context);
}

static void end_client(struct dispatch *dispatch, struct client *client) {
    if (dispatch->options.ended)
        ended_relays_add_client(dispatch->options.ended, dispatch->options.instance, client);
    end_accepted(dispatch, client);
}

static const char *who_ended(const struct client *client) {
    if (client->reason == REASON_OPERATOR)
        return "operator";
    return client->attempts && client->reason != REASON_STOPPED ? "agent" : "server";
}

/* Once: when an agent gets it first, or at its end before. */
static void note_wait(const struct client *client, uint64_t now_us) {
    if (!client->dispatched_us)
        histogram_add(&client->service->part->wait, now_us > client->ready_us ? now_us - client->ready_us : 0);
}

void dispatch_fail_client(struct dispatch *dispatch, struct client *client, enum relay_reason reason) {
    dequeue(dispatch, client);
    client->reason = reason;
    client->ended_us = clock_us();
    bool is_described = reason == REASON_OPERATOR || (reason == REASON_DENIED && !client->attempts);
    if (reason != REASON_STOPPED && !is_described && (client->attempts || *client->detail))
        client_detail_add_attempts(client);
    else if (reason == REASON_NO_AGENT)
        client_detail_set_no_agent(client);
    client_drop_tls(client);
    sock_close_reset(client->fd);
    client->fd = -1;
    if (client->flow)
        plane_flow_refuse(client->flow);
    client->flow = NULL;
    note_wait(client, client->ended_us);
    client->by = who_ended(client);
    counter_add(&client->service->part->ended[reason], 1);
    record_log_client(dispatch->options.log, dispatch->options.instance, client, &client->service->unopened_lines);
    end_client(dispatch, client);
}

/* Before the first attempt the deadline is that of waiting, which the tick enforces: an agent that comes late serves.
 */
static bool has_no_time_left(const struct client *client, uint64_t now_us) {
    return client->attempts && now_us >= client->deadline_us;
}

static unsigned attempt_ms(const struct client *client, uint64_t now_us) {
    size_t untried = balance_untried(client->service->balance, client);
    uint64_t left_ms = client->deadline_us > now_us ? (client->deadline_us - now_us) / 1000 : 0;

    if (untried > ATTEMPTS_SHARE)
        untried = ATTEMPTS_SHARE;
    left_ms /= untried ? untried : 1;
    return left_ms ? (unsigned)left_ms : 1;
}

/* The service may have changed while the client waited, or was with an agent in vain. */
static void renew_terms(struct client *client) {
    struct service_terms *before = client->terms;

    if (before == client->service->terms)
        return;
    client->terms = service_terms_hold(client->service->terms);
    service_terms_release(before);
    service_renew_local(client);
}

/* A flow is on the thread of its port. If the session has no carrier there any more, the client comes back. */
static unsigned take_thread(struct session *session, const struct client *client) {
    if (!client->flow)
        return session_take_client(session);
    session_take_flow(session);
    return plane_flow_thread(client->flow);
}

static void serve(struct dispatch *dispatch, struct client *client, struct session *session, uint64_t now_us) {
    dequeue(dispatch, client);
    renew_terms(client);
    note_wait(client, now_us);
    if (!client->attempts)
        client->deadline_us = now_us + client->service->conf->connect_timeout_s * 1000000ULL;
    client->dispatched_us = now_us;
    client->attempt_ms = attempt_ms(client, now_us);
    client->holds_early = session_is_silent(session);
    client->session = session_tag(session);
    bandwidth_release(client->via);
    client->via = bandwidth_hold(session_bandwidth(session));
    strbuf_copy(client->agent, sizeof client->agent, session_label(session));
    plane_serve(dispatch->options.plane, take_thread(session, client), client);
    liveness_check(dispatch->options.liveness, session, now_us);
}

/* One that waits or has tried an agent already waits for another, regardless of `no_agent`. */
static bool waits_without_agent(const struct client *client) {
    return client->is_waiting || client->attempts || client->service->conf->no_agent == CONFIG_WAIT;
}

/* All agents that could serve it have answered that their rules do not permit it. An unhealthy one does. */
static bool is_not_permitted(const struct client *client) {
    const struct service *service = client->service;

    return service->refusing_count && !service->balance->count && !client->attempts;
}

static void fail_not_permitted(struct dispatch *dispatch, struct client *client) {
    client_detail_set_refusal(client);
    dispatch_fail_client(dispatch, client, REASON_DENIED);
}

/* No agent is left for it. False: it must wait, for one that joins or that has not answered for the service yet. */
static bool end_unserved(struct dispatch *dispatch, struct client *client, enum balance_verdict verdict) {
    if (client->service->asked)
        return false;
    if (verdict == BALANCE_ALL_TRIED)
        dispatch_fail_client(dispatch, client, client->reason);
    else if (is_not_permitted(client))
        fail_not_permitted(dispatch, client);
    else if (!waits_without_agent(client))
        dispatch_fail_client(dispatch, client, REASON_NO_AGENT);
    else
        return false;
    return true;
}

/* A reload has made its service one of another protocol: its agents expect no bytes on a stream of datagrams, and a
 * flow has none to send. */
static bool has_other_protocol(const struct client *client) {
    return client->is_udp != (client->service->conf->protocol == SERVICE_UDP);
}

static void fail_other_protocol(struct dispatch *dispatch, struct client *client) {
    strbuf_copy(client->detail, sizeof client->detail, "the protocol of its service was changed");
    dispatch_fail_client(dispatch, client, REASON_OPERATOR);
}

bool dispatch_serve_or_end(struct dispatch *dispatch, struct client *client, uint64_t now_us) {
    struct session *session = NULL;

    if (has_other_protocol(client)) {
        fail_other_protocol(dispatch, client);
        return true;
    }
    if (has_no_time_left(client, now_us)) {
        dispatch_fail_client(dispatch, client, REASON_TIMEOUT);
        return true;
    }
    enum balance_verdict verdict = balance_choose(client->service->balance, client, now_us, &session);
    if (verdict == BALANCE_WAIT)
        return false;
    if (verdict != BALANCE_CHOSEN)
        return end_unserved(dispatch, client, verdict);
    serve(dispatch, client, session, now_us);
    return true;
}

static void assign(struct dispatch *dispatch, struct client *client, bool has_waited) {
    uint64_t now_us = has_waited ? clock_us() : client->ready_us;

    if (dispatch->is_over)
        dispatch_fail_client(dispatch, client, REASON_STOPPED);
    else if (!dispatch_serve_or_end(dispatch, client, now_us))
        enqueue(dispatch, client, has_waited);
}

void dispatch_client(struct dispatch *dispatch, struct client *client) {
    if (!dispatch->options.services->waiting && !client->is_udp) /* which is a message itself, of that loop */
        loop_poll(dispatch->options.loop); /* clients that have ended meanwhile: their threads need not wake this one */
    if (client->tls_context)
        plane_accept_tls(dispatch->options.plane, client);
    else
        assign(dispatch, client, false);
}

/* It was no client of an agent's yet: it is counted and has its line, and no record. */
static void end_unaccepted(struct dispatch *dispatch, struct client *client) {
    counter_add(&client->service->part->ended[dispatch->is_over ? REASON_STOPPED : REASON_TLS], 1);
    end_accepted(dispatch, client);
}

void dispatch_client_tls(struct dispatch *dispatch, struct client *client) {
    client->ready_us = clock_us();
    service_note_handshake(client->service, client);
    if (client->tls_result == CLIENT_TLS_DONE)
        assign(dispatch, client, false);
    else
        end_unaccepted(dispatch, client);
}

static void count_failure(struct dispatch *dispatch, const struct client *client, struct session *session,
                          const char *detail) {
    struct service *service = client->service;

    if (!*detail)
        detail = reason_text(client->reason);
    unsigned eject_s = balance_failed(service->balance, session, detail, clock_us());
    session_note_failure(session);
    if (!eject_s)
        return;
    log_event(dispatch->options.log, LOG_LEVEL_WARNING, session_who(session),
              "ejected: three failures in a row; clients go to other agents first",
              LOG_FIELDS(LOG_TEXT("service", service->conf->name), LOG_NUMBER("seconds", eject_s),
                         LOG_TEXT("detail", detail)));
    char text[RECENT_EVENT_TEXT];
    snprintf(text, sizeof text, "service %s: %s", service->conf->name, detail);
    recent_events_add(dispatch->options.events, EVENT_KIND_AGENT, EVENT_WARNING, session_label(session),
                      "ejected: three failures in a row; clients go to other agents first", text);
}

/* --- one function per client_outcome --- */

/* Before the destination had answered; what the client had sent already could not be sent to another agent. */
static const bool is_agents_fault[REASON_COUNT] = {
    [REASON_LINK_LOST] = true, [REASON_LINK_SILENT] = true, [REASON_PROTOCOL] = true, [REASON_TIMEOUT] = true};

static void on_ended(struct dispatch *dispatch, struct client *client, struct session *session) {
    if (session && client->opened_us) {
        balance_succeeded(client->service->balance, session);
        liveness_opened(dispatch->options.liveness, session, client->opened_us);
    } else if (session && is_agents_fault[client->reason]) {
        count_failure(dispatch, client, session, ""); /* the client's detail may be of an attempt before */
    }
    end_client(dispatch, client);
}

/* Others than it would fare alike for now; clients of UDP, which have bounds of their own, hold up no others. */
static void back_off(struct session *session, const struct client *client) {
    uint64_t until_us = clock_us() + BACKOFF_MS * 1000ULL;

    if (client->is_udp)
        session_back_off_flows(session, until_us);
    else
        session_back_off(session, until_us);
}

static void on_not_started(struct dispatch *dispatch, struct client *client, struct session *session) {
    /* Out of memory, or the second time, an immediate retry would fail likewise. */
    if (session && (client->reason == REASON_MEMORY || client->avoided == client->session))
        back_off(session, client);
    else if (session)
        balance_avoid(client, session);
    assign(dispatch, client, true);
}

static const enum relay_reason refusal_reasons[] = {
    [REFUSAL_REFUSED] = REASON_REFUSED,
    [REFUSAL_TIMEOUT] = REASON_TIMEOUT,
    [REFUSAL_DNS] = REASON_REFUSED,
    [REFUSAL_DENIED] = REASON_DENIED,
    [REFUSAL_BUSY] = REASON_NO_AGENT,
    [REFUSAL_DRAINING] = REASON_NO_AGENT,
    [REFUSAL_UNKNOWN_SERVICE] = REASON_NO_AGENT,
};

/* Busy, draining, or its session is ending and it has forgotten the service: not the destination's fault, so it is no
 * attempt. */
static void on_put_off(struct dispatch *dispatch, struct client *client, struct session *session) {
    bool has_changed = client->refusal == REFUSAL_UNKNOWN_SERVICE && client->terms->id != client->service->id;

    if (has_changed) /* its id was removed while OPEN was on its way: the agent knows the new one */
        session = NULL;
    if (session && client->refusal == REFUSAL_DRAINING)
        registry_drain(dispatch->options.registry, session);
    else if (session)
        back_off(session, client);
    assign(dispatch, client, true);
}

static void on_refused(struct dispatch *dispatch, struct client *client, struct session *session) {
    client->reason = refusal_reasons[client->refusal];
    if (!refusal_counts(client->refusal)) {
        on_put_off(dispatch, client, session);
        return;
    }
    client->attempts++;
    if (session) {
        balance_mark_tried(client, session);
        count_failure(dispatch, client, session, client->detail);
    }
    assign(dispatch, client, true);
}

/* The link failed, and not the destination: when no other agent is left, the same one may have it again. A silent
 * agent is the last choice already, and must be able to serve as soon as it answers. */
static void on_unanswered(struct dispatch *dispatch, struct client *client, struct session *session) {
    client->reason = REASON_LINK_LOST;
    snprintf(client->detail, sizeof client->detail, "the link to agent %s was lost before it answered", client->agent);
    client->attempts++;
    if (session && client->attempts < LOSSES_MOST)
        balance_avoid(client, session);
    else if (session)
        balance_mark_tried(client, session);
    if (session && !session_is_silent(session))
        count_failure(dispatch, client, session, client->detail);
    assign(dispatch, client, true);
}

static void (*const outcomes[])(struct dispatch *, struct client *, struct session *) = {
    [CLIENT_ENDED] = on_ended,
    [CLIENT_NOT_STARTED] = on_not_started,
    [CLIENT_REFUSED] = on_refused,
    [CLIENT_UNANSWERED] = on_unanswered,
};

void dispatch_client_back(struct dispatch *dispatch, struct client *client) {
    struct session *session = session_table_client_left(dispatch->options.sessions, client->session);

    if (client->ticket)
        visits_relay_back(dispatch->options.visits, client);
    else
        outcomes[client->outcome](dispatch, client, session);
}

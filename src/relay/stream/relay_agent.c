/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_agent: the agent's end of a relay: the destination is dialled, early bytes wait for it, OPENED leaves together
 * with the first answer. See relay.h.
 */
#include "config.h"

#include "relay/stream/relay_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/loopback_source.h"
#include "relay/ended_relays.h"
#include "relay/visit_tickets.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOP_LINES_A_MINUTE = 10 };

static struct relay_agent *as_agent(struct relay *relay) {
    return (struct relay_agent *)relay; /* whose first member it is */
}

/* What it has on the thread. */
static void let_go(struct relay *relay) {
    struct relay_agent *agent = as_agent(relay);
    if (agent->dial)
        connector_cancel(agent->dial);
    agent->dial = NULL;
    relay_proxy_drop(agent);
    defer_cancel(&relay->thread->ends, &agent->held);
    loop_detect_remove(relay->thread->own_dials, &agent->own_dial);
}

/* ---- the answer to OPEN ---- */

void relay_agent_refuse(struct relay *relay, enum refusal refusal, const char *detail) {
    char json[320];
    size_t length = refused_format(json, sizeof json, refusal, detail);
    let_go(relay);
    mux_stream_refuse(&relay->pump.stream, (const uint8_t *)json, length);
    stream_socket_close(&relay->pump.socket, true);
    as_agent(relay)->refusal = (uint8_t)refusal;
    relay_finish(relay, refusal == REFUSAL_DENIED ? REASON_DENIED : REASON_REFUSED, "agent", detail);
}

/* It has the address only if that differs from what the server knows, or is asked for. */
void relay_agent_send_opened(struct relay *relay) {
    char json[320];
    const struct relay_agent *agent = as_agent(relay);
    size_t length = 0;
    if (agent->is_check || (!relay->faces_client && strcmp(agent->address, agent->service->to[0]) != 0)) {
        uint64_t dial_us = relay->opened_us - relay->begun_us;
        length = opened_format(json, sizeof json, agent->address, (unsigned)(dial_us / 1000),
                               (unsigned)(agent->lookup_us / 1000));
    }
    mux_stream_opened(&relay->pump.stream, (const uint8_t *)json, length);
}

static void send_held(struct relay *relay) {
    struct relay_agent *agent = as_agent(relay);
    defer_cancel(&relay->thread->ends, &agent->held);
    if (!agent->has_sent_opened)
        relay_agent_send_opened(relay);
    agent->has_sent_opened = true;
}

static void on_held(struct defer_item *item) {
    struct relay_agent *agent = (struct relay_agent *)(void *)((char *)item - offsetof(struct relay_agent, held));
    send_held(&agent->relay);
}

/* The destination's first answer is likely to come soon where it has got something to answer. */
static void hold_opened(struct relay *relay) {
    bool is_held = relay->pump.out > 0 && relay->pump.out <= RELAY_HELD_UP_TO;
    if (is_held)
        defer_add(&relay->thread->ends, &as_agent(relay)->held);
    else
        send_held(relay);
}

/* What was read from the destination leaves behind OPENED, in the carrier's turn. */
static void on_moved(struct relay *relay) {
    bool has_answered = relay->pump.in > 0 || relay->pump.stream.finished;
    if (has_answered && !as_agent(relay)->has_sent_opened)
        send_held(relay);
    if (relay_is_complete(relay))
        let_go(relay);
}

static void on_dialled(void *context, const struct connector_result *result) {
    struct relay *relay = context;
    struct relay_agent *agent = context;
    agent->dial = NULL;
    counter_add(&relay->thread->counts.dials, 1);
    served_service_note(agent->service, result->is_connected, result->refusal, clock_us());
    if (!result->is_connected) {
        relay_agent_refuse(relay, result->refusal, result->detail);
        return;
    }
    if (!relay_proxy_put(agent, result)) {
        relay_agent_refuse(relay, REFUSAL_BUSY, "out of memory");
        return;
    }
    agent->lookup_us = result->lookup_us;
    relay_set_open(relay, clock_us(), relay->begun_us);
    loop_detect_add(relay->thread->own_dials, &agent->own_dial, &result->here, addr_port(&result->address),
                    agent->hops);
    addr_format(&result->address, agent->address, sizeof agent->address);
    hold_opened(relay);
    stream_socket_set_events(&relay->pump.socket, &pump_socket_events, NULL);
    pump_start(&relay->pump);
    if (relay->state == RELAY_OPEN)               /* its end-to-end TLS may have failed at once */
        stream_socket_flush(&relay->pump.socket); /* header, early bytes and, behind them, FIN; it may be over then */
}

/* ---- the end ---- */

/* Nothing has reached the destination of one that is opening: another agent may have its client. */
void relay_agent_stop(struct relay *relay, enum relay_reason reason, const char *detail) {
    if (relay->state == RELAY_OPENING)
        relay_agent_refuse(relay, REFUSAL_DRAINING, reason == REASON_STOPPED ? "this agent is stopping" : detail);
    else if (reason == REASON_STOPPED)
        relay_abort(relay, reason, "agent", NULL);
    else
        relay_abort(relay, reason, "link", detail);
}

void relay_agent_cancel(struct relay *relay) {
    if (relay->state == RELAY_OPENING)
        relay_agent_refuse(relay, REFUSAL_DENIED, reason_text(REASON_OPERATOR));
    else
        relay_abort(relay, REASON_OPERATOR, "operator", NULL);
}

/* While it is dialled, what breaks is that bytes for it cannot wait. */
static void on_broken(struct relay *relay) {
    if (relay->state == RELAY_OPENING)
        relay_agent_refuse(relay, REFUSAL_BUSY, "out of memory");
    else if (relay->faces_client)
        relay_abort_broken(relay, REASON_CLIENT_RESET, "client");
    else
        relay_abort_broken(relay, REASON_DESTINATION_RESET, "destination");
}

/* It has reached the destination: a reset before OPENED would not say so. */
static void before_abort(struct relay *relay) {
    send_held(relay);
    let_go(relay);
}

void relay_agent_on_over(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    char detail[PROTO_DETAIL_SIZE];
    reset_parse(payload, length, detail);
    const char *fault = pump_inner_fault(&relay->pump);
    if (fault) /* which the peer has read */
        relay_finish(relay, REASON_END_TO_END, "agent", fault);
    else if (how == STREAM_HOW_WHOLE)
        relay_finish(relay, REASON_DONE, relay->first_end, NULL);
    else if (how == STREAM_HOW_LOST)
        relay_finish(relay, REASON_LINK_LOST, "link", NULL);
    else
        relay_finish(relay, REASON_PEER_RESET, "server", detail);
}

/*
 * What has reached no destination costs the server a frame: a hostile one would fill the disk with such records, and
 * without descriptors each client that waits comes again four times a second.
 */
static bool may_record(struct relay *relay, unsigned *left_out) {
    struct log_limit *limit = &relay->thread->unopened_lines[as_agent(relay)->refusal];
    return relay->opened_us > 0 || log_limit_allows(limit, RECORD_UNOPENED_A_MINUTE, left_out);
}

static struct addr loopback_of(const struct relay *relay) {
    const struct relay_agent *agent = (const struct relay_agent *)relay;
    const struct addr client = open_address_to_addr(&agent->client);
    return loopback_source_of(&client, relay->thread->options->loopback_key);
}

/* By which address the destination sees the client, where that is its own. */
static void describe_seen(const struct relay *relay, struct relay_view *view) {
    const struct relay_agent *agent = (const struct relay_agent *)relay;
    view->has_seen = agent->service && agent->service->from == CONNECT_FROM_LOOPBACK;
    if (!view->has_seen)
        return;
    const struct addr from = loopback_of(relay);
    view->seen = open_address_of(&from);
}

static void keep_ended(const struct relay *relay, const struct record *record, uint64_t ended_us) {
    const struct relay_agent *agent = (const struct relay_agent *)relay;
    if (!relay->thread->ended)
        return;
    struct relay_view *view = ended_relays_add(relay->thread->ended, record, ended_us);
    view->number = agent->number;
    view->session = relay->session->tag;
    view->client = agent->client;
    describe_seen(relay, view);
}

void relay_agent_on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    const struct relay_agent *agent = as_agent(relay);
    /* A session of datagrams is done without having been complete. */
    uint64_t ended_us = reason == REASON_DONE && relay->complete_us ? relay->complete_us : clock_us();
    let_go(relay);
    relay_count_end(relay, reason, ended_us);
    char id[PROTO_RELAY_ID_MAX + 1], client[RECORD_CLIENT];
    record_make_id(id, agent->server, agent->number);
    struct record record = {.id = id,
                            .service = agent->service ? agent->service->name : "unknown",
                            .client = agent->is_check ? RECORD_CHECK
                                                      : open_address_format(&agent->client, client, sizeof client),
                            .destination = agent->service ? agent->service->to[0] : "",
                            .address = agent->address,
                            .in = relay->faces_client ? relay->pump.in : relay->pump.out,
                            .out = relay->faces_client ? relay->pump.out : relay->pump.in,
                            .accepted_us = relay->begun_us,
                            .dispatched_us = relay->begun_us,
                            .opened_us = relay->opened_us,
                            .first_byte_us = relay->first_byte_us,
                            .ended_us = ended_us,
                            .reason = reason,
                            .is_udp = agent->service && agent->service->protocol == SERVICE_UDP,
                            .end_to_end = pump_inner_cipher(&relay->pump),
                            .by = by,
                            .detail = detail};
    keep_ended(relay, &record, ended_us);
    if (!may_record(relay, &record.left_out))
        return;
    record_log(relay->thread->options->log, &record);
}

void relay_agent_free(struct relay *relay) {
    served_service_release(as_agent(relay)->service);
}

/* ---- for people who look at it ---- */

bool relay_agent_has_id(const struct relay *relay, const char *server, uint64_t number) {
    const struct relay_agent *agent = (const struct relay_agent *)relay;
    return agent->number == number && strcmp(agent->server, server) == 0;
}

void relay_agent_describe(const struct relay *relay, struct relay_view *view) {
    const struct relay_agent *agent = (const struct relay_agent *)relay;
    record_make_id(view->id, agent->server, agent->number);
    view->number = agent->number;
    strbuf_copy(view->service, sizeof view->service, agent->service ? agent->service->name : "");
    strbuf_copy(view->destination, sizeof view->destination, agent->service ? agent->service->to[0] : "");
    strbuf_copy(view->address, sizeof view->address, agent->address);
    view->client = agent->client;
    describe_seen(relay, view);
    view->end_to_end = pump_inner_cipher(&relay->pump);
    relay_view_bytes(view, relay);
    view->dispatched_us = relay->begun_us;
}

static const struct relay_role agent_role = {.on_repeat_opened = relay_agent_send_opened,
                                             .on_moved = on_moved,
                                             .on_broken = on_broken,
                                             .on_over = relay_agent_on_over,
                                             .before_abort = before_abort,
                                             .on_finished = relay_agent_on_finished,
                                             .stop = relay_agent_stop,
                                             .sweep = relay_sweep_agent,
                                             .cancel = relay_agent_cancel,
                                             .free = relay_agent_free,
                                             .has_id = relay_agent_has_id,
                                             .describe = relay_agent_describe};

/* ---- OPEN ---- */

static void identify(struct relay_agent *agent, const struct open_request *open, struct served_service *service) {
    const struct service_table *services = thread_session_services(agent->relay.session);
    strbuf_copy(agent->server, sizeof agent->server, services ? services->server : "");
    if (service)
        agent->service = served_service_hold(service);
    agent->reported_us = agent->relay.progress_us;
    agent->hops = loop_detect_hops(agent->relay.thread->own_dials, &open->client, open->local.port);
}

void relay_agent_init(struct relay_agent *agent, struct thread_session *session, const struct open_request *open,
                      const struct relay_role *role) {
    *agent = (struct relay_agent){.held.run = on_held,
                                  .client = open->client,
                                  .number = open->relay,
                                  .is_check = open->flags & OPEN_FLAG_CHECK,
                                  .refusal = REFUSAL_COUNT};
    relay_init(&agent->relay, session, role, NULL);
    agent->relay.pump.stream.is_limited = open->flags & OPEN_FLAG_LIMITED;
}

bool relay_agent_enter(struct relay_agent *agent, uint32_t number, const struct open_request *open,
                       struct served_service *service) {
    if (!mux_accept(agent->relay.session->mux, &agent->relay.pump.stream, number))
        return false;
    relay_enter(&agent->relay);
    counter_add(&agent->relay.counts->accepted, 1);
    identify(agent, open, service);
    return true;
}

/* A client that is a connection of our own, so often that it can only be on its way in a circle. */
static void refuse_loop(struct relay *relay) {
    char id[PROTO_RELAY_ID_MAX + 1], who[PROTO_RELAY_ID_MAX + 16], client[RECORD_CLIENT], detail[160];
    unsigned skipped = 0;
    const struct relay_agent *agent = as_agent(relay);
    record_make_id(id, agent->server, agent->number);
    snprintf(who, sizeof who, "relay %s", id);
    snprintf(detail, sizeof detail, "a loop: service %.64s leads back to its server, %u times through this agent",
             agent->service->name, agent->hops);
    if (log_limit_allows(&relay->thread->loop_lines, LOOP_LINES_A_MINUTE, &skipped))
        log_event(relay->thread->options->log, LOG_LEVEL_WARNING, who, detail,
                  LOG_FIELDS(LOG_TEXT("client", open_address_format(&agent->client, client, sizeof client)),
                             LOG_TEXT("destination", agent->service->to[0]), LOG_NUMBER("left_out", skipped)));
    relay_agent_refuse(relay, REFUSAL_DENIED, detail);
}

struct connector_order relay_agent_order(struct relay *relay, const struct open_request *open, struct addr *from) {
    const struct served_service *service = as_agent(relay)->service;
    const struct plane_options *options = relay->thread->options;
    bool has_from = service->from == CONNECT_FROM_LOOPBACK;
    if (has_from)
        *from = loopback_of(relay);
    return (struct connector_order){.loop = relay->thread->loop,
                                    .resolver = options->resolver,
                                    .allow = served_service_rules(service, options->allow),
                                    .to = service->to,
                                    .to_count = (int)service->to_count,
                                    .from = has_from ? from : NULL,
                                    .client_port = open->local.port,
                                    .timeout_ms = open->budget_ms,
                                    .context = relay};
}

static void dial(struct relay *relay, const struct open_request *open) {
    struct addr from;
    struct connector_order order = relay_agent_order(relay, open, &from);
    order.socket = &relay->pump.socket;
    order.callback = on_dialled;
    struct connector *running = connector_start(&order);
    if (running) /* else it has been called back already */
        as_agent(relay)->dial = running;
}

/* By the key of the service, if it is to have one. */
static bool encrypt(struct relay *relay) {
    const struct served_service *service = as_agent(relay)->service;
    return !service->end_to_end || (service->tls && relay_encrypt(relay, service->tls, !relay->faces_client));
}

static bool is_withdrawn(const struct served_service *service) {
    return service->own_rules && atomic_load_explicit(&service->is_withdrawn, memory_order_relaxed);
}

bool relay_agent_refuses(struct relay *relay) {
    if (atomic_load_explicit(&relay->thread->draining, memory_order_relaxed))
        relay_agent_refuse(relay, REFUSAL_DRAINING, "this agent is stopping");
    else if (!as_agent(relay)->service)
        relay_agent_refuse(relay, REFUSAL_UNKNOWN_SERVICE,
                           "the agent does not know the service: its session has ended");
    else if (is_withdrawn(as_agent(relay)->service))
        relay_agent_refuse(relay, REFUSAL_DENIED, "this agent does not publish the service any more");
    else if (as_agent(relay)->hops >= LOOP_DETECT_HOPS)
        refuse_loop(relay);
    return relay->state == RELAY_OVER;
}

/*
 * The server has found an agent for a client of our own, which has waited for this stream: its socket is the plain
 * side, and up already.
 */
static void attach_visitor(struct relay *relay, uint32_t ticket) {
    struct visit_tickets *tickets = relay->thread->options->tickets;
    struct relay_agent *agent = as_agent(relay);
    struct visit_client client;
    if (atomic_load_explicit(&relay->thread->draining, memory_order_relaxed)) {
        relay_agent_refuse(relay, REFUSAL_DRAINING, "this agent is stopping");
        return;
    }
    if (!tickets || !visit_tickets_take(tickets, ticket, relay->session->tag, &client)) {
        relay_agent_refuse(relay, REFUSAL_UNKNOWN_SERVICE, "no client waits with this ticket");
        return;
    }
    agent->service = client.service;
    strbuf_copy(agent->server, sizeof agent->server, client.server);
    relay->faces_client = true;
    if (!encrypt(relay) || !stream_socket_attach(&relay->pump.socket, relay_thread_base(relay->thread), client.fd,
                                                 false, &pump_socket_events, NULL)) {
        sock_close_reset(client.fd);
        relay_agent_refuse(relay, REFUSAL_BUSY, "out of memory");
        return;
    }
    relay->pump.socket.rst_on_close = true; /* by its listener */
    relay_set_open(relay, clock_us(), relay->begun_us);
    send_held(relay);
    pump_start(&relay->pump);
    stream_socket_poll(&relay->pump.socket); /* what the client has sent by now; it may be over then */
}

void relay_open_tcp(struct thread_session *session, uint32_t number, const struct open_request *open,
                    struct served_service *service) {
    struct relay_agent *agent = malloc(sizeof *agent);
    if (!agent)
        return; /* the mux refuses it */
    relay_agent_init(agent, session, open, &agent_role);
    if (!relay_agent_enter(agent, number, open, service))
        free(agent);
    else if (open->flags & OPEN_FLAG_VISIT)
        attach_visitor(&agent->relay, open->service);
    else if (relay_agent_refuses(&agent->relay))
        ;
    else if (!relay_proxy_keep(agent, open))
        relay_agent_refuse(&agent->relay, REFUSAL_BUSY, "out of memory");
    else if (!encrypt(&agent->relay))
        relay_agent_refuse(&agent->relay, REFUSAL_BUSY, "out of memory");
    else
        dial(&agent->relay, open);
}

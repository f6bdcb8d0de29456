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

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { LOOP_LINES_A_MINUTE = 10, BUSY_LINES_A_MINUTE = 10 };

static struct relay_agent *as_agent(struct relay *relay) {
    return (struct relay_agent *)relay; /* whose first member it is */
}

/* ---- OPEN ---- */

static void refuse(struct relay *relay, enum refusal refusal, const char *detail) {
    char json[320];
    struct stream_state *state = link_stream_state(relay->link);
    struct batch *batch = link_batch(relay->link);
    size_t length = refused_format(json, sizeof json, refusal, detail);
    batch_add(batch, FRAME_REFUSED, state->number, json, length);
    stream_state_sent(state, FRAME_REFUSED, 0);
    batch_add(batch, FRAME_IDLE, state->number, NULL, 0);
    link_send(relay->link);
    as_agent(relay)->detail = detail;
    as_agent(relay)->is_put_off = refusal == REFUSAL_BUSY;
    relay_finish(relay, refusal == REFUSAL_DENIED ? REASON_DENIED : REASON_REFUSED, "agent");
}

static void throttle(struct relay *relay) {
    if (stream_socket_waiting(&relay->socket) > 0)
        link_pause(relay->link);
    relay_update_reading(relay);
}

static void add_opened(struct relay *relay, struct batch *batch) {
    char json[320] = "";
    const struct relay_agent *agent = as_agent(relay);
    struct stream_state *state = link_stream_state(relay->link);
    if (state->opened)
        return;
    size_t length = 0;
    if (strcmp(agent->address, agent->service->to[0]) != 0) { /* OPENED has the address only if it differs */
        uint64_t dial_us = relay->opened_us - agent->begun_us;
        length = opened_format(json, sizeof json, agent->address, (unsigned)(dial_us / 1000));
    }
    batch_add(batch, FRAME_OPENED, state->number, json, length);
    stream_state_sent(state, FRAME_OPENED, 0);
}

static void on_held(struct defer_item *item) {
    struct relay *relay = (struct relay *)(void *)((char *)item - offsetof(struct relay_agent, held));
    if (relay->link && !link_stream_state(relay->link)->opened) {
        add_opened(relay, link_batch(relay->link));
        link_send(relay->link);
    }
}

/* Holds OPENED back for the destination's first answer, unless the server has sent all it may before OPENED. */
static void hold_opened(struct relay *relay) {
    struct defer_item *held = &as_agent(relay)->held;
    if (relay->up > RELAY_HELD_UP_TO) {
        on_held(held);
    } else {
        defer_add(&relay->thread->held, held);
    }
}

static void on_dialled(void *context, const struct connector_result *result) {
    struct relay *relay = context;
    struct relay_agent *agent = context;
    agent->dial = NULL;
    counter_add(&relay->thread->counters->dials, 1);
    if (!result->is_connected) {
        refuse(relay, result->refusal, result->detail);
        return;
    }
    relay_set_open(relay, clock_us());
    loop_detect_add(relay->thread->own_dials, &agent->own_dial, &result->here, addr_port(&result->address),
                    agent->hops);
    addr_format(&result->address, agent->address, sizeof agent->address);
    stream_socket_set_events(&relay->socket, &relay_plain_events, relay);
    hold_opened(relay);
    stream_socket_flush(&relay->socket); /* early bytes and, behind them, FIN */
    if (relay->state == RELAY_OPEN)
        throttle(relay);
}

static struct relay *begin(struct link *link, const struct open_request *open) {
    struct relay_agent *agent = malloc(sizeof *agent);
    const struct service_table *services = link_services(link);
    if (!agent)
        return NULL;
    struct relay *relay = &agent->relay;
    *agent = (struct relay_agent){.held.run = on_held, .client = open->client, .number = open->relay};
    relay_init(relay, link);
    strbuf_copy(agent->server, sizeof agent->server, services ? services->server : "");
    struct served_service *service = service_table_find(services, open->service);
    if (service)
        agent->service = served_service_hold(service);
    agent->begun_us = relay->progress_us;
    agent->hops = loop_detect_hops(relay->thread->own_dials, &open->client, open->local.port);
    relay->half_close_timeout_s = RELAY_AGENT_HALF_CLOSE_S;
    return relay;
}

void relay_agent_free(struct relay *relay) {
    served_service_release(as_agent(relay)->service);
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
    refuse(relay, REFUSAL_DENIED, detail);
}

static void dial(struct relay *relay, unsigned budget_ms) {
    const struct served_service *service = as_agent(relay)->service;
    const struct plane_options *options = relay->thread->options;
    struct connector_order order = {.socket = &relay->socket,
                                    .loop = relay->thread->loop,
                                    .resolver = options->resolver,
                                    .allow = options->allow,
                                    .to = service->to,
                                    .to_count = (int)service->to_count,
                                    .timeout_ms = budget_ms,
                                    .callback = on_dialled,
                                    .context = relay};
    struct connector *running = connector_start(&order);
    if (running) /* else it has been called back already */
        as_agent(relay)->dial = running;
}

void relay_open(struct link *link, const struct frame *frame) {
    struct open_request open;
    struct error error = {""};
    if (open_parse(&open, frame->payload, frame->length, &error)) {
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, error.text);
        return;
    }
    struct relay *relay = begin(link, &open);
    if (!relay)
        link_close(link, LINK_CLOSE_RESET, REASON_MEMORY, "out of memory");
    else if (atomic_load_explicit(&relay->thread->draining, memory_order_relaxed))
        refuse(relay, REFUSAL_DRAINING, "this agent is stopping");
    else if (!as_agent(relay)->service)
        refuse(relay, REFUSAL_UNKNOWN_SERVICE, "the agent does not know the service: its session has ended");
    else if (as_agent(relay)->hops >= LOOP_DETECT_HOPS)
        refuse_loop(relay);
    else
        dial(relay, open.budget_ms);
}

void relay_agent_readable(struct relay *relay) {
    struct link *link = relay->link;
    struct batch *batch = link_batch(link);
    bool was_opened = link_stream_state(link)->opened;
    struct stream_state before = *link_stream_state(link);
    add_opened(relay, batch);
    size_t opened_length = batch->length;
    bool is_alive = relay_pump(relay, batch, BATCH_READ);
    if (is_alive && !was_opened && batch->length == opened_length) { /* nothing was read: OPENED stays held back */
        *link_stream_state(link) = before;
        return;
    }
    defer_cancel(&relay->thread->held, &as_agent(relay)->held);
    link_send(link);
    if (!is_alive) {
        relay_abort(relay, REASON_DESTINATION_RESET, "destination");
        return;
    }
    relay_update_reading(relay);
    relay_check_over(relay);
}

/* ---- the end ---- */

void relay_agent_stop_opening(struct relay *relay) {
    refuse(relay, REFUSAL_DRAINING, "this agent is stopping");
}

void relay_agent_send_idle(struct relay *relay) {
    struct stream_state *state = link_stream_state(relay->link);
    struct batch *batch = link_batch(relay->link);
    batch_add(batch, FRAME_IDLE, state->number, NULL, 0);
    stream_state_sent(state, FRAME_IDLE, 0);
    link_send(relay->link);
}

void relay_agent_on_frame(struct relay *relay, const struct frame *frame) {
    if (frame->type == FRAME_RESET) /* the link answers IDLE n */
        relay_finish(relay, REASON_PEER_RESET, "server");
}

/* Both streams complete: what waits is still delivered. Otherwise something was cut, and must look like it. */
void relay_agent_link_lost(struct relay *relay, enum relay_reason reason) {
    if (relay->sent_fin && relay->got_fin && relay->state == RELAY_OPEN) {
        relay_go_on_alone(relay);
        return;
    }
    relay_finish(relay, reason, "link");
}

void relay_agent_let_go(struct relay *relay) {
    struct relay_agent *agent = as_agent(relay);
    if (agent->dial)
        connector_cancel(agent->dial);
    agent->dial = NULL;
    defer_cancel(&relay->thread->held, &agent->held);
    loop_detect_remove(relay->thread->own_dials, &agent->own_dial);
}

/* Without descriptors each client that waits comes again four times a second. */
static void write_record(const struct relay_agent *agent) {
    const struct relay *relay = &agent->relay;
    unsigned left_out = 0;
    if (agent->is_put_off && !log_limit_allows(&relay->thread->busy_lines, BUSY_LINES_A_MINUTE, &left_out))
        return;
    char id[PROTO_RELAY_ID_MAX + 1], client[RECORD_CLIENT];
    bool is_lost = agent->reason == REASON_DONE && agent->lost != REASON_DONE;
    record_make_id(id, agent->server, agent->number);
    struct record record = {.id = id,
                            .service = agent->service ? agent->service->name : "unknown",
                            .client = open_address_format(&agent->client, client, sizeof client),
                            .destination = agent->service ? agent->service->to[0] : "",
                            .address = agent->address,
                            .up = relay->up,
                            .down = relay->down,
                            .accepted_us = agent->begun_us,
                            .dispatched_us = agent->begun_us,
                            .opened_us = relay->opened_us,
                            .first_byte_us = relay->first_byte_us,
                            .reason = is_lost ? agent->lost : agent->reason,
                            .by = is_lost ? (agent->lost == REASON_PEER_RESET ? "server" : "link") : agent->by,
                            .detail = agent->detail,
                            .left_out = left_out};
    record_log(relay->thread->options->log, &record, agent->ended_us);
}

void relay_agent_await_delivery(struct relay *relay, struct link *link) {
    as_agent(relay)->is_delivering = true;
    link_await_delivery(link, relay);
}

bool relay_agent_finished(struct relay *relay, enum relay_reason reason, const char *by) {
    struct relay_agent *agent = as_agent(relay);
    agent->reason = reason;
    agent->by = by;
    agent->ended_us = clock_us();
    if (!agent->is_delivering)
        write_record(agent);
    return !agent->is_delivering;
}

void relay_on_delivered(struct relay *relay, enum relay_reason reason) {
    struct relay_agent *agent = as_agent(relay);
    agent->is_delivering = false;
    agent->lost = reason;
    if (relay->state != RELAY_OVER)
        return;
    write_record(agent);
    relay_thread_free_relay_later(relay->thread, relay);
}

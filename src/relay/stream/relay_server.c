/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_server: the server's end of a relay: OPEN with the client's first bytes, failing over, the client's way back to
 * the control plane. See relay.h.
 *
 * What is sent before OPENED stays in the stream's send buffer, since an agent acknowledges nothing before it has
 * reached the destination; so the bytes can be taken out again, for another agent.
 */
#include "config.h"

#include "relay/stream/relay_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "relay/http_guard.h"

#include <stdlib.h>
#include <string.h>

static struct relay_server *as_server(struct relay *relay) {
    return (struct relay_server *)relay; /* whose first member it is */
}

static struct client *client_of(struct relay *relay) {
    return as_server(relay)->client;
}

static void drop_early(struct client *client) {
    if (client->early)
        evbuffer_free(client->early);
    client->early = NULL;
}

/* ---- back to the control plane ---- */

/* Something that may have reached the destination, and would reach it twice if another agent got the client. */
static bool has_sent(const struct relay *relay) {
    return relay->pump.stream.finished || relay->pump.stream.out.sent > 0;
}

static bool keep_early(struct client *client, struct send_buffer *from) {
    struct send_run run;
    client->early = from->begin == 0 ? evbuffer_new() : NULL;
    for (uint64_t at = 0; client->early && at < from->end; at += run.length) {
        run = send_buffer_peek(from, at);
        if (evbuffer_add(client->early, run.bytes, run.length))
            drop_early(client);
    }
    return client->early;
}

/* False: out of memory. */
static bool take_back_early(struct relay *relay) {
    struct client *client = client_of(relay);
    if (!as_server(relay)->holds_early)
        client->early_end = relay->pump.stream.finished;
    return relay->pump.stream.out.end == 0 || keep_early(client, &relay->pump.stream.out);
}

static void give_back(struct relay *relay, enum client_outcome outcome) {
    struct client *client = client_of(relay);
    client->outcome = outcome;
    client->bytes_up = client->bytes_down = 0;
    pump_end_throttle(&relay->pump); /* it counts for the client's service */
    (void)stream_socket_detach(&relay->pump.socket);
    client->tls = stream_socket_take_tls(&relay->pump.socket);
    as_server(relay)->client = NULL;
    plane_event_client_back(relay->thread, client);
    relay_finish(relay, REASON_REFUSED, "agent", NULL);
}

/* Still open, and with all that was sent of it; its stream is over. A client whose bytes cannot be kept is lost. */
static void give_back_with_early(struct relay *relay, bool is_kept, enum client_outcome outcome) {
    if (is_kept) {
        give_back(relay, outcome);
        return;
    }
    stream_socket_close(&relay->pump.socket, true);
    relay_finish(relay, REASON_MEMORY, "server", NULL);
}

/* Nothing of it was sent. */
static void withdraw(struct relay *relay) {
    static const uint8_t detail[] = "{\"reason\":\"the client goes to another agent\"}";
    bool is_kept = take_back_early(relay);
    pump_abandon(&relay->pump, detail, sizeof detail - 1);
    give_back_with_early(relay, is_kept, CLIENT_UNANSWERED);
}

/* ---- the client's first bytes ---- */

/* The client's first bytes: kept ones, or those in its socket. They leave with OPEN, if that leaves in this turn.
 * False: out of memory, and none was taken. */
static bool send_early(struct relay *relay) {
    struct client *client = client_of(relay);
    bool has_early = client->early || client->early_end;
    if (has_early && !pump_replay(&relay->pump, client->early, client->early_end))
        return false;
    drop_early(client);
    pump_start(&relay->pump);
    if (!has_early)
        stream_socket_poll(&relay->pump.socket);
    return true;
}

/* ---- the agent's answer ---- */

void relay_server_note_opened(struct relay *relay, const uint8_t *payload, size_t length) {
    unsigned dial_ms = 0, lookup_ms = 0;
    char address[PROTO_DETAIL_SIZE];
    struct client *client = client_of(relay);
    relay_set_open(relay, clock_us(), client->dispatched_us);
    if (length > 0) { /* else it was reached as it was written */
        opened_parse(payload, length, address, &dial_ms, &lookup_ms);
        strbuf_copy(client->address, sizeof client->address, address);
    }
    if (client->is_check)
        plane_event_check_opened(relay->thread, client, dial_ms, lookup_ms);
}

static void on_opened(struct relay *relay, const uint8_t *payload, size_t length) {
    relay_server_note_opened(relay, payload, length);
    if (as_server(relay)->holds_early && !send_early(relay))
        relay_abort(relay, REASON_MEMORY, "server", NULL);
}

/* The client's bytes are in the agent's hands: replayed by another agent, they might reach a destination twice. */
static const char *describe_early_sent(struct client *client) {
    struct strbuf text = strbuf_begin(client->detail, sizeof client->detail);
    strbuf_add(&text, "the client's first bytes were already sent to agent ");
    strbuf_add(&text, client->agent);
    strbuf_add(&text, ", so it was not given to another");
    return client->detail;
}

static void recall(struct relay *relay) {
    if (!has_sent(relay))
        withdraw(relay);
}

static void on_suspended(struct relay *relay) {
    if (relay->state == RELAY_OPENING)
        recall(relay);
}

/* An honest agent sends REFUSED instead of RESET before OPENED. Without bytes of the client that is the same. */
static void take_reset(struct relay *relay, const uint8_t *payload, size_t length) {
    struct client *client = client_of(relay);
    reset_parse(payload, length, client->detail);
    if (relay->state == RELAY_OPENING && !has_sent(relay)) {
        client->refusal = REFUSAL_REFUSED;
        if (!*client->detail)
            strbuf_copy(client->detail, sizeof client->detail, "reset before the destination was reached");
        give_back_with_early(relay, take_back_early(relay), CLIENT_REFUSED);
        return;
    }
    relay_finish(relay, REASON_PEER_RESET, "agent", client->detail);
}

static void take_refused(struct relay *relay, const uint8_t *payload, size_t length) {
    struct client *client = client_of(relay);
    refused_parse(payload, length, &client->refusal, client->detail);
    give_back_with_early(relay, take_back_early(relay), CLIENT_REFUSED);
}

static const char *detail_of_guard(struct relay *relay) {
    const struct http_guard *guard = client_of(relay)->guard;
    return guard ? http_guard_detail(guard) : NULL;
}

static void on_over(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    bool was_opening = relay->state == RELAY_OPENING;
    if (how == STREAM_HOW_WHOLE)
        relay_finish(relay, REASON_DONE, relay->first_end, detail_of_guard(relay));
    else if (how == STREAM_HOW_REFUSED)
        take_refused(relay, payload, length);
    else if (how == STREAM_HOW_ELSEWHERE)
        give_back_with_early(relay, take_back_early(relay), CLIENT_UNANSWERED);
    else if (how == STREAM_HOW_LOST)
        relay_finish(relay, REASON_LINK_LOST, "link", was_opening ? describe_early_sent(client_of(relay)) : NULL);
    else
        take_reset(relay, payload, length);
}

static void sweep_opening(struct relay *relay, uint64_t now_us) {
    struct relay_server *server = as_server(relay);
    uint64_t grace_us = now_us + RELAY_GRACE_MS * 1000ull;
    bool is_suspended = mux_stream_is_suspended(&relay->pump.stream);
    if (is_suspended && server->deadline_us < grace_us)
        server->deadline_us = grace_us; /* the answer comes once the stream goes on */
    if (now_us < server->deadline_us)
        return;
    if (has_sent(relay))
        relay_abort(relay, REASON_TIMEOUT, "server", describe_early_sent(server->client));
    else
        withdraw(relay);
}

/* ---- the end ---- */

static void on_broken(struct relay *relay) {
    if (relay->faces_client)
        relay_abort_broken(relay, REASON_CLIENT_RESET, "client");
    else
        relay_abort_broken(relay, REASON_DESTINATION_RESET, "destination");
}

static void cancel(struct relay *relay) {
    relay_abort(relay, REASON_OPERATOR, "operator", NULL);
}

static void stop(struct relay *relay, enum relay_reason reason, const char *detail) {
    if (reason == REASON_STOPPED)
        relay_abort(relay, reason, "server", NULL);
    else if (relay->state == RELAY_OPEN)
        relay_abort(relay, reason, reason == REASON_OPERATOR ? "operator" : "link", detail);
    else if (has_sent(relay))
        relay_abort(relay, reason, "link", describe_early_sent(client_of(relay)));
    else
        withdraw(relay);
}

static void note_end(const struct relay *relay, struct client *client, enum relay_reason reason) {
    client->fd = -1;
    client->outcome = CLIENT_ENDED;
    client->reason = reason;
    client->bytes_up = relay->faces_client ? relay->pump.in : relay->pump.out;
    client->bytes_down = relay->faces_client ? relay->pump.out : relay->pump.in;
    client->opened_us = relay->opened_us;
    client->first_byte_us = relay->first_byte_us;
    /* A session of datagrams is done without having been complete. */
    client->ended_us = reason == REASON_DONE && relay->complete_us ? relay->complete_us : clock_us();
}

void relay_server_on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    struct client *client = client_of(relay);
    const struct plane_options *options = relay->thread->options;
    if (!client)
        return; /* it was given back; its record comes with its end */
    note_end(relay, client, reason);
    client->by = by;
    if (detail != client->detail)
        strbuf_copy(client->detail, sizeof client->detail, detail ? detail : "");
    relay_count_end(relay, reason, client->ended_us);
    record_log_client(options->log, options->instance, client, &relay->thread->unopened_lines[REFUSAL_COUNT]);
    drop_early(client);
    as_server(relay)->client = NULL;
    plane_event_client_back(relay->thread, client);
}

/* ---- for people who look at it ---- */

bool relay_server_has_id(const struct relay *relay, const char *server, uint64_t number) {
    const struct relay_server *own = (const struct relay_server *)relay;
    return own->client->number == number && strncmp(server, relay->thread->options->instance, PROTO_SERVER_DIGITS) == 0;
}

void relay_server_describe(const struct relay *relay, struct relay_view *view) {
    const struct client *client = ((const struct relay_server *)relay)->client;
    record_make_id(view->id, relay->thread->options->instance, client->number);
    view->number = client->number;
    strbuf_copy(view->service, sizeof view->service, client->terms->service);
    strbuf_copy(view->destination, sizeof view->destination, client->terms->destination);
    strbuf_copy(view->address, sizeof view->address, relay->opened_us ? record_address(client) : "");
    strbuf_copy(view->agent, sizeof view->agent, client->agent);
    strbuf_copy(view->visitor, sizeof view->visitor, client->visitor ? client->visitor->agent : "");
    view->client = open_address_of(&client->peer);
    relay_view_bytes(view, relay);
    view->dispatched_us = client->dispatched_us;
}

/* ---- limits of bandwidth ---- */

/* Checks are not held back; the relay to a visitor is by its agent's limit alone. False: out of memory. */
static bool throttle(struct relay *relay) {
    const struct client *client = client_of(relay);
    struct bandwidth *const limits[BANDWIDTH_SCOPE_COUNT] = {[BANDWIDTH_SERVICE] = client->terms->bandwidth,
                                                             [BANDWIDTH_SOURCE] = client->source,
                                                             [BANDWIDTH_AGENT] = client->via};
    return client->is_check ||
           pump_throttle(&relay->pump, relay_thread_base(relay->thread), limits, &relay->counts->throttled);
}

/* One that had no limit may have one now; without memory the next sweep tries again. */
static void sweep(struct relay *relay, uint64_t now_us) {
    if (!relay->pump.throttle && relay->pump.lingers == 0)
        (void)throttle(relay);
    relay_sweep_server(relay, now_us);
}

static const struct relay_role server_role = {.on_opened = on_opened,
                                              .on_broken = on_broken,
                                              .on_suspended = on_suspended,
                                              .on_over = on_over,
                                              .on_finished = relay_server_on_finished,
                                              .stop = stop,
                                              .recall = recall,
                                              .sweep = sweep,
                                              .sweep_opening = sweep_opening,
                                              .cancel = cancel,
                                              .has_id = relay_server_has_id,
                                              .describe = relay_server_describe};

/* ---- OPEN ---- */

static uint16_t flags_of(struct relay *relay) {
    unsigned check = client_of(relay)->is_check ? OPEN_FLAG_CHECK : 0;
    unsigned limited = throttle_limits(relay->pump.throttle, BANDWIDTH_OUT) ? OPEN_FLAG_LIMITED : 0;
    unsigned visit = client_of(relay)->ticket ? OPEN_FLAG_VISIT : 0;
    return (uint16_t)(check | limited | visit);
}

bool relay_server_open_stream(struct relay *relay) {
    uint8_t bytes[FRAME_OPEN_MOST];
    const struct client *client = client_of(relay);
    struct open_request open = {.relay = client->number,
                                .service = client->ticket ? client->ticket : client->terms->id,
                                .budget_ms = client->attempt_ms,
                                .flags = flags_of(relay),
                                .client = open_address_of(&client->peer),
                                .local = client->local};
    if (client->tlvs && client->terms->sends_tlvs) {
        open.tlvs = client->tlvs->bytes;
        open.tlvs_length = client->tlvs->length;
    }
    return mux_open(relay->session->mux, &relay->pump.stream, bytes, open_format(bytes, &open));
}

void relay_server_enter(struct relay *relay) {
    struct client *client = client_of(relay);
    relay_enter(relay);
    client->dispatched_us = relay->progress_us;
    as_server(relay)->deadline_us = client->dispatched_us + (client->attempt_ms + RELAY_GRACE_MS) * 1000ull;
}

static struct relay *begin(struct thread_session *session, struct client *client) {
    struct relay_server *server = malloc(sizeof *server);
    struct relay_thread *thread = session->thread;
    if (!server)
        return NULL;
    struct relay *relay = &server->relay;
    *server = (struct relay_server){.client = client, .holds_early = client->holds_early};
    relay_init(relay, session, &server_role, client->terms->counts);
    relay->faces_client &= !client->ticket;
    relay->begun_us = client->accepted_us;
    if (!stream_socket_attach(&relay->pump.socket, relay_thread_base(thread), client->fd, false, &pump_socket_events,
                              NULL)) {
        free(relay);
        return NULL;
    }
    relay->pump.socket.rst_on_close = true; /* by its listener */
    if (client->guard)
        pump_guard(&relay->pump, client->guard);
    if (client->tls)
        stream_socket_set_tls(&relay->pump.socket, client->tls, &thread->client_bio);
    client->tls = NULL;
    if (!throttle(relay) || !relay_server_open_stream(relay)) {
        pump_end_throttle(&relay->pump);
        (void)stream_socket_detach(&relay->pump.socket);
        client->tls = stream_socket_take_tls(&relay->pump.socket);
        free(relay);
        return NULL;
    }
    relay_server_enter(relay);
    return relay;
}

void relay_serve(struct thread_session *session, struct client *client) {
    bool has_carrier = mux_has_carrier(session->mux);
    client->reason = has_carrier ? REASON_MEMORY : REASON_LINK_LOST; /* of CLIENT_NOT_STARTED */
    struct relay *relay = has_carrier ? begin(session, client) : NULL;
    if (!relay) {
        client->outcome = CLIENT_NOT_STARTED;
        plane_event_client_back(session->thread, client);
    } else if (!client->holds_early && !send_early(relay)) {
        pump_abandon(&relay->pump, NULL, 0);
        give_back(relay, CLIENT_NOT_STARTED);
    }
}

/* A service that has changed has other terms, and goes on in the same counts. */
static bool is_of_service(const struct client *client, const struct service_terms *terms) {
    return client->terms == terms || (terms->counts && client->terms->counts == terms->counts);
}

void relay_recall(struct relay_thread *thread, uint64_t session, const struct service_terms *terms) {
    struct relay *next;
    for (struct relay *relay = thread->opening; relay; relay = next) {
        const struct client *client = client_of(relay);
        next = relay->next;
        if (client->session == session && is_of_service(client, terms))
            relay->role->recall(relay);
    }
}

static void end_those_of(struct relay *first, uint64_t session, const struct service_terms *terms,
                         enum relay_reason reason, const char *detail) {
    struct relay *next;
    for (struct relay *relay = first; relay; relay = next) {
        const struct client *client = client_of(relay);
        next = relay->next;
        if (client->session == session && client->terms == terms)
            relay_abort(relay, reason, "server", detail);
    }
}

void relay_end_terms(struct relay_thread *thread, uint64_t session, const struct service_terms *terms,
                     enum relay_reason reason, const char *detail) {
    end_those_of(thread->opening, session, terms, reason, detail);
    end_those_of(thread->relays, session, terms, reason, detail);
}

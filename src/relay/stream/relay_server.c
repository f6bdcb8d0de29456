/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_server: the server's end of a relay: OPEN with the client's first bytes, failing over, the client's way back to
 * the control plane. See relay.h.
 *
 * What was sent before OPENED is kept (client->early, at most 64 KiB), so that it can be replayed to another agent.
 */
#include "config.h"

#include "relay/stream/relay_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "relay/link/link_priv.h"

#include <string.h>

static struct relay_server *as_server(struct relay *relay) {
    return (struct relay_server *)relay; /* whose first member it is */
}

static struct client *client_of(struct relay *relay) {
    return as_server(relay)->client;
}

static bool add_open(struct relay *relay, struct batch *batch) {
    uint8_t bytes[FRAME_OPEN_SIZE];
    const struct client *client = client_of(relay);
    struct stream_state *state = link_stream_state(relay->link);
    struct open_request open = {.relay = client->number,
                                .service = client->terms->id,
                                .budget_ms = client->attempt_ms,
                                .client = open_address_of(&client->peer),
                                .local = client->local};
    open_format(bytes, &open);
    if (!batch_add(batch, FRAME_OPEN, state->number + 1, bytes, sizeof bytes))
        return false;
    stream_state_sent(state, FRAME_OPEN, 0);
    return true;
}

/* Keeps the payloads of the DATA frames that the batch holds from `from` on. */
static bool keep_early(struct relay *relay, const struct batch *batch, size_t from) {
    struct client *client = client_of(relay);
    struct frame frame;
    size_t taken;
    if (!client->early)
        client->early = evbuffer_new();
    while (client->early && from < batch->length) {
        if (frame_parse(batch->bytes + from, batch->length - from, &frame, &taken) != FRAME_OK)
            return false;
        if (frame.type == FRAME_DATA && evbuffer_add(client->early, frame.payload, frame.length))
            return false;
        from += taken;
    }
    return client->early;
}

static void drop_early(struct client *client) {
    if (client->early)
        evbuffer_free(client->early);
    client->early = NULL;
}

/* A client whose bytes cannot be kept can still be served, only not a second time. */
static bool pump_client(struct relay *relay, struct batch *batch) {
    size_t from = batch->length;
    uint64_t before = relay->up;
    size_t limit = relay->state == RELAY_OPENING ? RELAY_EARLY_MAX - (size_t)before : BATCH_READ;
    if (!relay_pump(relay, batch, limit))
        return false;
    bool is_kept = before == 0 || client_of(relay)->early; /* nothing before it is missing */
    if (relay->state == RELAY_OPENING && relay->up > before && !(is_kept && keep_early(relay, batch, from)))
        drop_early(client_of(relay));
    return true;
}

static void replay(struct relay *relay, struct batch *batch) {
    struct client *client = client_of(relay);
    struct stream_state *state = link_stream_state(relay->link);
    if (client->early) {
        size_t added = batch_add_copy(batch, state->number, client->early);
        stream_state_sent(state, FRAME_DATA, added);
        relay->up = added;
    }
    if (client->early_end) {
        batch_add(batch, FRAME_FIN, state->number, NULL, 0);
        stream_state_sent(state, FRAME_FIN, 0);
        relay->sent_fin = relay->socket.got_end = true;
        relay->first_end = "client";
    }
}

/* Adds the client's first bytes: kept ones, or those in its socket. False: it has reset its connection. */
static bool send_early(struct relay *relay, struct batch *batch) {
    const struct client *client = client_of(relay);

    if (!client->early && !client->early_end)
        return pump_client(relay, batch);
    replay(relay, batch);
    return true;
}

static struct relay *begin(struct link *link, struct client *client) {
    struct relay_server *server = malloc(sizeof *server);
    if (!server)
        return NULL;
    struct relay *relay = &server->relay;
    *server = (struct relay_server){.client = client};
    relay_init(relay, link);
    client->dispatched_us = clock_us();
    relay->idle_timeout_s = client->terms->idle_timeout_s;
    relay->half_close_timeout_s = client->terms->half_close_timeout_s;
    relay->deadline_us = client->dispatched_us + (client->attempt_ms + RELAY_GRACE_MS) * 1000ull;
    return relay;
}

/* OPEN together with the client's first bytes. REASON_DONE: sent. */
static enum relay_reason begin_stream(struct relay *relay, struct batch *batch) {
    struct client *client = client_of(relay);
    if (!stream_socket_attach(&relay->socket, relay_thread_base(relay->thread), client->fd, false, &relay_plain_events,
                              relay)) {
        sock_close_reset(client->fd);
        return REASON_MEMORY;
    }
    relay->socket.rst_on_close = true; /* by its listener */
    if (!add_open(relay, batch))
        return REASON_MEMORY;
    relay->holds_early = client->holds_early;
    return client->holds_early || send_early(relay, batch) ? REASON_DONE : REASON_CLIENT_RESET;
}

void relay_serve(struct link *link, struct client *client) {
    struct relay *relay = begin(link, client);
    if (!relay) {
        uint64_t tag;
        struct link_ref ref = link_ref_of(link, &tag);
        client->outcome = CLIENT_NOT_STARTED;
        client->reason = REASON_MEMORY;
        plane_event_client_back(link_thread(link), client, ref, tag);
        plane_event_idle(link);
        return;
    }
    struct batch *batch = link_batch(link);
    size_t deferred_length = batch->length;
    struct stream_state before = *link_stream_state(link);
    enum relay_reason failure = begin_stream(relay, batch);
    if (failure != REASON_DONE) { /* OPEN was not sent; the link's deferred frame is */
        *link_stream_state(link) = before;
        batch->length = deferred_length;
        link_send(link);
        relay_finish(relay, failure, failure == REASON_MEMORY ? "server" : "client");
        return;
    }
    link_send(link);
    relay_update_reading(relay);
}

void relay_server_readable(struct relay *relay) {
    struct batch *batch = link_batch(relay->link);
    if (!pump_client(relay, batch)) {
        relay_abort(relay, REASON_CLIENT_RESET, "client");
        return;
    }
    link_send(relay->link);
    relay_update_reading(relay);
    relay_check_over(relay);
}

/* ---- the agent's frames ---- */

static bool send_held(struct relay *relay) {
    relay->holds_early = false;
    if (!send_early(relay, link_batch(relay->link))) {
        relay_abort(relay, REASON_CLIENT_RESET, "client");
        return false;
    }
    link_send(relay->link);
    return true;
}

static void take_opened(struct relay *relay, const struct frame *frame) {
    unsigned dial_ms = 0;
    char address[160];
    struct client *client = client_of(relay);
    relay_set_open(relay, clock_us());
    if (frame->length > 0) { /* else it was reached as it was written */
        opened_parse(frame->payload, frame->length, address, &dial_ms);
        strbuf_copy(client->address, sizeof client->address, address);
    }
    if (relay->holds_early && !send_held(relay))
        return;
    drop_early(client);
    relay_update_reading(relay);
}

/* Gives the client back to the control plane, still open, with its early bytes; the link waits for IDLE. */
static void give_back(struct relay *relay, enum client_outcome outcome) {
    struct client *client = client_of(relay);
    client->outcome = outcome;
    client->early_end = client->early_end || relay->socket.got_end;
    client->bytes_up = client->bytes_down = 0;
    stream_socket_detach(&relay->socket);
    as_server(relay)->client = NULL;
    plane_event_client_back(relay->thread, client, relay->link_ref, relay->tag);
    relay_finish(relay, REASON_REFUSED, "agent");
}

static void take_refused(struct relay *relay, const struct frame *frame) {
    refused_parse(frame->payload, frame->length, &client_of(relay)->refusal, client_of(relay)->detail);
    if (client_of(relay)->early || relay->up == 0)
        give_back(relay, CLIENT_REFUSED);
    else
        relay_finish(relay, REASON_MEMORY, "server"); /* its bytes could not be kept */
}

void relay_server_on_frame(struct relay *relay, const struct frame *frame) {
    switch ((int)frame->type) {
    case FRAME_OPENED:
        take_opened(relay, frame);
        break;
    case FRAME_REFUSED:
        take_refused(relay, frame);
        break;
    case FRAME_RESET:
        reset_parse(frame->payload, frame->length, client_of(relay)->detail);
        relay_finish(relay, REASON_PEER_RESET, "agent");
        break;
    default:
        break;
    }
}

/* The client's bytes are in the agent's hands: replayed by another agent, they might reach a destination twice. */
static const char *describe_early_sent(struct client *client) {
    struct strbuf text = strbuf_begin(client->detail, sizeof client->detail);
    strbuf_add(&text, "the client's first bytes were already sent to agent ");
    strbuf_add(&text, client->agent);
    strbuf_add(&text, ", so it was not given to another");
    return client->detail;
}

void relay_server_link_lost(struct relay *relay, enum relay_reason reason) {
    if (relay->state == RELAY_OPENING && relay->up == 0 && reason != REASON_STOPPED)
        give_back(relay, CLIENT_UNANSWERED); /* nothing that could reach a destination twice */
    else if (relay->sent_fin && relay->got_fin && reason != REASON_STOPPED)
        relay_go_on_alone(relay); /* both streams are complete: the client still gets what waits */
    else {
        relay->lost_early = relay->state == RELAY_OPENING && relay->up > 0;
        relay_finish(relay, reason, "link");
    }
}

/* Of this attempt; client->detail may be of one before. */
static const char *detail_of(const struct relay *relay, enum relay_reason reason, struct client *client) {
    if (relay->lost_early && reason != REASON_STOPPED)
        return describe_early_sent(client);
    return reason == REASON_PEER_RESET ? client->detail : NULL;
}

static void note_end(const struct relay *relay, struct client *client, enum relay_reason reason) {
    client->fd = -1;
    client->outcome = CLIENT_ENDED;
    client->reason = reason;
    client->bytes_up = relay->up;
    client->bytes_down = relay->down;
    client->opened_us = relay->opened_us;
    client->first_byte_us = relay->first_byte_us;
    client->ended_us = clock_us();
}

void relay_server_finished(struct relay *relay, enum relay_reason reason, const char *by) {
    struct client *client = client_of(relay);
    if (!client)
        return; /* it was given back; its record comes with its end */
    note_end(relay, client, reason);
    record_log_client(relay->thread->options->log, relay->thread->options->instance, client, by,
                      detail_of(relay, reason, client));
    drop_early(client);
    as_server(relay)->client = NULL;
    plane_event_client_back(relay->thread, client, relay->link_ref, relay->tag);
}

void relay_server_sweep(struct relay *relay, uint64_t now_us) {
    if (now_us < relay->deadline_us)
        return;
    struct link *link = relay->link;
    link_close(link, LINK_CLOSE_RESET, REASON_TIMEOUT,
               "the agent did not answer OPEN in time"); /* what it still does must not count */
}

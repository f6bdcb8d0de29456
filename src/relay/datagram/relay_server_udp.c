/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_server_udp: see relay_server_udp.h.
 */
#include "config.h"

#include "relay/datagram/relay_server_udp.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "relay/datagram/datagram_relay.h"
#include "relay/datagram/udp_port.h"
#include "relay/stream/relay_priv.h"

#include <stdlib.h>
#include <string.h>

/* An agent dials a lost link anew within a second, as a rule, and its sessions go on: this one may be gone. */
enum { SUSPENDED_MOST_US = 2000000 };

struct udp_relay {
    struct relay_server server; /* first */
    struct udp_flow *flow;      /* NULL: it was given back, or is over */
    struct datagram_queue queue;
    struct datagram_tally tally;
    uint64_t heard_us;        /* when a datagram of the client's went on last */
    uint64_t asked, answered; /* for answer_timeout: datagrams of the client's, and to it */
    bool is_talk;             /* there were more answers than questions once */
};

static struct udp_relay *as_udp(struct relay *relay) {
    return (struct udp_relay *)relay; /* whose first member's first member it is */
}

static struct client *client_of(struct relay *relay) {
    return as_udp(relay)->server.client;
}

/* ---- limits ---- */

static void give_back_bytes(struct bandwidth *const *limits, unsigned count, enum bandwidth_way way, size_t length) {
    for (unsigned i = 0; i < count; i++)
        if (limits[i])
            bandwidth_give_back(limits[i], way, length);
}

/* What would have to wait is dropped: its sender slows down by what it misses. */
static bool may_pass(struct relay *relay, enum bandwidth_way way, size_t length, uint64_t now_us) {
    const struct client *client = client_of(relay);
    struct bandwidth *const limits[BANDWIDTH_SCOPE_COUNT] = {[BANDWIDTH_SERVICE] = client->terms->bandwidth,
                                                             [BANDWIDTH_SOURCE] = client->source,
                                                             [BANDWIDTH_AGENT] = client->via};

    for (unsigned i = 0; i < BANDWIDTH_SCOPE_COUNT; i++) {
        if (!limits[i] || bandwidth_take_datagram(limits[i], way, i == BANDWIDTH_AGENT, length, now_us))
            continue;
        give_back_bytes(limits, i, way, length);
        datagram_relay_drop(relay, way == BANDWIDTH_IN ? DATAGRAM_IN : DATAGRAM_OUT, DATAGRAM_DROP_BANDWIDTH);
        return false;
    }
    return true;
}

/* With as many answers as questions it is over so long after the last one, unless another comes: a resolver may ask
 * again by the same port. One that was answered more than it has asked is a session like any other. */
static void note_datagram(struct relay *relay, bool is_answer, uint64_t now_us) {
    struct udp_relay *udp = as_udp(relay);
    unsigned timeout_s = client_of(relay)->terms->answer_timeout_s;
    bool was_settled = udp->asked == udp->answered && udp->answered > 0;

    udp->asked += !is_answer;
    udp->answered += is_answer;
    udp->is_talk = udp->is_talk || udp->answered > udp->asked;
    bool is_settled = !udp->is_talk && udp->asked == udp->answered;
    if (timeout_s && (is_settled || was_settled))
        udp_flow_end_after(udp->flow, is_settled ? timeout_s : 0, now_us);
}

/* ---- from the client ---- */

static bool has_lost_agent(const struct relay *relay, uint64_t now_us) {
    const struct mux_stream *stream = &relay->pump.stream;

    return mux_stream_is_suspended(stream) && now_us > stream->suspended_us + SUSPENDED_MOST_US;
}

static bool on_client_datagram(void *context, const uint8_t *bytes, size_t length) {
    struct relay *relay = context;
    uint64_t now_us = clock_us();

    if (has_lost_agent(relay, now_us)) {
        relay_abort(relay, REASON_LINK_LOST, "link", NULL);
        return false;
    }
    if (!may_pass(relay, BANDWIDTH_IN, length, now_us)) {
        datagram_relay_count(relay, DATAGRAM_IN);
        counter_add(&relay->counts->bytes.in, length);
        return true;
    }
    note_datagram(relay, false, now_us);
    as_udp(relay)->heard_us = now_us;
    datagram_relay_send(relay, bytes, length);
    return true;
}

static void on_unreachable(void *context) {
    relay_abort(context, REASON_CLIENT_RESET, "client", NULL);
}

static void on_quiet(void *context) {
    relay_abort(context, REASON_DONE, "server", "answered");
}

static void on_port_closed(void *context) {
    relay_abort(context, REASON_OPERATOR, "server", "its port was closed");
}

static void on_give_way(void *context) {
    relay_abort(context, REASON_LIMIT, "server", "it was not answered, and gave way to a new client");
}

static const struct udp_flow_user flow_user = {on_client_datagram, on_unreachable, on_quiet, on_port_closed,
                                               on_give_way};

/* ---- back to the control plane ---- */

static void give_back(struct relay *relay, enum client_outcome outcome) {
    struct client *client = client_of(relay);

    client->outcome = outcome;
    client->bytes_up = client->bytes_down = 0;
    as_udp(relay)->server.client = NULL;
    udp_flow_give_back(as_udp(relay)->flow);
    as_udp(relay)->flow = NULL;
    plane_event_client_back(relay->thread, client);
    relay_finish(relay, REASON_REFUSED, "agent", NULL);
}

static void withdraw(struct relay *relay) {
    static const uint8_t detail[] = "{\"reason\":\"the client goes to another agent\"}";

    mux_stream_reset(&relay->pump.stream, detail, sizeof detail - 1);
    give_back(relay, CLIENT_UNANSWERED);
}

/* ---- the agent's answer ---- */

static void on_opened(struct relay *relay, const uint8_t *payload, size_t length) {
    relay_server_note_opened(relay, payload, length);
    udp_flow_opened(as_udp(relay)->flow);
}

static void on_datagram(struct relay *relay, const uint8_t *bytes, size_t length) {
    uint64_t now_us = clock_us();

    if (!may_pass(relay, BANDWIDTH_OUT, length, now_us))
        return;
    enum datagram_drop why = udp_flow_reply(as_udp(relay)->flow, bytes, length, now_us);
    if (why != DATAGRAM_DROP_COUNT) {
        datagram_relay_drop(relay, DATAGRAM_OUT, why);
        return;
    }
    datagram_relay_passed_on(relay, length);
    note_datagram(relay, true, now_us);
}

static void on_suspended(struct relay *relay) {
    if (relay->state == RELAY_OPENING)
        withdraw(relay);
}

static void take_reset(struct relay *relay, const uint8_t *payload, size_t length) {
    struct client *client = client_of(relay);

    reset_parse(payload, length, client->detail);
    if (relay->state == RELAY_OPENING) {
        client->refusal = REFUSAL_REFUSED;
        if (!*client->detail)
            strbuf_copy(client->detail, sizeof client->detail, "reset before the destination was reached");
        give_back(relay, CLIENT_REFUSED);
    } else {
        relay_finish(relay, REASON_PEER_RESET, "agent", client->detail);
    }
}

static void on_over(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct client *client = client_of(relay);

    if (how == STREAM_HOW_REFUSED) {
        refused_parse(payload, length, &client->refusal, client->detail);
        give_back(relay, CLIENT_REFUSED);
    } else if (relay->state == RELAY_OPENING && (how == STREAM_HOW_ELSEWHERE || how == STREAM_HOW_LOST)) {
        give_back(relay, CLIENT_UNANSWERED);
    } else if (how == STREAM_HOW_LOST) {
        relay_finish(relay, REASON_LINK_LOST, "link", NULL);
    } else {
        take_reset(relay, payload, length);
    }
}

/* ---- time ---- */

/* An agent that is silent has its time, and the datagrams go to another one. */
static void sweep_opening(struct relay *relay, uint64_t now_us) {
    datagram_relay_drop_stale(relay, now_us);
    if (now_us >= as_udp(relay)->server.deadline_us)
        withdraw(relay);
}

/* Answers alone keep no session: to an address that was forged, or is not there any more, they would go for ever. */
static bool is_idle(struct relay *relay, uint64_t now_us) {
    uint64_t heard_us = as_udp(relay)->heard_us, limit_us = client_of(relay)->terms->idle_timeout_s * UINT64_C(1000000);

    return limit_us && now_us > heard_us && now_us - heard_us > limit_us;
}

static void sweep(struct relay *relay, uint64_t now_us) {
    relay_note_rates(relay);
    datagram_relay_drop_stale(relay, now_us);
    if (mux_stream_is_suspended(&relay->pump.stream))
        as_udp(relay)->heard_us = now_us; /* that has a limit of its own */
    if (is_idle(relay, now_us))
        relay_abort(relay, REASON_IDLE_TIMEOUT, "server", NULL);
}

/* ---- the end ---- */

static void stop(struct relay *relay, enum relay_reason reason, const char *detail) {
    if (reason == REASON_STOPPED)
        relay_abort(relay, reason, "server", NULL);
    else if (relay->state == RELAY_OPEN)
        relay_abort(relay, reason, reason == REASON_OPERATOR ? "operator" : "link", detail);
    else
        withdraw(relay);
}

static void cancel(struct relay *relay) {
    relay_abort(relay, REASON_OPERATOR, "operator", NULL);
}

static void end_flow(struct relay *relay) {
    struct udp_flow *flow = as_udp(relay)->flow;

    as_udp(relay)->flow = NULL;
    if (!flow)
        return;
    client_of(relay)->flow = NULL;
    udp_flow_end(flow);
}

static void on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    end_flow(relay);
    relay_server_on_finished(relay, reason, by, detail);
}

static void describe(const struct relay *relay, struct relay_view *view) {
    relay_server_describe(relay, view);
    datagram_relay_describe(relay, view);
}

static const struct relay_role udp_role = {.on_opened = on_opened,
                                           .on_datagram = on_datagram,
                                           .on_suspended = on_suspended,
                                           .on_over = on_over,
                                           .on_finished = on_finished,
                                           .stop = stop,
                                           .recall = withdraw,
                                           .sweep = sweep,
                                           .sweep_opening = sweep_opening,
                                           .cancel = cancel,
                                           .has_id = relay_server_has_id,
                                           .describe = describe};

/* ---- OPEN ---- */

static void send_first(struct relay *relay, uint64_t now_us) {
    const struct datagram *datagram;

    TAILQ_FOREACH (datagram, &udp_flow_first(as_udp(relay)->flow, now_us)->waiting, next) {
        as_udp(relay)->tally.count[DATAGRAM_IN]++; /* its port's were counted when it came */
        if (!may_pass(relay, BANDWIDTH_IN, datagram->length, now_us))
            continue;
        note_datagram(relay, false, now_us);
        relay->pump.in += datagram->length; /* it was counted when it came */
        mux_stream_send_datagram(&relay->pump.stream, datagram->bytes, datagram->length);
    }
}

static struct relay *begin(struct thread_session *session, struct client *client) {
    struct udp_relay *udp = malloc(sizeof *udp);

    if (!udp)
        return NULL;
    struct relay *relay = &udp->server.relay;
    *udp = (struct udp_relay){.server = {.client = client}, .flow = client->flow};
    relay_init(relay, session, &udp_role, client->terms->counts);
    datagram_relay_init(relay, &udp->queue, &udp->tally);
    relay->begun_us = client->accepted_us;
    if (!relay_server_open_stream(relay)) {
        free(udp);
        return NULL;
    }
    udp->heard_us = relay->progress_us;
    udp_flow_serve(client->flow, &flow_user, relay);
    relay_server_enter(relay);
    return relay;
}

/* Its port was closed while it was on its way. */
static void end_without_port(struct relay_thread *thread, struct client *client) {
    struct service_counts *counts = client->terms->counts;

    client->outcome = CLIENT_ENDED;
    client->reason = REASON_OPERATOR;
    client->by = "server";
    client->ended_us = clock_us();
    strbuf_copy(client->detail, sizeof client->detail, "its port was closed");
    counter_add(&(counts ? service_counts_part(counts, thread->index) : &thread->part)->ended[client->reason], 1);
    record_log_client(thread->options->log, thread->options->instance, client, &thread->unopened_lines[REFUSAL_COUNT]);
    udp_flow_end(client->flow);
    client->flow = NULL;
    plane_event_client_back(thread, client);
}

void relay_serve_udp(struct thread_session *session, struct client *client) {
    bool has_carrier = mux_has_carrier(session->mux);

    if (udp_flow_is_closed(client->flow)) {
        end_without_port(session->thread, client);
        return;
    }
    client->reason = has_carrier ? REASON_MEMORY : REASON_LINK_LOST; /* of CLIENT_NOT_STARTED */
    struct relay *relay = has_carrier ? begin(session, client) : NULL;
    if (relay) {
        send_first(relay, relay->progress_us);
        return;
    }
    client->outcome = CLIENT_NOT_STARTED;
    plane_event_client_back(session->thread, client);
}

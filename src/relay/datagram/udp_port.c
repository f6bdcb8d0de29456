/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * udp_port: see udp_port.h.
 */
#include "config.h"

#include "relay/datagram/udp_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "proto/frame.h"
#include "relay/datagram/datagram_relay.h"
#include "relay/thread_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_MOST = 4 * DATAGRAMS_BATCH, /* in a turn of the loop */
    ERRORS_MOST = 16,                /* likewise, of ICMP, ... */
    ERRORS_EACH_US = 10000,          /* ... also where reading finds something each time, as often as this */
    REFUSED_US = 2000000
};

/* What a client sends until its destination is reached: the handshakes of WireGuard, QUIC and DTLS, and a question. */
static const struct datagram_limits limits_of_first = {.bytes = 128 * 1024, .count = 16, .age_us = 10000000};

/* ---- flows ---- */

/* By state: the states that may follow it, a bit each. */
static void set_state(struct udp_flow *flow, enum udp_flow_state state) {
    static const unsigned next[UDP_FLOW_STATE_COUNT] = {
        [UDP_FLOW_LENT] = 1u << UDP_FLOW_SERVED | 1u << UDP_FLOW_REFUSED | 1u << UDP_FLOW_OVER,
        [UDP_FLOW_SERVED] = 1u << UDP_FLOW_LENT | 1u << UDP_FLOW_OVER,
        [UDP_FLOW_REFUSED] = 1u << UDP_FLOW_OVER,
    };
    assert(next[flow->state] & 1u << state);
    flow->port->lent -= flow->state == UDP_FLOW_LENT;
    flow->state = (uint8_t)state;
    flow->port->lent += state == UDP_FLOW_LENT;
}

/* ---- those that were never answered ---- */

static void note_unanswered(struct udp_flow *flow, bool is_unanswered) {
    if (flow->is_unanswered == is_unanswered)
        return;
    flow->is_unanswered = is_unanswered;
    if (is_unanswered)
        TAILQ_INSERT_TAIL(&flow->port->unanswered, flow, silent);
    else
        TAILQ_REMOVE(&flow->port->unanswered, flow, silent);
}

/* Else forged sources, each with a session until it is idle, would keep all others out. A client that is really there
 * begins another session by its next datagram. False: there is none that is old enough. */
static bool end_unanswered(struct udp_port *port, uint64_t now_us) {
    struct udp_flow *oldest = TAILQ_FIRST(&port->unanswered);

    if (!oldest || now_us < oldest->served_us + UDP_UNANSWERED_MS * UINT64_C(1000))
        return false;
    oldest->user->on_give_way(oldest->context);
    return true;
}

static void free_if_over(struct udp_port *port) {
    if (port->is_released && port->fd < 0 && port->flow_count == 0)
        udp_port_destroy(port);
}

/* `why`: NULL: they have arrived, or were counted with what their relay has dropped. */
static void drop_first(struct udp_flow *flow, const enum datagram_drop *why) {
    while (flow->first.count > 0) {
        datagram_queue_take(&flow->first);
        if (why)
            counter_add(&flow->first.counts->dropped[DATAGRAM_IN][*why], 1);
    }
}

/* The port stays, also if this was its last flow. */
static void free_flow(struct udp_flow *flow) {
    static const enum datagram_drop ended = DATAGRAM_DROP_ENDED;
    struct udp_port *port = flow->port;

    udp_flow_end_after(flow, 0, 0);
    note_unanswered(flow, false);
    drop_first(flow, flow->state == UDP_FLOW_SERVED ? NULL : &ended);
    if (flow->state == UDP_FLOW_REFUSED)
        TAILQ_REMOVE(&port->refused, flow, timed);
    set_state(flow, UDP_FLOW_OVER);
    flow_table_remove(flow);
    reply_budget_leave(flow->budget);
    free(flow);
}

void udp_flow_end(struct udp_flow *flow) {
    struct udp_port *port = flow->port;

    free_flow(flow);
    free_if_over(port);
}

void udp_flow_refused(struct udp_flow *flow) {
    static const enum datagram_drop refused = DATAGRAM_DROP_REFUSED;

    if (flow->port->fd < 0) {
        udp_flow_end(flow);
        return;
    }
    set_state(flow, UDP_FLOW_REFUSED);
    flow->until_us = clock_us() + REFUSED_US;
    TAILQ_INSERT_TAIL(&flow->port->refused, flow, timed);
    drop_first(flow, &refused);
}

static void report(struct udp_flow *flow) {
    flow->message.deliver = flow->port->on_flow;
    loop_post(flow->port->thread->options->control, &flow->message);
}

/* The control thread gets the end of the other session first. */
void udp_flow_make_room(struct udp_flow *flow) {
    flow->has_made_room = true;
    if (flow->port->fd >= 0)
        (void)end_unanswered(flow->port, clock_us());
    report(flow);
}

bool udp_flow_is_closed(const struct udp_flow *flow) {
    return flow->port->fd < 0;
}

void udp_flow_serve(struct udp_flow *flow, const struct udp_flow_user *user, void *context) {
    set_state(flow, UDP_FLOW_SERVED);
    flow->user = user;
    flow->context = context;
    flow->served_us = clock_us();
    note_unanswered(flow, true);
}

void udp_flow_give_back(struct udp_flow *flow) {
    udp_flow_end_after(flow, 0, 0);
    note_unanswered(flow, false);
    set_state(flow, UDP_FLOW_LENT);
    flow->user = NULL;
}

const struct datagram_queue *udp_flow_first(struct udp_flow *flow, uint64_t now_us) {
    (void)datagram_queue_first(&flow->first, now_us);
    return &flow->first;
}

void udp_flow_opened(struct udp_flow *flow) {
    flow->is_opened = true;
    drop_first(flow, NULL);
}

/* From the end, where one belongs unless a reload has made answer_timeout shorter. */
static void insert_quiet(struct udp_flows *quiet, struct udp_flow *flow) {
    struct udp_flow *after = NULL, *last = TAILQ_LAST(quiet, udp_flows);

    for (; last && last->quiet_at_us > flow->quiet_at_us; last = TAILQ_PREV(last, udp_flows, timed))
        after = last;
    if (after)
        TAILQ_INSERT_BEFORE(after, flow, timed);
    else
        TAILQ_INSERT_TAIL(quiet, flow, timed);
}

void udp_flow_end_after(struct udp_flow *flow, unsigned seconds, uint64_t now_us) {
    struct udp_port *port = flow->port;

    if (flow->quiet_at_us)
        TAILQ_REMOVE(&port->quiet, flow, timed);
    flow->quiet_at_us = seconds ? now_us + seconds * UINT64_C(1000000) : 0;
    if (seconds)
        insert_quiet(&port->quiet, flow);
}

/* ---- to clients ---- */

static bool has_budget(struct udp_flow *flow, size_t length, uint64_t now_us) {
    if (!flow->port->terms->reply_factor)
        return true;
    return flow->budget && reply_budget_spend(flow->budget, length, now_us);
}

enum datagram_drop udp_flow_reply(struct udp_flow *flow, const uint8_t *bytes, size_t length, uint64_t now_us) {
    if (!has_budget(flow, length, now_us))
        return DATAGRAM_DROP_REPLY_LIMIT;
    int failure = datagram_send(flow->port->fd, &flow->peer, &flow->local, bytes, length);
    if (failure)
        return failure == EMSGSIZE ? DATAGRAM_DROP_TOO_LARGE : DATAGRAM_DROP_SOCKET;
    note_unanswered(flow, false);
    return DATAGRAM_DROP_COUNT;
}

/* ---- from clients ---- */

static void renew_budget(struct udp_flow *flow, uint64_t now_us) {
    const struct addr peer = datagram_peer_addr(&flow->peer);

    if (!flow->budget)
        flow->budget = reply_budget_get(&flow->port->budgets, &peer, now_us);
}

/* The oldest of those that were refused gives way, or that were never answered. */
static bool has_room(struct udp_port *port, uint64_t now_us) {
    struct udp_flow *oldest = TAILQ_FIRST(&port->refused);

    if (port->lent >= UDP_FLOWS_LENT_MOST)
        return false;
    if (port->flow_count < UDP_FLOWS_MOST)
        return true;
    if (!oldest)
        return end_unanswered(port, now_us);
    free_flow(oldest);
    return true;
}

static struct udp_flow *begin_flow(struct udp_port *port, const struct datagram_read *datagram, uint64_t now_us) {
    struct udp_flow *flow = has_room(port, now_us) ? calloc(1, sizeof *flow) : NULL;

    if (!flow)
        return NULL;
    flow->port = port;
    flow->peer = datagram->peer;
    flow->local = datagram->local;
    flow->state = UDP_FLOW_LENT;
    port->lent++;
    datagram_queue_init(&flow->first, &port->kept, &limits_of_first, &port->part->datagrams, DATAGRAM_IN);
    flow_table_add(port, flow);
    report(flow);
    return flow;
}

/* One that no relay has, which would count it. */
static void count(struct udp_port *port, size_t length) {
    counter_add(&port->part->datagrams.count[DATAGRAM_IN], 1);
    counter_add(&port->part->bytes.in, length);
}

static void drop(struct udp_port *port, size_t length, enum datagram_drop why) {
    count(port, length);
    counter_add(&port->part->datagrams.dropped[DATAGRAM_IN][why], 1);
}

/* A relay has sent those that come meanwhile: none is dropped to keep another one. */
static bool wants_first(const struct udp_flow *flow, size_t length) {
    return !flow->is_opened && (!flow->user || datagram_queue_has_room(&flow->first, length));
}

/* False: the flow is over, without this one. */
static bool take_of_flow(struct udp_flow *flow, const struct datagram_read *datagram, uint64_t now_us) {
    struct udp_port *port = flow->port;

    if (port->terms->reply_factor)
        renew_budget(flow, now_us);
    if (flow->budget)
        reply_budget_earn(flow->budget, datagram->length, port->terms->reply_factor);
    if (wants_first(flow, datagram->length))
        datagram_queue_add(&flow->first, datagram->bytes, datagram->length, now_us);
    if (flow->user)
        return flow->user->on_datagram(flow->context, datagram->bytes, datagram->length);
    count(port, datagram->length);
    return true;
}

/* Of a client that has no flow. */
static void take_first(struct udp_port *port, const struct datagram_read *datagram, uint64_t now_us) {
    bool is_open = atomic_load_explicit(&port->is_open, memory_order_relaxed);
    struct udp_flow *flow = is_open ? begin_flow(port, datagram, now_us) : NULL;

    if (flow)
        (void)take_of_flow(flow, datagram, now_us); /* which nobody serves yet */
    else
        drop(port, datagram->length, is_open ? DATAGRAM_DROP_UNDECIDED : DATAGRAM_DROP_REFUSED);
}

static void take(struct udp_port *port, const struct datagram_read *datagram, uint64_t now_us) {
    struct udp_flow *flow = flow_table_find(port, &datagram->peer, &datagram->local);

    (void)datagram_relay_note_lost(&port->part->datagrams, &port->lost, datagram->lost);
    if (datagram->length > FRAME_DATAGRAM_MAX) { /* IPv6 has them */
        drop(port, datagram->length, DATAGRAM_DROP_TOO_LARGE);
        return;
    }
    if (flow && flow->state == UDP_FLOW_REFUSED)
        drop(port, datagram->length, DATAGRAM_DROP_REFUSED);
    else if (!flow || !take_of_flow(flow, datagram, now_us))
        take_first(port, datagram, now_us);
}

static void end_unreachable(struct udp_flow *flow) {
    if (flow->user)
        flow->user->on_unreachable(flow->context);
}

static void take_errors(struct udp_port *port, uint64_t now_us) {
    struct datagram_peer peer;

    port->errors_us = now_us;
    for (int i = 0; i < ERRORS_MOST && datagrams_take_unreachable(port->fd, &peer); i++)
        flow_table_each(port, &peer, end_unreachable);
}

static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct udp_port *port = context;
    struct datagram_batch *batch = port->thread->datagrams;
    uint64_t now_us = clock_us();
    bool may_have_more = true;
    int count = 1;

    (void)what;
    for (int read = 0; may_have_more && read < READ_MOST && count > 0; read += count) {
        count = datagram_batch_read(batch, fd, &may_have_more);
        for (int i = 0; i < count; i++)
            take(port, datagram_batch_at(batch, i), now_us);
    }
    if (count <= 0 || now_us >= port->errors_us + ERRORS_EACH_US)
        take_errors(port, now_us);
}

/* ---- time ---- */

static void sweep(struct udp_port *port, uint64_t now_us) {
    struct udp_flow *flow;

    while ((flow = TAILQ_FIRST(&port->refused)) && flow->until_us <= now_us)
        free_flow(flow);
    while ((flow = TAILQ_FIRST(&port->quiet)) && flow->quiet_at_us <= now_us) {
        udp_flow_end_after(flow, 0, 0);
        flow->user->on_quiet(flow->context);
    }
    reply_budgets_sweep(&port->budgets, now_us);
}

/* Again in the next sweep, where there was no memory. */
static void read_from_now(struct udp_port *port) {
    if (port->fd >= 0 && !event_pending(&port->readable, EV_READ, NULL) && relay_thread_reads_datagrams(port->thread))
        (void)event_add(&port->readable, NULL);
}

void udp_ports_sweep(struct relay_thread *thread, uint64_t now_us) {
    struct udp_port *port;

    LIST_FOREACH (port, &thread->udp_ports, entry) {
        read_from_now(port);
        sweep(port, now_us);
    }
}

/* ---- life ---- */

void udp_port_begin(struct udp_port *port) {
    struct relay_thread *thread = port->thread;

    LIST_INSERT_HEAD(&thread->udp_ports, port, entry);
    port->is_listed = true;
    port->kept = (struct datagram_memory){.limit = DATAGRAM_KEPT_PORT, .whole = &thread->kept_datagrams};
    event_assign(&port->readable, relay_thread_base(thread), port->fd, EV_READ | EV_PERSIST, on_readable, port);
    if (!thread->stopping)
        read_from_now(port);
}

static void point_first(struct udp_flow *flow) {
    flow->first.counts = &flow->port->part->datagrams;
}

void udp_port_use_terms(struct udp_port *port, struct service_terms *terms) {
    struct service_terms *before = port->terms;

    port->terms = terms;
    port->part = terms->counts ? service_counts_part(terms->counts, port->thread->index) : &port->thread->part;
    flow_table_each(port, NULL, point_first);
    if (before)
        service_terms_release(before);
}

static void close_flow(struct udp_flow *flow) {
    if (flow->user)
        flow->user->on_port_closed(flow->context);
    else if (flow->state == UDP_FLOW_REFUSED)
        free_flow(flow);
}

static void close_port(struct udp_port *port) {
    evutil_socket_t fd = port->fd;

    if (fd < 0)
        return;
    if (port->is_listed)
        event_del(&port->readable);
    port->fd = -1;
    sock_close(fd);
    flow_table_each(port, NULL, close_flow);
}

void udp_port_end(struct udp_port *port) {
    close_port(port);
    port->is_released = true;
    free_if_over(port);
}

void udp_port_destroy(struct udp_port *port) {
    if (port->is_listed)
        LIST_REMOVE(port, entry);
    sock_close(port->fd);
    reply_budgets_free(&port->budgets);
    service_terms_release(port->terms);
    free(port->buckets);
    free(port);
}

void udp_ports_close(struct relay_thread *thread) {
    for (struct udp_port *port = LIST_FIRST(&thread->udp_ports), *next; port; port = next) {
        next = LIST_NEXT(port, entry);
        close_port(port);
    }
}

void udp_ports_free(struct relay_thread *thread) {
    for (struct udp_port *port; (port = LIST_FIRST(&thread->udp_ports));) {
        flow_table_each(port, NULL, free_flow);
        LIST_REMOVE(port, entry);
        port->is_listed = false;
        if (port->is_released)
            udp_port_destroy(port);
    }
}

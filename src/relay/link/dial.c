/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dial: an agent's link from its order to a connection that reaches the server, through a proxy if there is one.
 *
 * The server's side of TLS does not speak first, so what comes behind the proxy's answer is an error and not kept.
 * Runs on: the link's thread. TCP has greeting_ms for each connection, a proxy LINK_ANSWER_DEADLINES of them for its
 * answer on each, and there are PROXY_TALK_CONNECTIONS at most.
 * States: new -> connecting -> (proxy -> connecting -> ...) -> handshake (handshake.c).
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "proto/proxy_io.h"

#include <errno.h>

static void set_deadline(struct link *link, unsigned times) {
    link->deadline_us = clock_us() + (uint64_t)times * link->thread->options->greeting_ms * 1000;
}

/* The detail names the proxy, whose address people know; that of the server is not tried here. */
static void fail_at_proxy(struct link *link) {
    link->proxy_fault = (uint8_t)proxy_talk_fault(link->order->talk);
    counter_add(&link->thread->counts.proxies[link->proxy_fault], 1);
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, proxy_talk_detail(link->order->talk));
}

static void fail(struct link *link, const char *detail) {
    if (!link->order->talk) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, detail);
        return;
    }
    proxy_talk_note_error(link->order->talk, detail);
    fail_at_proxy(link);
}

/* ---- the proxy ---- */

static void connect_to_peer(struct link *link);

static void connect_again(struct link *link) {
    link_unwatch(link);
    sock_close(link->fd);
    link->fd = -1;
    link_set_state(link, LINK_CONNECTING);
    connect_to_peer(link);
}

static void begin_handshake(struct link *link) {
    counter_add(&link->thread->counts.proxies[PROXY_FAULT_NONE], 1);
    proxy_talk_free(link->order->talk);
    link->order->talk = NULL;
    link_begin_handshake(link);
}

static void proceed(struct link *link) {
    switch (proxy_io_proceed(link->order->talk, link->fd)) {
    case PROXY_SENDS:
        readiness_await(&link->readiness, EV_WRITE);
        break;
    case PROXY_RECEIVES:
        readiness_await(&link->readiness, EV_READ);
        break;
    case PROXY_AGAIN:
        connect_again(link);
        break;
    case PROXY_IS_OPEN:
        begin_handshake(link);
        break;
    case PROXY_FAILED:
        fail_at_proxy(link);
        break;
    }
}

static void ask_proxy(struct link *link) {
    link_set_state(link, LINK_PROXY);
    set_deadline(link, LINK_ANSWER_DEADLINES);
    proxy_talk_begin(link->order->talk);
    proceed(link);
}

/* ---- TCP ---- */

static void on_connected(struct link *link) {
    int error = sock_connect_result(link->fd);
    if (error)
        link->received_nothing = error == ECONNRESET; /* the peer accepted the connection and then reset it */
    if (error)
        fail(link, error_text(error));
    else if (link->order->talk)
        ask_proxy(link);
    else
        link_begin_handshake(link);
}

static void connect_to_peer(struct link *link) {
    bool done = false;
    link->fd = sock_connect(link_peer(link), NULL, &done);
    if (link->fd < 0) {
        fail(link, error_text(errno));
        return;
    }
    set_deadline(link, 1);
    sock_set_keepalive(link->fd, &sock_keepalive_link);
    if (!link_watch(link))
        return;
    if (done)
        on_connected(link);
    else
        readiness_await(&link->readiness, EV_WRITE);
}

static void on_event(struct link *link, short what) {
    if (link->state == LINK_PROXY)
        proceed(link);
    else if (link->state == LINK_CONNECTING && (what & EV_WRITE))
        on_connected(link);
}

static bool is_late(const struct link *link, uint64_t now_us) {
    return now_us >= link->deadline_us;
}

static short awaited_by(const struct link *link) {
    bool receives = link->state == LINK_PROXY && proxy_talk_step(link->order->talk) == PROXY_RECEIVES;
    return receives ? EV_READ : EV_WRITE;
}

static void sweep(struct link *link, uint64_t now_us) {
    if (link->is_watched)
        (void)readiness_sweep(&link->readiness, awaited_by(link));
    if (!link->order->talk || !is_late(link, now_us)) {
        link_sweep_deadline(link, now_us);
        return;
    }
    link->timed_out = true;
    if (link->state == LINK_CONNECTING) {
        fail(link, "no TCP connection in time");
        return;
    }
    proxy_talk_note_late(link->order->talk);
    fail_at_proxy(link);
}

static const struct link_phase dial_phase = {.on_event = on_event, .sweep = sweep};

void link_dial(struct relay_thread *thread, struct link_order *order, const struct carrier_role *role, uint64_t tag,
               struct close_event *close_event) {
    if (thread->stopping) {
        link_order_free(order);
        plane_event_failed(thread, close_event, tag, "this program was stopped");
        return;
    }
    struct link *link = link_new(thread, -1, tag, close_event, &dial_phase);
    if (!link) {
        link_order_free(order);
        return;
    }
    link->order = order;
    link->is_control = !role;
    if (role)
        link->role = *role;
    link_set_state(link, LINK_CONNECTING);
    connect_to_peer(link);
}

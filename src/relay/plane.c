/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane: the data plane's life, and the control plane's orders to the relay threads, each a message.
 *
 * Runs on: plane_* on the control thread; the on_* functions run on a relay thread.
 * Owns: the threads. See plane.h.
 */
#include "config.h"

#include "relay/plane_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "relay/link/link_priv.h"
#include "relay/stream/loop_detect.h"
#include "relay/stream/relay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct order {              /* from the control plane to a thread */
    struct message message; /* first */
    struct relay_thread *thread;
    struct link_ref link;
    uint64_t tag, deadline_us;
    struct close_event *close_event; /* of the link that it creates */
    SSL_CTX *tls;
    int fd;
    unsigned ping_s, dead_after_s;
    bool flag; /* is_control, when_idle */
    struct link_order *dial;
    char *json, *text;
};

/* ---- life ---- */

/* One for two cores: the kernel's part of the work, and the programs at both ends, want the other (tests/bench). */
unsigned plane_threads(unsigned wanted) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = wanted ? wanted : (cores > 2 ? (unsigned)cores / 2 : 1);
    return count < PLANE_THREADS_MAX ? count : PLANE_THREADS_MAX;
}

static int make_threads(struct plane *plane) {
    bool shared = plane->count == 1;
    for (unsigned i = 0; i < plane->count; i++) {
        plane->threads[i] =
            relay_thread_new(&plane->options, &plane->counters, (uint16_t)i, shared ? plane->options.control : NULL);
        if (!plane->threads[i])
            return -1;
        plane->threads[i]->plane = plane;
        plane->threads[i]->own_dials = plane->own_dials;
    }
    for (unsigned i = 0; i < plane->count; i++) {
        if (relay_thread_start(plane->threads[i]))
            return -1;
    }
    return 0;
}

struct plane *plane_new(const struct plane_options *options, struct error *error) {
    struct plane *plane = calloc(1, sizeof *plane);
    if (!plane) {
        error_set(error, "out of memory");
        return NULL;
    }
    plane->options = *options;
    plane->count = plane_threads(options->threads);
    snprintf(plane->instance, sizeof plane->instance, "%s", options->instance);
    plane->options.instance = plane->instance;
    plane->own_dials = options->is_agent ? loop_detect_new() : NULL;
    if ((options->is_agent && !plane->own_dials) || make_threads(plane)) {
        error_set(error, "cannot start %u relay threads: out of memory, descriptors or threads", plane->count);
        plane_free(plane);
        return NULL;
    }
    return plane;
}

static void on_stop(struct message *message) {
    struct order *order = (struct order *)message;
    relay_thread_end(order->thread);
    free(order);
}

static void send_order(struct order *order, struct relay_thread *thread, void (*deliver)(struct message *)) {
    order->message.deliver = deliver;
    order->thread = thread;
    loop_post(thread->loop, &order->message);
}

static void stop_thread(struct relay_thread *thread) {
    struct order *order = thread->owns_loop ? calloc(1, sizeof *order) : NULL;
    if (order)
        send_order(order, thread, on_stop);
    else if (thread->owns_loop) /* no memory for the order: end the loop without closing the links in order */
        loop_stop(thread->loop);
    else
        relay_thread_end(thread);
}

/* Delivers the messages still queued in both directions, while both sides exist. */
static void settle(struct plane *plane) {
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++) {
        if (plane->threads[i]->owns_loop)
            loop_settle(plane->threads[i]->loop);
    }
    for (int turns = 0; turns < 3; turns++)
        event_base_loop(loop_base(plane->options.control), EVLOOP_NONBLOCK);
    loop_settle(plane->options.control);
}

void plane_free(struct plane *plane) {
    plane->is_stopping = true;
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++)
        stop_thread(plane->threads[i]);
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++) {
        if (plane->threads[i]->owns_loop)
            loop_join(plane->threads[i]->loop);
    }
    settle(plane);
    plane->silent = true;
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++)
        relay_thread_free(plane->threads[i]);
    loop_detect_free(plane->own_dials);
    free(plane);
}

static uint64_t value_of(const atomic_uint_fast64_t *counter) {
    return atomic_load_explicit(counter, memory_order_acquire);
}

void plane_count(const struct plane *plane, struct plane_counts *counts) {
    const struct plane_counters *counters = &plane->counters;
    counts->links = value_of(&counters->links);
    counts->handshakes_done = value_of(&counters->handshakes_done);
    counts->relays = value_of(&counters->relays);
    counts->relays_ended = value_of(&counters->relays_ended);
    counts->lingering = value_of(&counters->lingering);
    counts->delivering = value_of(&counters->delivering);
    counts->dials = value_of(&counters->dials);
}

/* ---- orders ---- */

static struct relay_thread *any_thread(struct plane *plane) {
    return plane->threads[plane->next++ % plane->count];
}

static struct relay_thread *thread_of(struct plane *plane, struct link_ref link) {
    return plane->threads[link.thread % plane->count];
}

static void free_order(struct order *order) {
    if (order->json)
        secret_wipe(order->json, strlen(order->json)); /* WELCOME has the session's key in it */
    free(order->json);
    free(order->text);
    free(order);
}

static char *copy(const char *text) {
    return text ? strdup(text) : NULL;
}

/* For an order that creates a link: preallocates the close event, so that on_gone cannot fail. */
static struct order *new_link_order(const struct addr *peer) {
    struct order *order = calloc(1, sizeof *order);
    if (order)
        order->close_event = close_event_new(peer);
    if (order && !order->close_event) {
        free(order);
        return NULL;
    }
    return order;
}

static void on_adopt(struct message *message) {
    struct order *order = (struct order *)message;
    link_adopt(order->thread, order->fd, order->tls, order->tag, order->deadline_us, order->close_event);
    free_order(order);
}

void plane_adopt(struct plane *plane, int fd, const struct addr *peer, SSL_CTX *tls, uint64_t tag,
                 uint64_t deadline_us) {
    if (plane->is_stopping) {
        sock_close(fd);
        return;
    }
    struct order *order = new_link_order(peer);
    if (!order) {
        sock_close(fd);
        plane_event_order_failed(plane, tag, peer);
        return;
    }
    SSL_CTX_up_ref(tls);
    order->deadline_us = deadline_us;
    order->fd = fd;
    order->tls = tls;
    order->tag = tag;
    send_order(order, any_thread(plane), on_adopt);
}

static void on_dial(struct message *message) {
    struct order *order = (struct order *)message;
    link_dial(order->thread, order->dial, order->flag, order->tag, order->close_event);
    free_order(order);
}

static struct link_order *copy_dial(const struct dial_order *order) {
    struct link_order *dial = calloc(1, sizeof *dial);
    if (!dial)
        return NULL;
    SSL_CTX_up_ref(order->tls);
    dial->tls = order->tls;
    dial->server_name = copy(order->server_name);
    dial->hello = copy(order->hello);
    memcpy(dial->key, order->key, sizeof dial->key);
    dial->has_key = order->has_key;
    dial->proof_role = (uint8_t)order->proof_role;
    dial->session = order->session;
    strbuf_copy(dial->identity, sizeof dial->identity, order->identity ? order->identity : "");
    if (dial->hello && (dial->server_name || !order->server_name))
        return dial;
    link_order_free(dial);
    return NULL;
}

void plane_dial(struct plane *plane, const struct dial_order *wanted) {
    if (plane->is_stopping)
        return;
    struct order *order = new_link_order(&wanted->address);
    struct link_order *dial = order ? copy_dial(wanted) : NULL;
    if (!dial) {
        if (order)
            free(order->close_event);
        free(order);
        plane_event_order_failed(plane, wanted->tag, &wanted->address);
        return;
    }
    order->dial = dial;
    order->flag = wanted->is_control;
    order->tag = wanted->tag;
    send_order(order, any_thread(plane), on_dial);
}

/* On ENOMEM: the peer may wait for what the order sends, or the link must end by it, so the link is closed. */
static void order_failed(struct plane *plane, struct link_ref link) {
    close_marks_set(&thread_of(plane, link)->close_marks, link, false);
}

static void on_accept(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    if (link)
        link_accept(link, order->flag, order->tag, order->json, order->text, order->ping_s, order->dead_after_s);
    free_order(order);
}

void plane_accept(struct plane *plane, struct link_ref link, bool is_control, uint64_t tag, const char *json,
                  const char *who, unsigned ping_s, unsigned dead_after_s) {
    if (plane->is_stopping)
        return;
    struct order *order = calloc(1, sizeof *order);
    if (!order) {
        order_failed(plane, link);
        return;
    }
    order->link = link;
    order->flag = is_control;
    order->tag = tag;
    order->json = copy(json);
    order->text = copy(who);
    if (json && !order->json) {
        free_order(order);
        order_failed(plane, link);
        return;
    }
    order->ping_s = ping_s;
    order->dead_after_s = dead_after_s;
    send_order(order, thread_of(plane, link), on_accept);
}

static void on_reject(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    if (link)
        link_reject(link, order->json);
    free_order(order);
}

static void on_send_control(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    const char *detail = link && link->state == LINK_CONTROL
                             ? link_control_put(link, FRAME_CONTROL, order->json, strlen(order->json))
                             : NULL;
    if (detail)
        close_marks_close_link(link, false, detail);
    free_order(order);
}

static void send_text(struct plane *plane, struct link_ref link, const char *json, void (*deliver)(struct message *)) {
    if (plane->is_stopping)
        return;
    struct order *order = calloc(1, sizeof *order);
    char *text = order ? copy(json) : NULL;
    if (!order || (json && !text)) {
        free(order);
        order_failed(plane, link);
        return;
    }
    order->link = link;
    order->json = text;
    send_order(order, thread_of(plane, link), deliver);
}

void plane_reject(struct plane *plane, struct link_ref link, const char *json) {
    send_text(plane, link, json, on_reject);
}

void plane_send_control(struct plane *plane, struct link_ref link, const char *json) {
    send_text(plane, link, json, on_send_control);
}

static void on_ping(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    if (link && link->state == LINK_CONTROL)
        link_control_ping(link, clock_us());
    free_order(order);
}

bool plane_ping(struct plane *plane, struct link_ref link) {
    struct order *order = plane->is_stopping ? NULL : calloc(1, sizeof *order);
    if (!order)
        return false;
    order->link = link;
    send_order(order, thread_of(plane, link), on_ping);
    return true;
}

static void on_close(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    if (link)
        close_marks_close_link(link, order->flag, order->text ? order->text : "closed");
    free_order(order);
}

void plane_close(struct plane *plane, struct link_ref link, const char *detail, bool when_idle) {
    if (plane->is_stopping)
        return;
    struct order *order = calloc(1, sizeof *order);
    if (!order) {
        close_marks_set(&thread_of(plane, link)->close_marks, link, when_idle);
        return;
    }
    order->link = link;
    order->text = copy(detail);
    order->flag = when_idle;
    send_order(order, thread_of(plane, link), on_close);
}

void plane_drain(struct plane *plane) {
    for (unsigned i = 0; i < plane->count; i++)
        atomic_store_explicit(&plane->threads[i]->draining, true, memory_order_relaxed);
}

/* ---- clients: struct client is its own message, so that dispatch allocates nothing ---- */

static void give_back(struct client *client) {
    client->outcome = CLIENT_NOT_STARTED;
    client->reason = REASON_LINK_LOST;
    plane_event_client_back(client->carrier, client, client->link, 0);
}

static void on_serve(struct message *message) {
    struct client *client = (struct client *)message;
    struct relay_thread *thread = client->carrier;
    struct link *link = relay_thread_find(thread, client->link);
    if (link && link->state == LINK_IDLE && !link->broken && !thread->stopping) {
        relay_serve(link, client);
        return;
    }
    give_back(client);
}

void plane_serve(struct plane *plane, struct link_ref link, struct client *client) {
    client->message.deliver = on_serve;
    client->carrier = thread_of(plane, link);
    client->link = link;
    if (plane->is_stopping)
        give_back(client);
    else
        loop_post(thread_of(plane, link)->loop, &client->message);
}

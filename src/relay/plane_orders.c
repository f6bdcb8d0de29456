/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_orders: the control plane's orders about a link or a client, each a message to its relay thread.
 *
 * Runs on: plane_* on the control thread; the on_* functions run on a relay thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "relay/datagram/relay_server_udp.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "relay/stream/relay.h"
#include "relay/stream/socket_tls.h"
#include "relay/stream/tls_accept.h"
#include "relay/thread_session.h"

#include <stdlib.h>
#include <string.h>

struct order {              /* from the control plane to a thread */
    struct message message; /* first */
    struct relay_thread *thread;
    struct link_ref link;
    uint64_t tag, deadline_us;
    struct close_event *close_event; /* of the link that it creates */
    SSL_CTX *tls;
    evutil_socket_t fd;
    unsigned ping_s, dead_after_s;
    bool is_control;
    struct carrier_role role;
    unsigned resume_ms;
    struct link_order *dial;
    struct link *moving; /* it goes from one thread to another */
    char *json, *text;
};

/* ---- orders ---- */

static void send_order(struct order *order, struct relay_thread *thread, void (*deliver)(struct message *)) {
    order->message.deliver = deliver;
    order->thread = thread;
    loop_post(thread->loop, &order->message);
}

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

void plane_adopt(struct plane *plane, evutil_socket_t fd, const struct addr *peer, SSL_CTX *tls, uint64_t tag,
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
    link_dial(order->thread, order->dial, order->is_control ? NULL : &order->role, order->tag, order->close_event);
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
    dial->resume_ms = order->resume_ms;
    dial->talk = order->proxy ? proxy_talk_new(order->proxy, order->server) : NULL;
    if (dial->hello && (dial->server_name || !order->server_name) && (dial->talk || !order->proxy))
        return dial;
    link_order_free(dial);
    return NULL;
}

/* All data links of a mux are on one thread. */
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
    order->is_control = wanted->is_control;
    order->role = wanted->role;
    order->tag = wanted->tag;
    send_order(order,
               wanted->is_control ? any_thread(plane) : plane->threads[wanted->role.server_thread % plane->count],
               on_dial);
}

/* On ENOMEM: the peer may wait for what the order sends, or the link must end by it, so the link is closed. */
static void order_failed(struct plane *plane, struct link_ref link) {
    close_marks_set(&thread_of(plane, link)->close_marks, link);
}

static void on_accept_control(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    if (link)
        link_accept_control(link, order->tag, order->json, order->text, order->ping_s, order->dead_after_s);
    free_order(order);
}

/* For WELCOME `json` and the name `who`; NULL: out of memory, and the link will be closed; or the plane stops. */
static struct order *new_accept(struct plane *plane, struct link_ref link, const char *json, const char *who) {
    struct order *order = plane->is_stopping ? NULL : calloc(1, sizeof *order);
    if (order) {
        order->link = link;
        order->json = copy(json);
        order->text = copy(who);
    }
    if (order && (order->json || !json) && (order->text || !who))
        return order;
    if (order)
        free_order(order);
    if (!plane->is_stopping)
        order_failed(plane, link);
    return NULL;
}

void plane_accept_control(struct plane *plane, struct link_ref link, uint64_t tag, const char *json, const char *who,
                          unsigned ping_s, unsigned dead_after_s) {
    struct order *order = new_accept(plane, link, json, who);
    if (!order)
        return;
    order->tag = tag;
    order->ping_s = ping_s;
    order->dead_after_s = dead_after_s;
    send_order(order, thread_of(plane, link), on_accept_control);
}

/* On the control thread. */
static void on_accept_failed(struct message *message) {
    struct order *order = (struct order *)message;
    struct plane *plane = order->thread->plane;
    if (!plane->silent && plane->options.events->on_accept_failed)
        plane->options.events->on_accept_failed(plane->options.context, &order->role);
    free_order(order);
}

/* The order is its own answer, which so cannot fail. */
static void report_accept_failed(struct order *order) {
    order->message.deliver = on_accept_failed;
    loop_post(order->thread->plane->options.control, &order->message);
}

static void accept_data(struct order *order, struct link *link) {
    if (link_accept_data(link, &order->role, order->json, order->text, order->resume_ms))
        free_order(order);
    else
        report_accept_failed(order);
}

/* On the thread of its role. */
static void on_arrived(struct message *message) {
    struct order *order = (struct order *)message;
    if (!link_enter_thread(order->moving, order->thread)) {
        report_accept_failed(order);
    } else if (order->thread->stopping) {
        link_close(order->moving, LINK_CLOSE_POLITELY, REASON_STOPPED, "this program was stopped");
        report_accept_failed(order);
    } else {
        accept_data(order, order->moving);
    }
}

/* On the thread that took HELLO. */
static void on_accept_data(struct message *message) {
    struct order *order = (struct order *)message;
    struct relay_thread *thread = order->thread;
    struct plane *plane = thread->plane;
    struct link *link = relay_thread_find(thread, order->link);
    unsigned to = order->role.server_thread % plane->count;
    if (!link || link->state != LINK_VERDICT) {
        report_accept_failed(order);
    } else if (to == thread->index) {
        accept_data(order, link);
    } else {
        link_leave_thread(link);
        order->moving = link;
        send_order(order, plane->threads[to], on_arrived);
    }
}

bool plane_accept_data(struct plane *plane, struct link_ref link, const struct carrier_role *role, const char *json,
                       const char *who, unsigned resume_ms) {
    struct order *order = new_accept(plane, link, json, who);
    if (!order)
        return false;
    order->role = *role;
    order->resume_ms = resume_ms;
    send_order(order, thread_of(plane, link), on_accept_data);
    return true;
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
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, detail);
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

static void on_set_ping(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    if (link && link->state == LINK_CONTROL)
        link_control_set_ping(link, order->ping_s, order->dead_after_s, clock_us());
    free_order(order);
}

void plane_set_ping(struct plane *plane, struct link_ref link, unsigned ping_s, unsigned dead_after_s) {
    struct order *order = plane->is_stopping ? NULL : calloc(1, sizeof *order);
    if (!order)
        return;
    order->link = link;
    order->ping_s = ping_s;
    order->dead_after_s = dead_after_s;
    send_order(order, thread_of(plane, link), on_set_ping);
}

static void on_close(struct message *message) {
    struct order *order = (struct order *)message;
    struct link *link = relay_thread_find(order->thread, order->link);
    if (link)
        link_close(link, LINK_CLOSE_POLITELY, REASON_STOPPED, order->text ? order->text : "closed");
    free_order(order);
}

void plane_close(struct plane *plane, struct link_ref link, const char *detail) {
    if (plane->is_stopping)
        return;
    struct order *order = calloc(1, sizeof *order);
    if (!order) {
        order_failed(plane, link);
        return;
    }
    order->link = link;
    order->text = copy(detail);
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
    plane_event_client_back(client->thread, client);
}

static void on_accept_tls(struct message *message) {
    struct client *client = (struct client *)message;
    tls_accept_begin(client->thread, client);
}

void plane_accept_tls(struct plane *plane, struct client *client) {
    struct relay_thread *thread = any_thread(plane);
    client->message.deliver = on_accept_tls;
    client->thread = thread;
    if (plane->is_stopping)
        tls_accept_refuse(thread, client, "the program was stopped");
    else
        loop_post(thread->loop, &client->message);
}

void client_drop_tls(struct client *client) {
    stream_tls_free(client->tls);
    SSL_CTX_free(client->tls_context);
    client->tls = NULL;
    client->tls_context = NULL;
}

static void on_serve(struct message *message) {
    struct client *client = (struct client *)message;
    struct relay_thread *thread = client->thread;
    struct thread_session *session = thread->stopping ? NULL : thread_session_find(thread, client->session);
    if (session)
        (client->flow ? relay_serve_udp : relay_serve)(session, client);
    else
        give_back(client);
}

void plane_serve(struct plane *plane, unsigned thread, struct client *client) {
    client->message.deliver = on_serve;
    client->thread = plane->threads[thread % plane->count];
    if (plane->is_stopping)
        give_back(client);
    else
        loop_post(plane->threads[thread % plane->count]->loop, &client->message);
}

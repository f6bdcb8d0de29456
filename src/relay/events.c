/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events: the events of the relay threads for the control plane, each a message delivered on the control thread.
 *
 * Runs on: plane_event_* on a relay thread; the on_* functions on the control thread. See plane.h.
 */
#include "config.h"

#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "relay/thread_session.h"

#include <stdlib.h>
#include <string.h>

struct link_event {
    struct message message; /* first */
    struct plane *plane;
    struct relay_thread *thread;
    struct link_ref link;
    uint64_t tag;
    void (*on_taken)(struct link *link, size_t length);
    size_t length;
    char text[]; /* `length` bytes, and a terminator */
};

struct bytes_event {
    struct message message; /* first */
    struct plane *plane;
    struct session_bytes bytes;
};

struct plane_health_event {
    struct message message; /* first */
    struct plane *plane;
    struct health_event health;
};

struct opened_event {
    struct message message; /* first */
    struct plane *plane;
    struct check_opened opened;
};

struct carrier_event {
    struct message message; /* first */
    struct plane *plane;
    uint64_t tag;
    struct carrier_role role;
    unsigned count;
};

struct greeting_event {
    struct message message; /* first */
    struct plane *plane;
    struct greeting greeting;
    struct addr peer;
    char text[];
};

struct close_event {
    struct message message; /* first */
    struct plane *plane;
    struct link_end end;
};

static void post(struct plane *plane, struct message *message, void (*deliver)(struct message *)) {
    message->deliver = deliver;
    loop_post(plane->options.control, message);
}

/* Lazy: clients that have ended are not urgent. */
static void post_lazy(struct plane *plane, struct message *message, void (*deliver)(struct message *)) {
    message->deliver = deliver;
    loop_post_lazy(plane->options.control, message);
}

/* ---- greeting ---- */

static void on_greeting(struct message *message) {
    struct greeting_event *event = (struct greeting_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_greeting)
        plane->options.events->on_greeting(plane->options.context, &event->greeting);
    X509_free(event->greeting.certificate);
    sk_X509_pop_free(event->greeting.chain, X509_free);
    secret_wipe(event->greeting.exporter, sizeof event->greeting.exporter);
    secret_wipe(event->text, event->greeting.length);
    free(event);
}

/* The link, and with it the SSL that owns what the peer sent, may be gone before the control thread reads it. */
static STACK_OF(X509) * sent_chain(const struct link *link) {
    STACK_OF(X509) *chain = SSL_is_server(link->ssl) ? SSL_get_peer_cert_chain(link->ssl) : NULL;
    return chain ? X509_chain_up_ref(chain) : NULL;
}

void plane_event_greeting(struct link *link, bool rejected, const char *text, size_t length,
                          const uint8_t exporter[SECRET_SIZE]) {
    struct greeting_event *event = calloc(1, sizeof *event + length + 1);
    if (!event)
        return; /* the greeting's deadline ends the link */
    event->plane = link->thread->plane;
    event->peer = *close_event_peer(link->close_event);
    memcpy(event->text, text, length);
    event->greeting = (struct greeting){.link = link->ref,
                                        .tag = link->tag,
                                        .rejected = rejected,
                                        .text = event->text,
                                        .length = length,
                                        .peer = &event->peer,
                                        .certificate = SSL_get1_peer_certificate(link->ssl),
                                        .chain = sent_chain(link)};
    memcpy(event->greeting.exporter, exporter, SECRET_SIZE);
    post(event->plane, &event->message, on_greeting);
}

/* ---- control ---- */

static struct link_event *new_event(struct link *link, const void *text, size_t length) {
    struct link_event *event = malloc(sizeof *event + length + 1);
    if (!event)
        return NULL;
    *event = (struct link_event){
        .plane = link->thread->plane, .thread = link->thread, .link = link->ref, .tag = link->tag, .length = length};
    if (length > 0)
        memcpy(event->text, text, length);
    event->text[length] = '\0';
    return event;
}

/* Back on the relay thread. */
static void on_taken(struct message *message) {
    struct link_event *event = (struct link_event *)message;
    struct link *link = relay_thread_find(event->thread, event->link);
    if (link)
        event->on_taken(link, event->length);
    free(event);
}

/* The message goes back as a credit: its link is read no faster than the control plane takes messages. */
static void on_control(struct message *message) {
    struct link_event *event = (struct link_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_control)
        plane->options.events->on_control(plane->options.context, event->link, event->tag, event->text, event->length);
    event->message.deliver = on_taken;
    loop_post(event->thread->loop, &event->message);
}

bool plane_event_control(struct link *link, const uint8_t *text, size_t length,
                         void (*on_link_taken)(struct link *link, size_t length)) {
    struct link_event *event = new_event(link, text, length);
    if (!event)
        return false;
    event->on_taken = on_link_taken;
    post(event->plane, &event->message, on_control);
    return true;
}

/* ---- pong ---- */

static void on_pong(struct message *message) {
    struct link_event *event = (struct link_event *)message;
    struct plane *plane = event->plane;
    uint64_t pinged_us;

    memcpy(&pinged_us, event->text, sizeof pinged_us);
    if (!plane->silent)
        plane->options.events->on_pong(plane->options.context, event->link, event->tag, pinged_us);
    free(event);
}

/* May be lost on ENOMEM: the next ping brings another. */
void plane_event_pong(struct link *link, const uint8_t payload[FRAME_PING_SIZE]) {
    bool is_wanted = link->thread->options->events->on_pong;
    struct link_event *event = is_wanted ? new_event(link, payload, FRAME_PING_SIZE) : NULL;

    if (event)
        post(event->plane, &event->message, on_pong);
}

/* ---- carriers ---- */

static bool post_carrier_event(struct plane *plane, uint64_t tag, const struct carrier_role *role, unsigned count,
                               void (*deliver)(struct message *)) {
    struct carrier_event *event = malloc(sizeof *event);
    if (!event)
        return false;
    *event = (struct carrier_event){.plane = plane, .tag = tag, .role = *role, .count = count};
    post(plane, &event->message, deliver);
    return true;
}

static void on_carrier(struct message *message) {
    struct carrier_event *event = (struct carrier_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_carrier)
        plane->options.events->on_carrier(plane->options.context, event->tag, &event->role);
    free(event);
}

bool plane_event_carrier(struct link *link) {
    link->is_carrier = post_carrier_event(link->thread->plane, link->tag, &link->role, 0, on_carrier);
    return link->is_carrier;
}

static void on_want_carriers(struct message *message) {
    struct carrier_event *event = (struct carrier_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_want_carriers)
        plane->options.events->on_want_carriers(plane->options.context, &event->role, event->count);
    free(event);
}

/* May be lost on ENOMEM: it is repeated as long as they are wanted. */
void plane_event_want_carriers(struct relay_thread *thread, const struct carrier_role *role, unsigned count) {
    post_carrier_event(thread->plane, 0, role, count, on_want_carriers);
}

/* ---- handshakes ---- */

static void on_handshake(struct message *message) {
    struct carrier_event *event = (struct carrier_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent)
        plane->options.events->on_handshake(plane->options.context, event->tag);
    free(event);
}

/* May be lost on ENOMEM: the link counts as one that waits, and its deadline ends it. */
void plane_event_handshake(const struct link *link) {
    if (link->thread->options->events->on_handshake)
        post_carrier_event(link->thread->plane, link->tag, &link->role, 0, on_handshake);
}

/* ---- gone ---- */

static void on_gone(struct message *message) {
    struct close_event *event = (struct close_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_gone)
        plane->options.events->on_gone(plane->options.context, &event->end);
    free(event);
}

void plane_event_closed(struct link *link, bool misbehaved, const char *detail) {
    struct close_event *event = link->close_event; /* allocated with the link, so that on_gone cannot fail */
    link->close_event = NULL;
    event->plane = link->thread->plane;
    event->end.link = link->ref;
    event->end.tag = link->tag;
    event->end.is_control = link->is_control;
    event->end.was_accepted = link->was_accepted;
    event->end.is_carrier = link->is_carrier;
    event->end.role = link->role;
    event->end.tls_failed = link->tls_failed || link->refused_by_peer;
    event->end.untrusted = link->untrusted;
    event->end.received_nothing = link->received_nothing;
    event->end.no_hello = link->no_hello;
    event->end.timed_out = link->timed_out;
    event->end.misbehaved = misbehaved;
    event->end.path_lost = link->path_lost;
    event->end.proxy_fault = (enum proxy_fault)link->proxy_fault;
    snprintf(event->end.detail, sizeof event->end.detail, "%s", detail);
    post(event->plane, &event->message, on_gone);
}

void plane_event_failed(struct relay_thread *thread, struct close_event *close_event, uint64_t tag,
                        const char *detail) {
    close_event->plane = thread->plane;
    close_event->end.tag = tag;
    snprintf(close_event->end.detail, sizeof close_event->end.detail, "%s", detail);
    post(close_event->plane, &close_event->message, on_gone);
}

struct close_event *close_event_new(const struct addr *peer) {
    struct close_event *close_event = calloc(1, sizeof *close_event);
    if (close_event)
        close_event->end.peer = *peer;
    return close_event;
}

const struct addr *close_event_peer(const struct close_event *close_event) {
    return &close_event->end.peer;
}

void plane_event_order_failed(struct plane *plane, uint64_t tag, const struct addr *peer) {
    struct link_end end = {.tag = tag, .peer = *peer, .detail = "out of memory"};
    if (plane->options.events->on_gone)
        plane->options.events->on_gone(plane->options.context, &end);
}

/* ---- checks ---- */

static void on_check_opened(struct message *message) {
    struct opened_event *event = (struct opened_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_check_opened)
        plane->options.events->on_check_opened(plane->options.context, &event->opened);
    free(event);
}

void plane_event_check_opened(struct relay_thread *thread, struct client *client, unsigned dial_ms,
                              unsigned lookup_ms) {
    struct opened_event *event = malloc(sizeof *event);
    if (!event)
        return;
    *event = (struct opened_event){.plane = thread->plane,
                                   .opened = {.client = client, .dial_ms = dial_ms, .lookup_ms = lookup_ms}};
    snprintf(event->opened.address, sizeof event->opened.address, "%s", record_address(client));
    post(event->plane, &event->message, on_check_opened);
}

static void on_health(struct message *message) {
    struct plane_health_event *event = (struct plane_health_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_health)
        plane->options.events->on_health(plane->options.context, &event->health);
    free(event);
}

bool plane_event_health(struct relay_thread *thread, uint64_t session, uint32_t service, bool is_healthy,
                        const char *detail) {
    struct plane_health_event *event = malloc(sizeof *event);
    if (!event)
        return false;
    *event = (struct plane_health_event){.plane = thread->plane,
                                         .health = {.session = session, .service = service, .is_healthy = is_healthy}};
    snprintf(event->health.detail, sizeof event->health.detail, "%s", detail);
    post(event->plane, &event->message, on_health);
    return true;
}

/* ---- bytes of a session ---- */

static void on_session_bytes(struct message *message) {
    struct bytes_event *event = (struct bytes_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent)
        plane->options.events->on_session_bytes(plane->options.context, &event->bytes);
    free(event);
}

/* Out of memory they are reported with the next ones. */
void plane_event_session_bytes(struct thread_session *session) {
    const struct relay_thread *thread = session->thread;
    bool is_agent = thread->options->is_agent;
    struct bytes_event *event = thread->options->events->on_session_bytes ? malloc(sizeof *event) : NULL;
    if (!event)
        return;
    *event = (struct bytes_event){.plane = thread->plane,
                                  .bytes = {.session = session->tag,
                                            .up = is_agent ? session->out : session->in,
                                            .down = is_agent ? session->in : session->out,
                                            .from_us = thread->swept_us - thread->sweep_us,
                                            .until_us = thread->swept_us}};
    session->in = session->out = 0;
    post_lazy(event->plane, &event->message, on_session_bytes);
}

/* ---- clients ---- */

static void on_client_back(struct message *message) {
    struct client *client = (struct client *)message;
    struct relay_thread *thread = client->thread;
    struct plane *plane = thread->plane;
    if (!plane->silent && plane->options.events->on_client_back)
        plane->options.events->on_client_back(plane->options.context, client);
}

static void on_client_tls(struct message *message) {
    struct client *client = (struct client *)message;
    struct relay_thread *thread = client->thread;
    struct plane *plane = thread->plane;
    if (!plane->silent && plane->options.events->on_client_tls)
        plane->options.events->on_client_tls(plane->options.context, client);
}

void plane_event_client_tls(struct relay_thread *thread, struct client *client) {
    client->thread = thread;
    post(thread->plane, &client->message, on_client_tls);
}

void plane_event_client_back(struct relay_thread *thread, struct client *client) {
    client->thread = thread;
    if (client->outcome == CLIENT_ENDED)
        post_lazy(thread->plane, &client->message, on_client_back);
    else
        post(thread->plane, &client->message, on_client_back);
}

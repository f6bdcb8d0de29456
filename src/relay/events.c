/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events: what the relay threads tell the control plane, each a letter that is opened on the control thread.
 *
 * Runs on: plane_say_* on a relay thread; the on_* functions on the control thread. See plane.h.
 */
#include "config.h"

#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <stdlib.h>
#include <string.h>

struct saying {
    struct message message; /* first */
    struct plane *plane;
    struct relay_thread *thread;
    struct link_ref link;
    uint64_t tag;
    size_t length;
    char text[]; /* `length` bytes, and a terminator */
};

struct saying_greeting {
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

/* Nobody waits for it unless clients wait for a link, and then the control plane is in a hurry. */
static void post_patient(struct plane *plane, struct message *message, void (*deliver)(struct message *)) {
    message->deliver = deliver;
    loop_post_lazy(plane->options.control, message);
}

/* ---- greeting ---- */

static void on_greeting(struct message *message) {
    struct saying_greeting *saying = (struct saying_greeting *)message;
    struct plane *plane = saying->plane;
    if (!plane->silent && plane->options.events->on_greeting)
        plane->options.events->on_greeting(plane->options.context, &saying->greeting);
    X509_free(saying->greeting.certificate);
    sk_X509_pop_free(saying->greeting.chain, X509_free);
    secret_wipe(saying->greeting.exporter, sizeof saying->greeting.exporter);
    secret_wipe(saying->text, saying->greeting.length);
    free(saying);
}

/* The link, and with it the SSL that owns what the peer sent, may be gone before the control thread reads it. */
static STACK_OF(X509) * sent_chain(const struct link *link) {
    STACK_OF(X509) *chain = SSL_is_server(link->ssl) ? SSL_get_peer_cert_chain(link->ssl) : NULL;
    return chain ? X509_chain_up_ref(chain) : NULL;
}

void plane_event_identified(struct link *link, const char *identity) {
    size_t size = strlen(identity) + 1;
    struct saying_greeting *saying = calloc(1, sizeof *saying + size);
    if (!saying)
        return; /* as below */
    saying->plane = link->thread->plane;
    saying->peer = *link_peer(link);
    memcpy(saying->text, identity, size);
    saying->greeting = (struct greeting){
        .link = link->ref, .tag = link->tag, .identity = saying->text, .text = "", .peer = &saying->peer};
    post(saying->plane, &saying->message, on_greeting);
}

void plane_event_greeting(struct link *link, bool rejected, const char *text, size_t length,
                          const uint8_t exporter[SECRET_SIZE]) {
    struct saying_greeting *saying = calloc(1, sizeof *saying + length + 1);
    if (!saying)
        return; /* the greeting's deadline ends the link */
    saying->plane = link->thread->plane;
    saying->peer = *link_peer(link);
    memcpy(saying->text, text, length);
    saying->greeting = (struct greeting){.link = link->ref,
                                         .tag = link->tag,
                                         .rejected = rejected,
                                         .text = saying->text,
                                         .length = length,
                                         .peer = &saying->peer,
                                         .certificate = SSL_get1_peer_certificate(link->ssl),
                                         .chain = sent_chain(link)};
    memcpy(saying->greeting.exporter, exporter, SECRET_SIZE);
    post(saying->plane, &saying->message, on_greeting);
}

/* ---- idle, told ---- */

static struct saying *new_saying(struct link *link, const void *text, size_t length) {
    struct saying *saying = malloc(sizeof *saying + length + 1);
    if (!saying)
        return NULL;
    *saying = (struct saying){
        .plane = link->thread->plane, .thread = link->thread, .link = link->ref, .tag = link->tag, .length = length};
    if (length > 0)
        memcpy(saying->text, text, length);
    saying->text[length] = '\0';
    return saying;
}

static void on_idle(struct message *message) {
    struct saying *saying = (struct saying *)message;
    struct plane *plane = saying->plane;
    if (!plane->silent && plane->options.events->on_idle)
        plane->options.events->on_idle(plane->options.context, saying->link, saying->tag);
    free(saying);
}

void plane_event_idle(struct link *link) {
    struct saying *saying = new_saying(link, NULL, 0);
    if (saying)
        post_patient(saying->plane, &saying->message, on_idle);
    else
        link_break(link, "out of memory"); /* an idle link that nobody knows is of no use */
}

/* Back on the relay thread. */
static void on_delivered(struct message *message) {
    struct saying *saying = (struct saying *)message;
    struct link *link = relay_thread_find(saying->thread, saying->link);
    if (link)
        link_control_delivered(link, saying->length);
    free(saying);
}

/* The letter goes back, so that its link is read no faster than its messages are taken here. */
static void on_control(struct message *message) {
    struct saying *saying = (struct saying *)message;
    struct plane *plane = saying->plane;
    if (!plane->silent && plane->options.events->on_control)
        plane->options.events->on_control(plane->options.context, saying->link, saying->tag, saying->text,
                                          saying->length);
    saying->message.deliver = on_delivered;
    loop_post(saying->thread->loop, &saying->message);
}

void plane_event_control(struct link *link, const uint8_t *text, size_t length) {
    struct saying *saying = new_saying(link, text, length);
    if (saying)
        post(saying->plane, &saying->message, on_control);
    else
        link_break(link, "out of memory"); /* a word that is lost may be one that is waited for */
}

/* ---- pong ---- */

static void on_pong(struct message *message) {
    struct saying *saying = (struct saying *)message;
    struct plane *plane = saying->plane;
    uint64_t pinged_us;

    memcpy(&pinged_us, saying->text, sizeof pinged_us);
    if (!plane->silent)
        plane->options.events->on_pong(plane->options.context, saying->link, saying->tag, pinged_us);
    free(saying);
}

/* One that is lost for want of memory is followed by another. */
void plane_say_pong(struct link *link, const uint8_t payload[FRAME_PING_SIZE]) {
    bool is_wanted = link->thread->options->events->on_pong != NULL;
    struct saying *saying = is_wanted ? new_saying(link, payload, FRAME_PING_SIZE) : NULL;

    if (saying)
        post(saying->plane, &saying->message, on_pong);
}

/* ---- gone ---- */

static void on_gone(struct message *message) {
    struct close_event *saying = (struct close_event *)message;
    struct plane *plane = saying->plane;
    if (!plane->silent && plane->options.events->on_gone)
        plane->options.events->on_gone(plane->options.context, &saying->end);
    free(saying);
}

void plane_event_closed(struct link *link, bool misbehaved, const char *why) {
    struct close_event *saying = link->close_event; /* allocated with the link: this word may not fail */
    link->close_event = NULL;
    saying->plane = link->thread->plane;
    saying->end.link = link->ref;
    saying->end.tag = link->tag;
    saying->end.is_control = link->is_control;
    saying->end.was_accepted = link->was_accepted;
    saying->end.tls_failed = link->tls_failed || link->refused_by_peer;
    saying->end.untrusted = link->untrusted;
    saying->end.received_nothing = link->received_nothing;
    saying->end.no_hello = link->no_hello;
    saying->end.misbehaved = misbehaved;
    snprintf(saying->end.why, sizeof saying->end.why, "%s", why);
    post(saying->plane, &saying->message, on_gone);
}

void plane_event_failed(struct relay_thread *thread, struct close_event *words, uint64_t tag, const char *why) {
    words->plane = thread->plane;
    words->end.tag = tag;
    snprintf(words->end.why, sizeof words->end.why, "%s", why);
    post(words->plane, &words->message, on_gone);
}

struct close_event *close_event_new(const struct addr *peer) {
    struct close_event *words = calloc(1, sizeof *words);
    if (words)
        words->end.peer = *peer;
    return words;
}

const struct addr *close_event_peer(const struct close_event *words) {
    return &words->end.peer;
}

void plane_event_order_failed(struct plane *plane, uint64_t tag, const struct addr *peer) {
    struct link_end end = {.tag = tag, .peer = *peer, .why = "out of memory"};
    if (plane->options.events->on_gone)
        plane->options.events->on_gone(plane->options.context, &end);
}

/* ---- clients ---- */

static void on_client_back(struct message *message) {
    struct client *client = (struct client *)message;
    struct relay_thread *thread = client->carrier;
    struct plane *plane = thread->plane;
    if (!plane->silent && plane->options.events->on_client_back)
        plane->options.events->on_client_back(plane->options.context, client, client->link, client->link_tag);
}

void plane_event_client_back(struct relay_thread *thread, struct client *client, struct link_ref link, uint64_t tag) {
    client->carrier = thread;
    client->link = link;
    client->link_tag = tag;
    if (client->outcome == CLIENT_ENDED)
        post_patient(thread->plane, &client->message, on_client_back);
    else
        post(thread->plane, &client->message, on_client_back);
}

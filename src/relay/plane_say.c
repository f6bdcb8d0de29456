/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_say: what the relay threads tell the control plane, each a letter that is opened on the control thread.
 *
 * Runs on: plane_say_* on a relay thread; the on_* functions on the control thread. See relay_msg.h.
 */
#include "config.h"

#include "relay/link_priv.h"
#include "relay/plane_priv.h"

#include <stdlib.h>
#include <string.h>

struct saying {
    struct letter letter; /* first */
    struct plane *plane;
    struct worker *worker;
    struct link_ref link;
    uint64_t tag;
    size_t length;
    char text[]; /* `length` bytes, and a terminator */
};

struct saying_greeting {
    struct letter letter; /* first */
    struct plane *plane;
    struct greeting greeting;
    struct addr peer;
    char text[];
};

struct saying_gone {
    struct letter letter; /* first */
    struct plane *plane;
    struct link_end end;
};

static void post(struct plane *plane, struct letter *letter, void (*open)(struct letter *)) {
    letter->open = open;
    loop_post(plane->options.control, letter);
}

/* Nobody waits for it unless clients wait for a link, and then the control plane is in a hurry. */
static void post_patient(struct plane *plane, struct letter *letter, void (*open)(struct letter *)) {
    letter->open = open;
    loop_post_patient(plane->options.control, letter);
}

/* ---- greeting ---- */

static void on_greeting(struct letter *letter) {
    struct saying_greeting *saying = (struct saying_greeting *)letter;
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

void plane_say_known(struct link *link, const char *identity) {
    size_t size = strlen(identity) + 1;
    struct saying_greeting *saying = calloc(1, sizeof *saying + size);
    if (!saying)
        return; /* as below */
    saying->plane = link->worker->plane;
    saying->peer = *link_peer(link);
    memcpy(saying->text, identity, size);
    saying->greeting = (struct greeting){
        .link = link->ref, .tag = link->tag, .identity = saying->text, .text = "", .peer = &saying->peer};
    post(saying->plane, &saying->letter, on_greeting);
}

void plane_say_greeting(struct link *link, bool rejected, const char *text, size_t length,
                        const uint8_t exporter[SECRET_SIZE]) {
    struct saying_greeting *saying = calloc(1, sizeof *saying + length + 1);
    if (!saying)
        return; /* the greeting's deadline ends the link */
    saying->plane = link->worker->plane;
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
    post(saying->plane, &saying->letter, on_greeting);
}

/* ---- idle, told ---- */

static struct saying *new_saying(struct link *link, const void *text, size_t length) {
    struct saying *saying = malloc(sizeof *saying + length + 1);
    if (!saying)
        return NULL;
    *saying = (struct saying){
        .plane = link->worker->plane, .worker = link->worker, .link = link->ref, .tag = link->tag, .length = length};
    if (length > 0)
        memcpy(saying->text, text, length);
    saying->text[length] = '\0';
    return saying;
}

static void on_idle(struct letter *letter) {
    struct saying *saying = (struct saying *)letter;
    struct plane *plane = saying->plane;
    if (!plane->silent && plane->options.events->on_idle)
        plane->options.events->on_idle(plane->options.context, saying->link, saying->tag);
    free(saying);
}

void plane_say_idle(struct link *link) {
    struct saying *saying = new_saying(link, NULL, 0);
    if (saying)
        post_patient(saying->plane, &saying->letter, on_idle);
    else
        link_break(link, "out of memory"); /* an idle link that nobody knows is of no use */
}

/* Back on the relay thread. */
static void on_delivered(struct letter *letter) {
    struct saying *saying = (struct saying *)letter;
    struct link *link = worker_find(saying->worker, saying->link);
    if (link)
        link_control_delivered(link, saying->length);
    free(saying);
}

/* The letter goes back, so that its link is read no faster than its messages are taken here. */
static void on_told(struct letter *letter) {
    struct saying *saying = (struct saying *)letter;
    struct plane *plane = saying->plane;
    if (!plane->silent && plane->options.events->on_told)
        plane->options.events->on_told(plane->options.context, saying->link, saying->tag, saying->text, saying->length);
    saying->letter.open = on_delivered;
    loop_post(saying->worker->loop, &saying->letter);
}

void plane_say_told(struct link *link, const uint8_t *text, size_t length) {
    struct saying *saying = new_saying(link, text, length);
    if (saying)
        post(saying->plane, &saying->letter, on_told);
    else
        link_break(link, "out of memory"); /* a word that is lost may be one that is waited for */
}

/* ---- pong ---- */

static void on_pong(struct letter *letter) {
    struct saying *saying = (struct saying *)letter;
    struct plane *plane = saying->plane;
    uint64_t pinged_us;

    memcpy(&pinged_us, saying->text, sizeof pinged_us);
    if (!plane->silent)
        plane->options.events->on_pong(plane->options.context, saying->link, saying->tag, pinged_us);
    free(saying);
}

/* One that is lost for want of memory is followed by another. */
void plane_say_pong(struct link *link, const uint8_t payload[FRAME_PING_SIZE]) {
    bool is_wanted = link->worker->options->events->on_pong != NULL;
    struct saying *saying = is_wanted ? new_saying(link, payload, FRAME_PING_SIZE) : NULL;

    if (saying)
        post(saying->plane, &saying->letter, on_pong);
}

/* ---- gone ---- */

static void on_gone(struct letter *letter) {
    struct saying_gone *saying = (struct saying_gone *)letter;
    struct plane *plane = saying->plane;
    if (!plane->silent && plane->options.events->on_gone)
        plane->options.events->on_gone(plane->options.context, &saying->end);
    free(saying);
}

void plane_say_gone(struct link *link, bool misbehaved, const char *why) {
    struct saying_gone *saying = link->last_words; /* allocated with the link: this word may not fail */
    link->last_words = NULL;
    saying->plane = link->worker->plane;
    saying->end.link = link->ref;
    saying->end.tag = link->tag;
    saying->end.is_control = link->is_control;
    saying->end.was_accepted = link->was_accepted;
    saying->end.tls_failed = link->tls_failed || link->refused_by_peer;
    saying->end.untrusted = link->untrusted;
    saying->end.heard_nothing = link->heard_nothing;
    saying->end.no_hello = link->no_hello;
    saying->end.misbehaved = misbehaved;
    snprintf(saying->end.why, sizeof saying->end.why, "%s", why);
    post(saying->plane, &saying->letter, on_gone);
}

void plane_say_never_was(struct worker *worker, struct saying_gone *words, uint64_t tag, const char *why) {
    words->plane = worker->plane;
    words->end.tag = tag;
    snprintf(words->end.why, sizeof words->end.why, "%s", why);
    post(words->plane, &words->letter, on_gone);
}

struct saying_gone *plane_new_last_words(const struct addr *peer) {
    struct saying_gone *words = calloc(1, sizeof *words);
    if (words)
        words->end.peer = *peer;
    return words;
}

const struct addr *plane_last_words_peer(const struct saying_gone *words) {
    return &words->end.peer;
}

void plane_say_lost(struct plane *plane, uint64_t tag, const struct addr *peer) {
    struct link_end end = {.tag = tag, .peer = *peer, .why = "out of memory"};
    if (plane->options.events->on_gone)
        plane->options.events->on_gone(plane->options.context, &end);
}

/* ---- clients ---- */

static void on_client_back(struct letter *letter) {
    struct client *client = (struct client *)letter;
    struct worker *worker = client->carrier;
    struct plane *plane = worker->plane;
    if (!plane->silent && plane->options.events->on_client_back)
        plane->options.events->on_client_back(plane->options.context, client, client->link, client->link_tag);
}

void plane_say_client(struct worker *worker, struct client *client, struct link_ref link, uint64_t tag) {
    client->carrier = worker;
    client->link = link;
    client->link_tag = tag;
    if (client->outcome == CLIENT_ENDED)
        post_patient(worker->plane, &client->letter, on_client_back);
    else
        post(worker->plane, &client->letter, on_client_back);
}

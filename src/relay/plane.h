/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane: the whole contract between the control plane (one thread that decides) and the data plane (N relay
 * threads that move bytes).
 *
 * Everything is a message, in order per sender. plane_* functions send to a relay thread and are called on the control
 * thread; the callbacks of struct plane_events come back on the control thread. No object is shared but immutable,
 * counted ones (struct service_terms, SSL_CTX, rules). A link is named across threads by a link_ref, whose generation
 * tells when it is gone. With one relay thread, both planes run on the control thread's loop.
 *
 *   control plane                                   data plane
 *   plane_adopt(fd of an agent)               ->    handshake, HELLO (none, if a session's key said who it is)
 *                                             <-    on_greeting(link, HELLO or identity)
 *   plane_accept / plane_reject               ->    WELCOME / REJECT
 *                                             <-    on_idle(link)            data link: ready for a client
 *   plane_serve(link, client)                 ->    OPEN ... relay
 *                                             <-    on_client_back(client)   served to its end, or to be tried again
 *                                             <-    on_idle(link)            ready for the next
 *   plane_send_control(link, JSON)                    ->    CONTROL
 *                                             <-    on_control(link, JSON)
 *   plane_ping(link)                          ->    PING on a control link, beside those of ping_s
 *                                             <-    on_pong(link)            its answer, or that to one of the others
 *   plane_recall(tag)                         ->    ends relays before OPENED that nothing was sent for
 *   plane_close(link)                         ->
 *                                             <-    on_gone(link)            last word about any link, exactly once
 *   agent: plane_dial(order)                  ->    connect, handshake, HELLO unless known by a key, and
 *                                                   on_greeting(link, WELCOME | REJECT)
 */
#ifndef MUNNEL_RELAY_PLANE_H
#define MUNNEL_RELAY_PLANE_H

#include "lib/base/secret.h"
#include "lib/event/loop.h"
#include "lib/event/resolver.h"
#include "lib/log/log.h"
#include "lib/net/acl.h"
#include "lib/net/addr.h"
#include "proto/open.h"
#include "relay/dial_order.h"
#include "relay/reason.h"
#include "relay/record.h"
#include "relay/service_terms.h"

#include <event2/buffer.h>
#include <openssl/ssl.h>
#include <stdatomic.h>

struct plane;

struct link_ref {
    uint32_t slot;
    uint32_t generation; /* 0: no link */
    uint16_t thread;
};
static inline bool link_ref_same(struct link_ref a, struct link_ref b) {
    return a.slot == b.slot && a.generation == b.generation && a.thread == b.thread;
}

/* What became of a client that the data plane had. */
enum client_outcome {
    CLIENT_ENDED,       /* relayed and over (whole or not, see reason); its descriptor is closed. Free it. */
    CLIENT_NOT_STARTED, /* nothing was sent: the link was gone, or REASON_MEMORY. Try again */
    CLIENT_REFUSED,     /* REFUSED: `refusal`, `words`; nothing reached the destination: try another agent */
    CLIENT_UNANSWERED   /* the agent went silent or broke before OPENED and no early byte was sent: try another agent */
};

/*
 * One client, from accept to its end. Belongs to the control plane; plane_serve lends it to a relay thread, which
 * gives it back by on_client_back, always, exactly once.
 */
struct client {
    struct message message; /* first: it is its own letter between the planes; theirs, as the next three */
    void *carrier;
    struct link_ref link;
    uint64_t link_tag;
    struct client *next, *previous; /* for lists of whoever has it */
    int fd;                         /* -1 once the data plane has closed it */
    bool early_end;                 /* FIN was read behind the early bytes */
    bool holds_early;               /* in: nothing of the client's is sent before OPENED, so that it can go elsewhere */
    uint16_t attempts;
    struct evbuffer *early;      /* read from the client so far and to be replayed; NULL: none */
    struct service_terms *terms; /* one reference */
    uint64_t number;             /* the relay's id is INSTANCE-number */
    struct addr peer;
    uint64_t accepted_us, dispatched_us, opened_us, first_byte_us, ended_us; /* clock_us(); 0: did not happen */
    uint64_t bytes_up, bytes_down;                                           /* up: client to destination */
    unsigned attempt_ms;         /* in: how long the agent may dial in this attempt */
    enum client_outcome outcome; /* out */
    enum relay_reason reason;    /* out, with CLIENT_ENDED and CLIENT_NOT_STARTED */
    enum refusal refusal;        /* out, with CLIENT_REFUSED */
    char words[160];             /* out: the agent's or the plane's own words */
    char address[64];            /* out: where the agent connected to */
    char agent[RECORD_AGENT];    /* in: for the record */
    uint64_t deadline_us;        /* the rest is the control plane's own */
    void *place;
    uint64_t tried[4], avoided;
};

struct greeting { /* what a peer said first; valid during the callback */
    struct link_ref link;
    uint64_t tag;         /* agent: the order's; server: 0 */
    bool rejected;        /* agent: REJECT instead of WELCOME */
    const char *identity; /* server: by whose key it shook hands: a data link, which says no HELLO; or NULL */
    const char *text;
    size_t length;
    uint8_t exporter[SECRET_SIZE]; /* of this channel, for checking and making proofs */
    const struct addr *peer;
    X509 *certificate;      /* server: the agent's verified client certificate, or NULL; X509_up_ref to keep it */
    STACK_OF(X509) * chain; /* what it sent along with it, or NULL; X509_chain_up_ref to keep it */
};

struct link_end {
    struct link_ref link;
    uint64_t tag;
    bool is_control;       /* was accepted as a control link */
    bool was_accepted;     /* got (or sent) WELCOME */
    bool tls_failed;       /* one side refused the other: certificate, version, no TLS, an alert */
    bool untrusted;        /* one side refused the other's certificate for what it is: the same again next time */
    bool received_nothing; /* it was cut before the peer had said anything */
    bool no_hello;         /* server: the TLS handshake was complete, and no HELLO came */
    bool misbehaved;       /* the peer said what it may not */
    struct addr peer;
    char why[256];
};

struct plane_events { /* all on the control thread */
    void (*on_greeting)(void *context, const struct greeting *greeting);
    void (*on_idle)(void *context, struct link_ref link, uint64_t tag);
    void (*on_client_back)(void *context, struct client *client, struct link_ref link, uint64_t tag);
    void (*on_control)(void *context, struct link_ref link, uint64_t tag, const char *text, size_t length);
    void (*on_gone)(void *context, const struct link_end *end);
    void (*on_pong)(void *context, struct link_ref link, uint64_t tag, uint64_t pinged_us); /* pinged_us: clock_us() */
};

struct plane_options {
    bool is_agent;
    unsigned threads;     /* 0: as plane_threads has it; 1: shares `control` loop; more: each a thread of its own */
    struct loop *control; /* where events are delivered */
    struct log *log;
    const char *instance;          /* 32 hex digits of this process */
    unsigned ping_s, dead_after_s; /* of control links and idle data links; the agent's come with WELCOME */
    unsigned greeting_ms;          /* absolute deadline for TCP, TLS and greeting (5000) */
    const struct plane_events *events;
    void *context;
    struct resolver *resolver; /* agent */
    const struct acl *allow;   /* agent: where it may be sent; empty = anywhere but reserved addresses and paths */
};

enum { PLANE_THREADS_MAX = 64 };
unsigned plane_threads(unsigned wanted); /* how many there will be; 0: one for two cores */
struct plane *plane_new(const struct plane_options *options, struct error *error); /* started; NULL with error */
/* Stops the threads, resets what still runs, delivers what is due; on return no callback comes any more. Meanwhile
 * orders are dropped: an adopted descriptor is closed, a client comes back. */
void plane_free(struct plane *plane);

/*
 * Server: an agent's connection, past the door; takes fd. `tag` comes back with on_greeting and on_gone. It has until
 * `deadline_us` (clock_us()) to say HELLO; 0: greeting_ms from now.
 */
void plane_adopt(struct plane *plane, int fd, const struct addr *peer, SSL_CTX *tls, uint64_t tag,
                 uint64_t deadline_us);

void plane_dial(struct plane *plane, const struct dial_order *order);

/*
 * These orders are never lost in silence: where there is no memory for one, its link is ended instead, and on_gone says
 * so. The verdict on a greeting: plane_accept on the server sends WELCOME `json`, or one that says nothing where TLS
 * has proved a session's key; on the agent (control links) `json` is NULL and the pings of `ping_s`, `dead_after_s`
 * begin. `who` goes in front of log lines ("agent web1"). A data link that is accepted says on_idle next.
 */
void plane_accept(struct plane *plane, struct link_ref link, bool is_control, uint64_t tag, const char *json,
                  const char *who, unsigned ping_s, unsigned dead_after_s);
void plane_reject(struct plane *plane, struct link_ref link,
                  const char *json); /* REJECT, then the end; agent: json NULL */

void plane_serve(struct plane *plane, struct link_ref link, struct client *client);
void plane_send_control(struct plane *plane, struct link_ref link, const char *json); /* CONTROL on a control link */

void plane_ping(struct plane *plane, struct link_ref link); /* may be lost when memory lacks */
/* Takes clients back, as CLIENT_UNANSWERED, from the links that were accepted with this tag: those that have no OPENED
 * and of which nothing was sent. Their links end. May be lost when memory lacks. */
void plane_recall(struct plane *plane, uint64_t tag, const char *why);

/* Ends a link, at once or after its relay; complete streams are still sent, after on_gone. Cannot fail. */
void plane_close(struct plane *plane, struct link_ref link, const char *why, bool when_idle);
/* Ends at once every link that was accepted with this tag, whatever it carries. False: out of memory, nothing done. */
bool plane_disconnect(struct plane *plane, uint64_t tag, const char *why);
/* Ends the adopted connection with this tag if it has not said HELLO yet. False: out of memory, nothing done. */
bool plane_disconnect_preauth(struct plane *plane, uint64_t tag, const char *why);
bool plane_probe_liveness(struct plane *plane); /* of each thread; false: one has not answered the last probe */

void plane_drain(struct plane *plane); /* agent: from now on OPEN is answered by REFUSED draining */

struct plane_counts { /* readable on any thread; exact when the plane is at rest */
    uint64_t links, handshakes_done, relays, relays_ended, lingering, dials, delivering; /* link_await_delivery() */
};
void plane_count(const struct plane *plane, struct plane_counts *counts);

#endif

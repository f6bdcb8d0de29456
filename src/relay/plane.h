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
 *   plane_adopt(fd of an agent)               ->    handshake, HELLO (none after a handshake by a session's key)
 *                                             <-    on_greeting(link, HELLO or identity)
 *   plane_accept / plane_reject               ->    WELCOME / REJECT
 *                                             <-    on_idle(link)            data link: ready for a client
 *   plane_serve(link, client)                 ->    OPEN ... relay
 *                                             <-    on_client_back(client)   served to its end, or to be tried again
 *                                             <-    on_idle(link)            ready for the next
 *   plane_send_control(link, JSON)            ->    CONTROL
 *                                             <-    on_control(link, JSON)
 *   plane_ping(link)                          ->    PING on a control link, in addition to those of ping_s
 *                                             <-    on_pong(link)            for the answer to any PING
 *   plane_check_paths(event)                  ->    agent: resets control and idle links without a way to the server
 *   plane_recall(tag, terms)                  ->    ends relays before OPENED that nothing was sent for
 *   plane_close(link)                         ->
 *                                             <-    on_gone(link)            last event of any link, exactly once
 *   agent: plane_set_services(session, table) ->    what OPEN on the session's data links may name
 *                                             <-    on_services_set(session)  all threads have it
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
#include "lib/net/network_watch.h"
#include "relay/client.h"
#include "relay/dial_order.h"
#include "relay/plane_events.h"
#include "relay/service_table.h"

#include <openssl/ssl.h>
#include <stdatomic.h>

struct plane;

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
/* Stops the threads, resets what still runs, delivers the events that are due; no callback comes after it returns.
 * Orders given meanwhile are dropped: an adopted descriptor is closed, a client comes back. */
void plane_free(struct plane *plane);

/*
 * Server: an agent's accepted connection; takes fd. `tag` comes back with on_greeting and on_gone. It has until
 * `deadline_us` (clock_us()) to send HELLO; 0: greeting_ms from now.
 */
void plane_adopt(struct plane *plane, int fd, const struct addr *peer, SSL_CTX *tls, uint64_t tag,
                 uint64_t deadline_us);

void plane_dial(struct plane *plane, const struct dial_order *order);

/*
 * These orders are never lost silently: on ENOMEM the link is closed instead, and on_gone follows. The verdict on a
 * greeting: plane_accept on the server sends WELCOME `json`, or an empty one after a handshake by a session's key; on
 * the agent (control links) `json` is NULL and the pings of `ping_s`, `dead_after_s` begin. `who` goes in front of log
 * lines ("agent web1"). on_idle is the next event of an accepted data link.
 */
void plane_accept(struct plane *plane, struct link_ref link, bool is_control, uint64_t tag, const char *json,
                  const char *who, unsigned ping_s, unsigned dead_after_s);
void plane_reject(struct plane *plane, struct link_ref link,
                  const char *json); /* REJECT, then the end; agent: json NULL */

void plane_serve(struct plane *plane, struct link_ref link, struct client *client);
void plane_send_control(struct plane *plane, struct link_ref link, const char *json); /* CONTROL on a control link */

bool plane_ping(struct plane *plane, struct link_ref link); /* false: out of memory or stopping, nothing is sent */
/* Takes clients with these terms back, as CLIENT_UNANSWERED, from the links that were accepted with this tag: those
 * that have no OPENED and of which nothing was sent. Their links end. May be lost on ENOMEM. */
void plane_recall(struct plane *plane, uint64_t tag, struct service_terms *terms, const char *detail);

/* Ends a link, at once or after its relay; complete streams are still sent, after on_gone. Cannot fail. */
void plane_close(struct plane *plane, struct link_ref link, const char *detail, bool when_idle);
/* Ends at once every link that was accepted with this tag, whatever it carries. False: out of memory, nothing done. */
bool plane_disconnect(struct plane *plane, uint64_t tag, const char *detail);
/* Ends the adopted connection with this tag if its HELLO has not come yet. False: out of memory, nothing done. */
bool plane_disconnect_preauth(struct plane *plane, uint64_t tag, const char *detail);
/* Agent, after an event of the network: resets links that have no way to the server any more, see link/path.h; on_gone
 * has `path_lost`. Links with a relay are left alone. False: out of memory, nothing done. */
bool plane_check_paths(struct plane *plane, enum network_event event);
bool plane_probe_liveness(struct plane *plane); /* probes each thread; false: one has not answered the last probe */

/* Agent: from on_services_set on, OPEN on data links of this session (dial_order's) may name the services of `table`,
 * of which the plane takes references of its own. NULL: the session is over, and no event comes. False: out of memory,
 * nothing was done. */
bool plane_set_services(struct plane *plane, uint64_t session, struct service_table *table);

void plane_drain(struct plane *plane); /* agent: from now on OPEN is answered by REFUSED draining */

struct plane_counts { /* readable on any thread; exact when the plane is at rest */
    uint64_t links, handshakes_done, relays, relays_ended, lingering, dials, delivering; /* link_await_delivery() */
};
void plane_count(const struct plane *plane, struct plane_counts *counts);

#endif

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
 *   plane_adopt(fd of an agent)               ->    handshake, HELLO
 *                                             <-    on_greeting(link, HELLO)
 *   plane_accept_control / plane_reject       ->    WELCOME / REJECT
 *   plane_accept_data(link, role)             ->    WELCOME; the link goes to the thread of its role
 *                                             <-    on_carrier(role)         streams may use it, or
 *                                                   on_accept_failed(role)   it broke before
 *   plane_accept_tls(client)                  ->    handshake of a client whose service ends TLS
 *                                             <-    on_client_tls(client)
 *   plane_serve(session, thread, client)      ->    OPEN ... relay
 *                                             <-    on_client_back(client)   served to its end, or to be tried again
 *                                             <-    on_want_carriers(role)   streams would go faster, or go on, by more
 *                                             <-    on_session_bytes(session)  moved in the last seconds
 *   plane_send_control(link, JSON)            ->    CONTROL
 *                                             <-    on_control(link, JSON)
 *   plane_ping(link)                          ->    PING on a control link, in addition to those of ping_s
 *                                             <-    on_pong(link)            for the answer to any PING
 *   plane_set_ping(link)                      ->    other ping_s and dead_after_s for a control link
 *   plane_check_paths(event)                  ->    agent: resets links without a way to the server, probes the others
 *   plane_recall(session, terms)              ->    ends relays before OPENED that nothing was sent for
 *   plane_end_relays(session, terms)          ->    resets those of these terms
 *   plane_retire_session(session)             ->    once its last stream is over, closes its data links
 *                                             <-    on_session_over(session)
 *   plane_disconnect(session)                 ->    ends its streams and all its links at once
 *   plane_close(link)                         ->
 *                                             <-    on_gone(link)            last event of any link, exactly once
 *   plane_view_relays(query)                  ->    each thread looks through its relays, some in a turn
 *                                             <-    on_relay_views(answer), see relay_view.h
 *   plane_end_relay(id)                       ->    resets the relay with this id
 *                                             <-    on_relay_ended(found)
 *   agent: plane_set_services(session, table) ->    what OPEN of the session may name
 *                                             <-    on_services_set(session) all threads have it
 *   agent: plane_dial(order)                  ->    connect, handshake, HELLO
 *                                             <-    on_greeting(link, WELCOME | REJECT), or on_carrier(role)
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
#include "relay/plane_counts.h"
#include "relay/plane_events.h"
#include "relay/plane_ports.h"
#include "relay/relay_view.h"
#include "relay/service_table.h"

#include <event2/util.h>
#include <openssl/ssl.h>
#include <stdatomic.h>

struct plane;
struct visit_tickets;

struct plane_options {
    bool is_agent;
    unsigned threads;     /* 0: as plane_threads has it; 1: shares `control` loop; more: each a thread of its own */
    struct loop *control; /* where events are delivered */
    struct log *log;
    const char *instance;          /* 32 hex digits of this process */
    unsigned ping_s, dead_after_s; /* of control links and idle data links; the agent's come with WELCOME */
    unsigned greeting_ms;          /* absolute deadline for TCP, TLS and greeting (5000); an agent's for TCP alone */
    const struct plane_events *events;
    void *context;
    struct resolver *resolver;     /* agent */
    uint64_t loopback_key;         /* agent: see lib/net/loopback_source.h */
    struct visit_tickets *tickets; /* agent: its own clients that wait for OPEN; NULL: none, ever */
    unsigned udp_sessions_most;    /* agent: at a time, more are refused as busy; 0: no bound */
    const struct acl *allow;       /* agent: where it may be sent; empty = anywhere but reserved addresses and paths */
};

enum { PLANE_THREADS_MAX = 64 };
unsigned plane_threads(unsigned wanted); /* how many there will be; 0: one for two cores */
struct plane *plane_new(const struct plane_options *options, struct error *error); /* started; NULL with error */
/* Stops the threads, resets what still runs, delivers the events that are due; no callback comes after it returns.
 * Orders given meanwhile are dropped: an adopted descriptor is closed, a client comes back. */
void plane_free(struct plane *plane);

/*
 * Server: an agent's accepted connection; takes fd. `tag` comes back with on_greeting and on_gone. It has until
 * `deadline_us` (clock_us()) to send HELLO, without what it waits for its turn; 0: greeting_ms from now.
 */
void plane_adopt(struct plane *plane, evutil_socket_t fd, const struct addr *peer, SSL_CTX *tls, uint64_t tag,
                 uint64_t deadline_us);

void plane_dial(struct plane *plane, const struct dial_order *order);

/*
 * These orders are never lost silently: on ENOMEM the link is closed instead, and on_gone follows. The verdict on a
 * greeting: the server sends WELCOME `json`; on the agent (control links) `json` is NULL and the pings of `ping_s`,
 * `dead_after_s` begin. `who` goes in front of log lines ("agent web1"), its relays' too.
 */
void plane_accept_control(struct plane *plane, struct link_ref link, uint64_t tag, const char *json, const char *who,
                          unsigned ping_s, unsigned dead_after_s);
/* Server: a data link; on_carrier or on_accept_failed follows. The tag of its events is role->session. Streams of the
 * session that have had no carrier for `resume_ms` are reset; 0: at once. False: out of memory, or the plane is being
 * freed: neither event follows, only on_gone. */
bool plane_accept_data(struct plane *plane, struct link_ref link, const struct carrier_role *role, const char *json,
                       const char *who, unsigned resume_ms);
void plane_reject(struct plane *plane, struct link_ref link,
                  const char *json); /* REJECT, then the end; agent: json NULL */

/* By client->tls_context, on any of the threads; lends the client until on_client_tls. */
void plane_accept_tls(struct plane *plane, struct client *client);
/* To client->session, by the relay thread with this number. */
void plane_serve(struct plane *plane, unsigned thread, struct client *client);
void plane_send_control(struct plane *plane, struct link_ref link, const char *json); /* CONTROL on a control link */

/* A control link: a PING now and each ping_s; its silence counts anew. May be lost on ENOMEM. */
void plane_set_ping(struct plane *plane, struct link_ref link, unsigned ping_s, unsigned dead_after_s);
bool plane_ping(struct plane *plane, struct link_ref link); /* false: out of memory or stopping, nothing is sent */
/* Takes clients of the session back that are of the service with these terms, whichever terms they came by, as
 * CLIENT_UNANSWERED: those that have no OPENED and of which nothing was sent. May be lost on ENOMEM. */
void plane_recall(struct plane *plane, uint64_t session, struct service_terms *terms);
/* Resets the session's relays with these very terms. False: out of memory, nothing done. */
bool plane_end_relays(struct plane *plane, uint64_t session, struct service_terms *terms, enum relay_reason reason,
                      const char *detail);

void plane_close(struct plane *plane, struct link_ref link, const char *detail); /* ends a link. Cannot fail */
/* Ends at once all streams of the session, for this reason, and all links accepted with this tag, control links too.
 * False: out of memory, nothing done. */
bool plane_disconnect(struct plane *plane, uint64_t session, enum relay_reason reason, const char *detail);
/* Closes the session's data links once no stream is left, and the peer is known to know how each has ended; streams
 * that lose their carriers meanwhile have the session's time to go on. on_session_over follows, also if there is
 * nothing to close. False: out of memory, nothing done. */
bool plane_retire_session(struct plane *plane, uint64_t session);
/* Ends the adopted connection with this tag if its HELLO has not come yet. False: out of memory, nothing done. */
bool plane_disconnect_preauth(struct plane *plane, uint64_t tag, const char *detail);
/* Agent, after an event of the network: resets links that have no way to the server any more, see link/path.h; on_gone
 * has `path_lost`. False: out of memory, nothing done. */
bool plane_check_paths(struct plane *plane, enum network_event event);
bool plane_probe_liveness(struct plane *plane); /* probes each thread; false: one has not answered the last probe */

/* Agent: from on_services_set on, OPEN of this session may name the services of `table`,
 * of which the plane takes references of its own. NULL: the session is over, and no event comes. False: out of memory,
 * nothing was done. */
bool plane_set_services(struct plane *plane, uint64_t session, struct service_table *table);

void plane_drain(struct plane *plane); /* agent: from now on OPEN is answered by REFUSED draining */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_planes: the data planes of a server and an agent, in one loop and over a network in memory (memory_net.h), with
 * certificates of their own and the links between them, by the real handshake.
 *
 * A test's world begins with a struct two_planes, so that the planes' events have both. What the next link or client is
 * for stands in `role` and `is_control`; the test may change that at any time.
 * Runs on: one thread, one test process. Owns: loop, planes, TLS contexts, the log.
 */
#ifndef MUNNEL_TESTS_TWO_PLANES_H
#define MUNNEL_TESTS_TWO_PLANES_H

#include "memory_net.h"
#include "unit.h"

#include "lib/event/loop.h"
#include "relay/plane.h"

#include <event2/event_struct.h>

enum {
    TWO_PLANES_WIRES = 128,
    TWO_PLANES_SESSION = 1, /* tag of the session, unless the test has more of them */
    TWO_PLANES_RESUME_MS = 30000,
    MUCH = 1 << 20 /* bytes: more than is ever on its way */
};

struct two_planes {
    struct loop *loop;
    struct plane *server, *agent;
    SSL_CTX *server_tls, *agent_tls;
    struct log *log; /* NULL; MUNNEL_TEST_LOG=1 writes one, to look for a bug */
    struct {
        evutil_socket_t server, agent;
    } wires[TWO_PLANES_WIRES]; /* the planes' own ends of each link that there was */
    int wire_count;
    struct service_table *services; /* the agent's; two_planes_client adds to it */
    struct carrier_role role;       /* of the next data link; a client goes to its session and thread */
    unsigned resume_ms;             /* of a session that begins with it */
    bool is_control;                /* the next link is a control link */
    bool is_check;                  /* the next client is a check */
    const struct proxy *proxy;      /* the next link goes by it; NULL: directly */
    evutil_socket_t listener;       /* two_planes_begin_tcp: of the server; else -1 */
    uint16_t port;                  /* that the agent dials */
    struct event accepts;
};

/* The planes without a link. `capacity`: of a wire, in bytes; `world`, the events' context, begins with `planes`. */
void two_planes_begin(struct two_planes *planes, void *world, size_t capacity, const struct plane_events *server_events,
                      const struct plane_events *agent_events);

/* Over TCP on the loopback instead, where connections come without the test, and the server has `threads` relay threads
 * of its own. Of the functions below, those that carry bytes are of no use then, and links come by dials. */
void two_planes_begin_tcp(struct two_planes *planes, void *world, unsigned threads,
                          const struct plane_events *server_events, const struct plane_events *agent_events);

/* Frees it all; an end that is still open by then fails the test. */
void two_planes_finish(struct two_planes *planes);

/* What a server makes of a data link's HELLO, whose proof is checked: its role, and the WELCOME, malloc'ed. */
struct carrier_role two_planes_role_of(const struct greeting *greeting);
char *two_planes_welcome(const struct greeting *greeting);
/* For server_events: every greeting is welcome. */
void two_planes_on_greeting(void *world, const struct greeting *greeting);

/* The server's context by the certificates that two_planes_begin has made; `client_ca`: NULL, or who signs agents. */
SSL_CTX *two_planes_server_tls(const char *client_ca);

/* What is due in the loop now; and that with all that is on its way between the planes, until nothing is. */
void two_planes_settle(struct two_planes *planes);
void two_planes_carry_all(struct two_planes *planes);

/* A new link, accepted. In steps: the agent dials; the server adopts the `far` end of that; both greet. */
void two_planes_add_link(struct two_planes *planes);
void two_planes_add_exclusive(struct two_planes *planes);
void two_planes_add_control(struct two_planes *planes);
void two_planes_dial(struct two_planes *planes);
void two_planes_take_in(struct two_planes *planes, evutil_socket_t far);
void two_planes_greet(struct two_planes *planes, evutil_socket_t far);
evutil_socket_t two_planes_accepted(void); /* the far end of a dial that must have come */

/* A client of the role's session for plane_serve() that has come to `destination`, "host:port", with the test's end of
 * it in *end. */
struct client *two_planes_client(const struct service_terms_plan *plan, const char *destination, evutil_socket_t *end);
void two_planes_free_client(struct client *client); /* that came back; its connection is closed, if it is open */

unsigned two_planes_relays(const struct plane *plane);
struct link *two_planes_link(const struct plane *plane,
                             evutil_socket_t end); /* over that own end of a wire; NULL: gone */

#endif

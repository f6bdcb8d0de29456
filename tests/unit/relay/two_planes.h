/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_planes: the data planes of a server and an agent, in one loop and over a network in memory (memory_net.h), with
 * certificates of their own and the data links between them.
 *
 * A test's world begins with a struct two_planes, so that the planes' events have both.
 * Runs on: one thread, one test process. Owns: loop, planes, TLS contexts, the log.
 */
#ifndef MUNNEL_TESTS_TWO_PLANES_H
#define MUNNEL_TESTS_TWO_PLANES_H

#include "memory_net.h"
#include "unit.h"

#include "lib/event/loop.h"
#include "relay/plane.h"

enum { TWO_PLANES_WIRES = 128, MUCH = 1 << 20 /* bytes: more than is ever on its way */ };

struct two_planes {
    struct loop *loop;
    struct plane *server, *agent;
    SSL_CTX *server_tls, *agent_tls;
    struct log *log; /* NULL; MUNNEL_TEST_LOG=1 writes one, to look for a bug */
    struct {
        int server, agent;
    } wires[TWO_PLANES_WIRES]; /* the planes' own ends of each link that there was */
    int wire_count;
    struct service_table *services; /* the agent's; two_planes_client adds to it */
    bool is_control;                /* the next link is one, not a data link */
    const char *identity; /* the next link shakes hands by a session's key, under this name; NULL: by certificates */
};

/* The planes without a link. `capacity`: of a wire, in bytes; `world`, the events' context, begins with `planes`. */
void two_planes_begin(struct two_planes *planes, void *world, size_t capacity, const struct plane_events *server_events,
                      const struct plane_events *agent_events);

/* Frees it all; whatever end is still open by then fails the test. */
void two_planes_finish(struct two_planes *planes);

/* The WELCOME for plane_accept() of a data link, with the server's proof if it came by certificates; malloc'ed. */
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
void two_planes_dial(struct two_planes *planes);
void two_planes_take_in(struct two_planes *planes, int far);
void two_planes_greet(struct two_planes *planes, int far);
void two_planes_send_deferred(struct two_planes *planes); /* sends the deferred frames of the server's links now */
int two_planes_accepted(void);                            /* the far end of a dial that must have come */

/* A client for plane_serve() that has come to `destination`, "host:port", with the test's end of it in *end. */
struct client *two_planes_client(const struct service_terms_plan *plan, const char *destination, int *end);

unsigned two_planes_relays(const struct plane *plane);

#endif

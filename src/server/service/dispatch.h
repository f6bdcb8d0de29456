/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dispatch: the way of a client: to an agent, among the waiting, to the next agent, out.
 * Runs on: the control thread. Owns: clients from accept to end, while the plane has not got them.
 */
#ifndef MUNNEL_SERVER_SERVICE_DISPATCH_H
#define MUNNEL_SERVER_SERVICE_DISPATCH_H

#include "relay/plane.h"
#include "server/service/service.h"

struct dispatch;
struct ended_relays;
struct liveness;
struct recent_events;
struct registry;
struct session_table;
struct visits;

struct dispatch_options {
    struct loop *loop;
    struct log *log;
    struct recent_events *events; /* NULL: none */
    struct plane *plane;
    const char *instance; /* of the server, for records */
    struct client_table *clients;
    struct ended_relays *ended; /* gets each client that has ended; NULL: none */
    struct session_table *sessions;
    struct service_list *services;
    struct liveness *liveness;
    struct registry *registry;
    struct visits *visits;                /* NULL: none of its clients has a visitor */
    void (*on_wait)(void *context);       /* a client waits: dispatch_tick is needed every 100 ms */
    void (*on_client_end)(void *context); /* a client has been freed */
    void *context;
};

struct dispatch *dispatch_new(const struct dispatch_options *options); /* NULL when out of memory */
void dispatch_free(struct dispatch *dispatch);

/* Serves a new client, lets it wait, or ends it. client->service is set. One with a tls_context has its TLS handshake
 * first, which dispatch_client_tls ends. */
void dispatch_client(struct dispatch *dispatch, struct client *client);
void dispatch_client_tls(struct dispatch *dispatch, struct client *client);
/* The plane has given it back: it has ended, or needs another agent. */
void dispatch_client_back(struct dispatch *dispatch, struct client *client);
void dispatch_serve_waiting(struct dispatch *dispatch); /* a session can take clients now, perhaps */
/* Ends clients that have waited too long, and tries to serve the others. */
void dispatch_tick(struct dispatch *dispatch);
/* The clients that wait, which are not among the relays of plane_view_relays: calls `visit` for each, until it returns
 * false. */
void dispatch_view_waiting(const struct dispatch *dispatch, bool (*visit)(void *context, const struct client *client),
                           void *context);
/* Ends one of them, by the number in its relay's id: "ended by operator". False: there is none. */
bool dispatch_end_waiting(struct dispatch *dispatch, uint64_t number);
/* The server stops: clients wait until then at most, since no agent joins any more. */
void dispatch_stop(struct dispatch *dispatch, uint64_t until_us);
/* Ends clients that wait, and from now on each that would be served. */
void dispatch_shut(struct dispatch *dispatch);

#endif

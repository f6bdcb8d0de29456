/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits: services of the servers, served by other agents, that this one opens on its own machine.
 *
 * A port is open while a server permits the service. A client that comes to it waits with a ticket for the OPEN of one
 * of those servers, and for the next one's if that refuses; relay threads take it from there (relay/visit_tickets.h).
 *
 *   closed <-> open; of a client: waiting -> (waiting ->) taken | reset
 *
 * Runs on: the control thread. Owns: the listeners, the tickets, the clients that wait.
 */
#ifndef MUNNEL_AGENT_VISITS_H
#define MUNNEL_AGENT_VISITS_H

#include "agent/upstream/visit_user.h"
#include "lib/event/loop.h"
#include "lib/log/log.h"
#include "lib/net/addr.h"

struct recent_events;
struct service_keys;
struct strlist;
struct visit_tickets;
struct visits;

struct visits_options {
    struct loop *loop;
    struct log *log;
    struct recent_events *events;    /* or NULL */
    const char *who;                 /* "agent NAME" */
    const struct service_keys *keys; /* of end-to-end services */
    const struct strlist *specs;     /* VISITS_MAX at most, see src/conf/visit_spec.h */
    /* Sends CONTROL on the session's control link. False: it has none, or there is no memory. */
    bool (*send)(void *context, uint64_t session, const char *json);
    void *context;
};

struct visits *visits_new(const struct visits_options *options, struct error *error); /* NULL with `error` */
void visits_free(struct visits *visits);                                              /* the plane has stopped */
const struct visit_user *visits_user(const struct visits *visits);
struct visit_tickets *visits_tickets(const struct visits *visits); /* for the plane */
void visits_recheck(struct visits *visits);                        /* once a second */
void visits_stop(struct visits *visits);                           /* no more clients; those that wait are reset */

/* ---- for people who look at it ---- */

struct visit_view { /* valid until the visits change */
    const char *name;
    const struct addr *address;
    bool is_open, end_to_end;
    const char *because; /* why it is not open; NULL: it is */
    const char *remedy;  /* what to do; NULL: nothing, since it is open, or its servers have not answered */
    uint64_t closed_us;  /* clock_us(); 0: it is open */
    const char *server;  /* by which it is open: "server host:port"; NULL: it is not */
    uint64_t clients, refused;
    size_t waiting;
};
size_t visits_count(const struct visits *visits);
void visits_read(const struct visits *visits, size_t index, struct visit_view *view);

#endif

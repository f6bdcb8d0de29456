/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits: clients of services that have come to another agent, the visitor, which opens such a service on its own side
 * where the service permits it (`visitors`).
 *
 * A visit is two relays, joined by a connection of the server to itself: of its one end the client of the service is
 * made, which goes the way of every client (dispatch.h); the other end is the plain side of a relay to the visitor,
 * whose OPEN has the ticket of the client that waits there.
 *
 *   told -> visit_open -> connecting -> running -> over
 *
 * Runs on: the control thread. Owns: the visits, the listener to which the server connects.
 */
#ifndef MUNNEL_SERVER_SERVICE_VISITS_H
#define MUNNEL_SERVER_SERVICE_VISITS_H

#include "server/service/service.h"
#include "server/session/session_table.h"

#include <jansson.h>

struct ended_relays;
struct recent_events;
struct visits;

/* V(name, label of metrics, detail for people): what becomes of a visit. The first of those that do not permit it tells
 * nothing about the service. */
#define VISIT_VERDICTS(V)                                                                                              \
    V(ACCEPTED, "accepted", "")                                                                                        \
    V(NOT_PERMITTED, "not_permitted", "there is no such service, or this agent may not visit it")                      \
    V(PAUSED, "paused", "the service is paused")                                                                       \
    V(NO_AGENT, "no_agent", "no agent serves it now")                                                                  \
    V(NO_LINK, "no_link", "this agent drains, or has no data link yet")                                                \
    V(ACCESS, "access", "a rule or a limit of the service refuses this agent")                                         \
    V(NOT_SERVED, "not_served", "no agent could serve it")                                                             \
    V(LACK, "lack", "the server lacks memory or descriptors, or has too many visits of this agent under way")

enum visit_verdict {
#define VISIT_VERDICT_ENUM(name, label, detail) VISIT_##name,
    VISIT_VERDICTS(VISIT_VERDICT_ENUM)
#undef VISIT_VERDICT_ENUM
        VISIT_VERDICT_COUNT
};
const char *visit_verdict_label(enum visit_verdict verdict);

struct visits_options {
    struct event_base *base;
    struct log *log;
    struct plane *plane;
    const char *instance; /* of the server */
    struct client_table *clients;
    struct ended_relays *ended;
    struct session_table *sessions;
    const struct service_list *services;
    void (*on_client_end)(void *context); /* of a relay to a visitor; NULL is fine, as of `ended` */
    void *context;
};

struct visits *visits_new(const struct visits_options *options); /* NULL when out of memory */
void visits_free(struct visits *visits);                         /* when the plane has given all clients back */

/* By the groups of its agent, whatever else may refuse a visit now. */
bool visits_permit(const struct service_config *conf, const struct session *session);
/* The members of a `visit` of this session, which replace those before, and of a `visit_open`. 0, or -1 with `error` if
 * it is malformed, or comes too often. */
int visits_take(struct visits *visits, struct session *session, const json_t *json, struct error *error);
int visits_open(struct visits *visits, struct session *session, const json_t *json, struct error *error);
/* Something may be permitted now, or no longer: tells agents what is new for them, and ends what runs by a permission
 * that was withdrawn. Then, and once a second. */
void visits_update(struct visits *visits);

/* The relay to a visitor (client->ticket) has come back from the plane. */
void visits_relay_back(struct visits *visits, struct client *client);
/* A client with a visitor has ended; not freed yet. */
void visits_client_ended(struct visits *visits, const struct client *client);

size_t visits_running(const struct visits *visits);
/* Since the start, by what became of them. */
uint64_t visits_count(const struct visits *visits, enum visit_verdict verdict);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * announce: tells each agent the services that it may be asked to serve, and takes its answers: only a service that the
 * agent permits has the session among those that take its clients. A service that needs more than an agent knows is not
 * sent to it, and counts as refused.
 *
 * One part of the table at most is under way to a session, and one each ANNOUNCE_INTERVAL_MS: an agent resets a control
 * link that brings 256 KiB within a second.
 * Runs on: the control thread. Owns: its timer.
 */
#ifndef MUNNEL_SERVER_SERVICE_ANNOUNCE_H
#define MUNNEL_SERVER_SERVICE_ANNOUNCE_H

#include "relay/plane.h"
#include "server/service/service.h"
#include "server/session/session_table.h"

enum { ANNOUNCE_INTERVAL_MS = 200, ANNOUNCE_ANSWER_S = 30 };

struct announce;

struct announce_options {
    struct event_base *base;
    struct log *log;
    struct plane *plane;
    struct session_table *sessions;
    const struct service_list *services;
    void (*on_answered)(void *context); /* or has changed what is usable: clients that wait may be served, or refused */
    void *context;
};

struct announce *announce_new(const struct announce_options *options); /* NULL when out of memory */
void announce_free(struct announce *announce);

/* A reload: all agents are asked for a service that is new, or has a new id, at the end of the list of services. */
void announce_added(struct announce *announce, struct service *service);
/* No client will be sent by this id any more, which the session of this tag alone knows; 0: any may. Without memory the
 * agents keep it, which does no harm. */
void announce_removed(struct announce *announce, uint32_t id, uint64_t session);
void announce_join(struct announce *announce, struct session *session); /* sends later in this turn of the loop */
void announce_turn(struct announce *announce);                          /* sends what is due; runs by itself */
/* It takes no more clients: takes it out of all services. May be called again. */
void announce_leave(struct announce *announce, struct session *session);
/* The members of a `services_ack`. 0, or -1 with `error` if it is malformed or does not answer the part under way. */
int announce_answered(struct announce *announce, struct session *session, const json_t *json, struct error *error);
/* The members of a `health`: what the checks of its agent have found. 0, or -1 with `error` if it is malformed. Reports
 * of services that are not checked, or that it does not serve, are ignored. */
int announce_reported(struct announce *announce, struct session *session, const json_t *json, struct error *error);
/* A session that has not answered for ANNOUNCE_ANSWER_S; NULL: none. */
struct session *announce_overdue(const struct announce *announce);

#endif

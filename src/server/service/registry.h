/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * registry: how agents come into service and leave it.
 * Runs on: the control thread. Owns: nothing; sessions belong to session_table.h.
 */
#ifndef MUNNEL_SERVER_SERVICE_REGISTRY_H
#define MUNNEL_SERVER_SERVICE_REGISTRY_H

#include "proto/control.h"
#include "server/service/service.h"
#include "server/session/session_table.h"

struct announce;
struct recent_events;
struct bans;
struct registry;
struct visits;

/* Sessions that wait for their agents and have no clients: beyond, the one that has waited for longest is retired. */
enum { REGISTRY_IDLE_OF_CREDENTIAL = 64, REGISTRY_IDLE_OF_ALL = 1024 };

struct registry_options {
    struct log *log;
    struct recent_events *events; /* NULL: none */
    struct plane *plane;
    struct session_table *sessions;
    const struct service_list *services;
    struct announce *announce;
    struct bans *bans;
    struct visits *visits;
    struct link_count *links; /* the data links of all sessions */
    unsigned resume_s;        /* for which a session outlives its control link */
    uint64_t clients_most;    /* of a session in all its life: then its agent is asked for another one */
    void (*on_leave)(void *context, const struct session *session, const char *detail); /* it loses its control link */
    /* The members of a `publish`; as registry_publish */
    int (*on_publish)(void *context, struct session *session, const json_t *json, struct error *error);
    void *context;
};

struct registry *registry_new(const struct registry_options *options); /* NULL when out of memory */
void registry_free(struct registry *registry);
void registry_set_resume(struct registry *registry, unsigned resume_s);
struct log *registry_log(const struct registry *registry);

/* Retires a session of the same name and instance, and offers the new one to all services. NULL when out of memory. */
struct session *registry_admit(struct registry *registry, const struct session_options *options);
/* The agent goes on with its session by another control link; the present one is closed, if there is one. False: out of
 * memory, the session stays suspended. */
bool registry_resume(struct registry *registry, struct session *session, const struct session_options *options);
/* It gets no more clients; its relays run on. Its agent has asked for it. */
void registry_drain(struct registry *registry, struct session *session);
/* The same by the operator, who can undo it: the control link is closed, and the agent, which connects again and goes
 * on with its session, is offered its services as a new one. False: its agent has asked for it, or it is retired. */
void registry_drain_here(struct registry *registry, struct session *session);
bool registry_undrain(struct registry *registry, struct session *session);
/* It has lost its control link, or does without: the agent may take it up again. `event` is for the log. */
void registry_suspend(struct registry *registry, struct session *session, const char *event, const char *detail);
/* The agent cannot take it up again; its relays run on until their end or its revocation. */
void registry_retire(struct registry *registry, struct session *session, const char *event, const char *detail);
void registry_session_over(struct registry *registry, uint64_t tag); /* a retired one, on all relay threads */
/* Ends a session, retired or not, with all its links and relays, and frees it. False: out of memory, try again. */
bool registry_end(struct registry *registry, struct session *session, enum relay_reason reason, const char *event,
                  const char *detail);
bool registry_disconnect(struct registry *registry, struct session *session, enum relay_reason reason,
                         const char *detail); /* after a BYE */
void registry_disconnect_all(struct registry *registry, const char *detail);
/* Once a second: ends sessions that were not taken up again, and asks for new ones in place of those that have had
 * clients_most. */
void registry_tick(struct registry *registry);
/* Streams of the role's session and thread wait for so many more data links: asks its agent for them. */
void registry_ask_links(struct registry *registry, const struct carrier_role *role, unsigned wanted);
/* Its agent has answered for services (announce_answered). 0 or -1 */
int registry_answered(struct registry *registry, struct session *session, const json_t *json, struct error *error);
/* Its agent reports what its checks have found (announce_reported). 0 or -1 */
int registry_reported(struct registry *registry, struct session *session, const json_t *json, struct error *error);
/* Its agent asks for bans (agent_bans_take). 0 or -1 */
/* The members of a `publish`. 0, or -1 with `error` if it is malformed. */
int registry_publish(struct registry *registry, struct session *session, const json_t *json, struct error *error);
int registry_banned(struct registry *registry, struct session *session, const json_t *json, struct error *error);
/* Its agent opens services on its own side (visits_take, visits_open). 0 or -1 */
int registry_visits(struct registry *registry, struct session *session, const json_t *json, struct error *error);
int registry_opens_visit(struct registry *registry, struct session *session, const json_t *json, struct error *error);
/* `reason` may be NULL. Without memory nothing is sent. */
void registry_send(struct registry *registry, const struct session *session, enum control_op op, const char *reason);
/* GOAWAY to all: agents join another server; their relays run on. Sessions whose links are all lost end: no agent can
 * connect any more. */
void registry_stop(struct registry *registry);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * services: what a server has announced that this agent may be asked to serve, judged by the agent's own rules.
 *
 * What this agent publishes itself is permitted by rules of its own, which hold for that destination of that service
 * and for nothing else. Another service is refused only if all its destinations are certainly forbidden; a name is
 * judged when a client has come and it is resolved. The answer is sent when every relay thread has the table, so that
 * no client comes before it. Runs on: the control thread. Owns: its table, an answer that waits for the threads.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_SERVICES_H
#define MUNNEL_AGENT_UPSTREAM_SERVICES_H

#include "agent/upstream/ban_sender.h"
#include "agent/upstream/publications.h"
#include "relay/plane.h"

struct ban_list;
struct recent_events;
struct service_keys;

enum { SERVICES_MAX = 100000, SERVICES_MEMORY_MAX = 64 * 1024 * 1024 }; /* of one session */

/* One that this agent refuses. */
struct refused_service {
    struct refused_service *next;
    uint32_t id;
    char *name, *to; /* its first destination */
    char reason[SERVICES_REASON_SIZE];
};
enum { REFUSED_SERVICES_MOST = 1000 /* that are remembered */ };

struct services {
    struct plane *plane;
    struct log *log;
    struct recent_events *events; /* or NULL */
    const char *who;              /* "server host:port" */
    const struct acl *allow;
    const struct publications *publications; /* of this agent; NULL: none */
    bool only_published;                     /* nothing else is permitted */
    const struct service_keys *keys;         /* of end-to-end services */
    struct link_ref link;                    /* the session's control link */
    uint64_t session;                        /* its tag */
    char server[PROTO_SERVER_DIGITS + 1];    /* of its instance */
    struct service_table *table;             /* what is permitted; NULL: nothing yet */
    char *answer;                            /* JSON of services_ack; NULL: none waits */
    unsigned setting;                        /* tables that the plane has not yet given to every thread */
    uint64_t version;                        /* of the last part */
    uint32_t last_id;                        /* the highest so far */
    unsigned refused;                        /* in this round of parts */
    struct refused_service *refusals;
    size_t refusal_count;
    struct service_table *before; /* of the last control link, while its services are announced anew */
    size_t due;                   /* services whose health the server has yet to be told */
    uint64_t reported_ms;         /* when it was told last */
    struct log_limit health_lines;
    const struct ban_list *bans; /* of this agent; NULL: none */
    struct ban_sender sender;    /* of these */
};

/* True, with `reason`: these rules forbid all its destinations, or it is not announced as its key wants it. */
bool services_refuse(const struct acl *allow, const struct service_keys *keys, const struct service_offer *offer,
                     char reason[SERVICES_REASON_SIZE]);

/* By this control link the server announces all services anew. What came before holds until its first part is here. */
void services_begin(struct services *services, struct link_ref link);
/* The members of a `services` of the server. 0, or -1 with `error` if it is malformed; then nothing was changed. */
int services_take(struct services *services, const json_t *json, struct error *error);
void services_on_set(struct services *services); /* every relay thread has a table; the last one: sends the answer */
/* The checks of a service have found something new. */
void services_on_health(struct services *services, const struct health_event *event);
/* And once a second, when the server knows what is permitted: tells it what is due. */
void services_recheck(struct services *services);
void services_withdraw(struct services *services, const char *name); /* it is not published any more */
void services_end(struct services *services);                /* the session is over: the relay threads forget it */
void services_done(struct services *services);               /* frees; the plane may be gone */
bool services_are_answered(const struct services *services); /* the server knows what is permitted */

#endif

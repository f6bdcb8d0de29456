/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits_priv: struct visits, and what its files call of each other.
 */
#ifndef MUNNEL_AGENT_VISITS_PRIV_H
#define MUNNEL_AGENT_VISITS_PRIV_H

#include "agent/visits.h"
#include "lib/base/queue.h"
#include "lib/base/strlist.h"
#include "lib/log/log_throttle.h"
#include "proto/limits.h"
#include "relay/plane.h"

enum {
    VISIT_WAITING_MOST = VISIT_TICKETS_MAX / 2, /* clients that wait: a server sees some of them for a moment longer */
    VISIT_TRIES_MOST = 8                        /* servers that a client is offered to */
};

struct visit_server_state { /* of one visit, at one server */
    bool is_permitted, end_to_end;
    char reason[VISIT_REASON_SIZE]; /* why not */
    const char *remedy;             /* likewise; NULL: there is nothing to do */
};

struct visit_server { /* a session with a control link */
    LIST_ENTRY(visit_server) next;
    uint64_t session;
    char who[300]; /* "server host:port" */
    char digits[PROTO_SERVER_DIGITS + 1];
    struct visit_server_state states[];
};

struct visit {
    struct visits *visits;
    size_t index; /* its number for servers is one more */
    char name[PROTO_NAME_MAX + 1];
    struct addr address;
    evutil_socket_t fd; /* listens; -1: it is closed */
    struct event *readable;
    bool is_paused;                 /* as many clients wait as may, or there are no descriptors */
    char problem[256];              /* why it could not be opened */
    char reason[VISIT_REASON_SIZE]; /* why it is closed, as it was logged */
    uint64_t closed_us;             /* for that or another reason since then; 0: it is open */
    struct served_service *service; /* what relays know of it */
    uint64_t clients, refused;
};

struct waiting_client {
    uint32_t ticket; /* 0: the place is free */
    struct visit *visit;
    uint64_t session, until_us;
    struct open_address client, local;
    struct addr peer;
    uint64_t tried[VISIT_TRIES_MOST]; /* sessions */
    unsigned tried_count;
};

struct visits {
    struct visits_options options;
    struct visit_user user;
    char *names; /* JSON */
    struct visit_tickets *tickets;
    LIST_HEAD(, visit_server) servers;
    struct waiting_client waiting[VISIT_WAITING_MOST];
    size_t waiting_count;
    struct log_limit lines;
    struct log_throttle refusals;
    struct event *resume;       /* after a pause */
    uint64_t paced_us;          /* what was sent is within the pace of messages until then */
    struct visit_open gathered; /* not sent yet; before control returns to the loop it is */
    uint64_t gathered_session;
    bool is_stopped;
    size_t count;
    struct visit items[];
};

struct visit_server *visits_find_server(const struct visits *visits, uint64_t session); /* NULL: none */

/* visit_clients.c */
void visits_on_readable(evutil_socket_t listener, short what, void *visit);
void visits_on_resume(evutil_socket_t fd, short what, void *visits);
void visits_on_refused(void *visits, uint64_t session, const struct visit_refused *refused);
void visits_leave_session(struct visits *visits, uint64_t session); /* clients that wait for it go to others */
/* Forgets those that were taken, and ends those that have waited for too long; all, if the visits have stopped. */
void visits_expire(struct visits *visits);
size_t visits_waiting_of(const struct visits *visits, const struct visit *visit);

#endif

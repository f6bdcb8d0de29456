/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: this agent at one server, from WELCOME on. It outlives its control link by the time that WELCOME grants.
 * Runs on: the control thread. Owns: what its data links are dialled with.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_SESSION_H
#define MUNNEL_AGENT_UPSTREAM_SESSION_H

#include "agent/upstream/data_links.h"
#include "agent/upstream/publisher.h"
#include "agent/upstream/services.h"
#include "agent/upstream/visit_user.h"
#include "lib/base/queue.h"
#include "proto/control.h"
#include "proto/hello.h"
#include "relay/plane.h"

enum session_state {
    SESSION_LIVE,      /* has a control link */
    SESSION_SUSPENDED, /* has lost it, and may be resumed */
    SESSION_RETIRED,   /* ends with its last stream */
    SESSION_OVER,      /* BYE was sent or received: only the control link's end is awaited */
    SESSION_STATES
};

struct session {
    LIST_ENTRY(session) next;
    struct plane *plane;
    struct log *log;
    struct data_links *data_links;
    enum session_state state;
    uint64_t tag;         /* of the session: in roles of its data links, and in the plane */
    uint64_t control_tag; /* of its control link, another after each resumption */
    struct link_ref link; /* the control link */
    bool has_control;     /* on_gone of it has not come */
    bool left;            /* another takes its place */
    bool drained;         /* the server has sent `drained` */
    bool order_failed;    /* the plane had no memory to retire or disconnect it */
    bool is_lost;         /* retired: the plane was ordered to end its relays */
    uint64_t since_ms;    /* when WELCOME came */
    uint64_t until_ms;    /* suspended: when it is retired */
    uint64_t srtt_us;     /* of its control links; 0: not known yet */
    struct log_limit limit;
    struct session_links links;
    struct publisher *publisher;     /* the upstream's */
    struct services services;        /* of the server, for this session */
    const struct visit_user *visits; /* NULL: this agent visits nothing */
    bool knows_visits;               /* its server does */
};

struct session_parts { /* kept by reference, but for the WELCOME */
    struct plane *plane;
    struct log *log;
    struct recent_events *events; /* or NULL */
    struct data_links *data_links;
    const char *who; /* "server host:port" */
    struct trust *trust;
    const struct ban_list *bans;     /* or NULL */
    struct publisher *publisher;     /* of the upstream, which outlives the session */
    const struct visit_user *visits; /* or NULL */
    const struct acl *allow;         /* this agent's rules */
    const struct service_keys *keys; /* of end-to-end services */
    bool only_published;             /* nothing else is permitted */
    const struct hello *control;     /* the HELLO of the control link, of which those of data links are made */
    const struct welcome *welcome;
    const struct dial_order *order; /* by which the control link was dialled; copied but for server_name */
    struct link_ref link;
};

struct session *session_new(const struct session_parts *parts); /* NULL when out of memory */
void session_free(struct session *session);                     /* nothing more is dialled for it */

/* WELCOME of a new control link names this session, which is suspended. */
void session_resume(struct session *session, const struct session_parts *parts);
void session_on_lost(struct session *session); /* its control link is gone */
void session_retire(struct session *session);  /* suspended: it is not resumed any more */
/* Makes up for what the plane had no memory for; ends the relays of a retired one that its server does not know. */
void session_recheck(struct session *session);

void session_send_visits(struct session *session);                 /* its control link has just been accepted */
bool session_send_json(struct session *session, const char *json); /* CONTROL; false: it has no control link */
void session_send_bans(struct session *session);                   /* those that are due, if it has a control link */

enum session_event { SESSION_GOES_ON, SESSION_GOAWAY, SESSION_DRAINED };

/* Handles a CONTROL frame of the server; returns what its upstream has to do. */
enum session_event session_on_control(struct session *session, const char *text, size_t length);

/* The checks of one of its services have found something new. */
void session_on_health(struct session *session, const struct health_event *event);

/* detail: or NULL. Without a control link nothing is sent. After BYE nothing more is dialled. */
void session_send(struct session *session, enum control_op op, const char *detail);

#endif

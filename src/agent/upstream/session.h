/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: one control link that a server has accepted, from WELCOME to its end.
 * Runs on: the control thread. Owns: what its data links are dialled with.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_SESSION_H
#define MUNNEL_AGENT_UPSTREAM_SESSION_H

#include "agent/upstream/dialer.h"
#include "agent/upstream/services.h"
#include "proto/control.h"
#include "proto/hello.h"
#include "relay/plane.h"

#include <sys/queue.h>

struct session {
    SLIST_ENTRY(session) next;
    struct plane *plane;
    struct log *log;
    struct dialer *dialer;
    const char *who;
    struct link_ref link;
    uint64_t tag;
    uint64_t since_ms; /* when WELCOME came */
    bool left;         /* another takes its place */
    bool drained;      /* the server has sent `drained` */
    struct log_limit limit;
    struct dialer_source source;
    struct services services; /* of the server, for this session */
};

struct session_parts { /* kept by reference, but for the WELCOME */
    struct plane *plane;
    struct log *log;
    struct dialer *dialer;
    const char *who; /* "server host:port" */
    struct trust *trust;
    const struct acl *allow;     /* this agent's rules */
    const struct hello *control; /* the HELLO of the control link, of which those of data links are made */
    const struct welcome *welcome;
    const struct dial_order *order; /* by which the control link was dialled; copied but for server_name */
    struct link_ref link;
};

struct session *session_new(const struct session_parts *parts); /* NULL when out of memory */
void session_free(struct session *session);                     /* the link is gone; asks for no more data links */

enum session_event { SESSION_GOES_ON, SESSION_GOAWAY, SESSION_DRAINED };

/* Handles a CONTROL frame of the server; returns what its upstream has to do. */
enum session_event session_on_control(struct session *session, const char *text, size_t length);

void session_send(struct session *session, enum control_op op, const char *detail); /* detail: or NULL */
void session_leave(struct session *session); /* another takes its place: it asks for no more data links */

/* The sessions with one server: the one that works, and those that it has replaced. Owns them. */
SLIST_HEAD(session_list, session); /* the newest first; all zero: empty */

void session_list_add(struct session_list *list, struct session *session); /* the others are left for it */
struct session *session_list_find(const struct session_list *list, uint64_t tag);
void session_list_remove(struct session_list *list, struct session *session); /* and frees it */
void session_list_clear(struct session_list *list);                           /* the plane is gone */

void session_list_send(const struct session_list *list, enum control_op op);
bool session_list_is_drained(const struct session_list *list); /* no session waits for `drained` */
bool session_list_is_working(const struct session_list *list); /* the newest one takes clients */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: one control link that a server has accepted, from WELCOME to its end.
 * Runs on: the control thread. Owns: what its data links are dialled with.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_SESSION_H
#define MUNNEL_AGENT_UPSTREAM_SESSION_H

#include "agent/upstream/dialer.h"
#include "proto/control.h"
#include "proto/hello.h"
#include "relay/plane.h"

struct session;

struct session_parts { /* kept by reference, but for the WELCOME */
    struct plane *plane;
    struct log *log;
    struct dialer *links;
    const char *who; /* "server host:port" */
    struct trust *trust;
    const struct hello *control; /* the HELLO of the control link, of which those of data links are made */
    const struct welcome *welcome;
    const struct dial_order *order; /* by which the control link was dialled; copied but for server_name */
    struct link_ref link;
};

struct session *session_new(const struct session_parts *parts); /* NULL when out of memory */
void session_free(struct session *session);                     /* the link is gone; asks for no more data links */

enum session_event { SESSION_GOES_ON, SESSION_GOAWAY, SESSION_DRAINED };

/* A CONTROL message of the server; what it means for whoever keeps the session. */
enum session_event session_on_told(struct session *session, const char *text, size_t length);

void session_tell(struct session *session, enum control_op op, const char *reason); /* reason: NULL or words */
void session_leave(struct session *session); /* another takes its place: it asks for no more data links */

uint64_t session_tag(const struct session *session);
bool session_is_left(const struct session *session);
bool session_is_drained(const struct session *session);
uint64_t session_age_ms(const struct session *session);
struct session *session_next(const struct session *session); /* in the list of whoever keeps it */
void session_set_next(struct session *session, struct session *next);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_list: the sessions with one server: the one that works, or may be resumed, and those that it has replaced.
 * Runs on: the control thread. Owns: them.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_SESSION_LIST_H
#define MUNNEL_AGENT_UPSTREAM_SESSION_LIST_H

#include "agent/upstream/session.h"
#include "lib/base/queue.h"

LIST_HEAD(session_list, session); /* the newest first; all zero: empty */

/* Resumes the session that WELCOME names, or makes it; the others are then left, or retired, for it. NULL: out of
 * memory, or the session of this id cannot be resumed. */
const struct session *session_list_welcome(struct session_list *list, const struct session_parts *parts);
void session_list_clear(struct session_list *list); /* the plane is gone */

struct session *session_list_find(const struct session_list *list, uint64_t session_tag);
struct session *session_list_find_control(const struct session_list *list, uint64_t control_tag);
struct session *session_list_suspended(const struct session_list *list); /* the one that may be resumed, or NULL */

void session_list_on_lost(struct session *session); /* its control link; may free it */
void session_list_on_over(struct session *session); /* the plane has retired it; frees it */
/* To be called every second. `is_resuming`: an attempt to resume a suspended one is under way, whose time may be up. */
void session_list_recheck(struct session_list *list, bool is_resuming);

void session_list_send(const struct session_list *list, enum control_op op); /* on every control link */
bool session_list_is_drained(const struct session_list *list);               /* no control link waits for `drained` */
bool session_list_is_alone(const struct session_list *list);                 /* no control link is left */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_list: the sessions with one server: the one that works, and those that it has taken the place of.
 * Runs on: the control thread. Owns: its sessions.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_SESSION_LIST_H
#define MUNNEL_AGENT_UPSTREAM_SESSION_LIST_H

#include "agent/upstream/session.h"

struct session_list { /* all zero: empty */
    struct session *newest;
};

void session_list_add(struct session_list *list, struct session *session); /* the others are left for it */
struct session *session_list_find(const struct session_list *list, uint64_t tag);
void session_list_remove(struct session_list *list, struct session *session); /* and frees it */
void session_list_clear(struct session_list *list);

void session_list_tell(const struct session_list *list, enum control_op op);
bool session_list_is_empty(const struct session_list *list);
bool session_list_is_drained(const struct session_list *list); /* none waits for `drained` */
bool session_list_is_working(const struct session_list *list); /* one takes clients */

#endif

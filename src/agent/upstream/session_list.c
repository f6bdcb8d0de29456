/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_list: the sessions with one server: the one that works, and those that it has taken the place of.
 * Runs on: the control thread. Owns: its sessions. Only the newest may be one that is not left.
 */
#include "config.h"

#include "agent/upstream/session_list.h"

void session_list_add(struct session_list *list, struct session *session) {
    for (struct session *old = list->newest; old != NULL; old = session_next(old))
        session_leave(old);
    session_set_next(session, list->newest);
    list->newest = session;
}

struct session *session_list_find(const struct session_list *list, uint64_t tag) {
    struct session *session = list->newest;

    while (session != NULL && session_tag(session) != tag)
        session = session_next(session);
    return session;
}

void session_list_remove(struct session_list *list, struct session *session) {
    struct session *before = list->newest;

    if (before == session) {
        list->newest = session_next(session);
    } else {
        while (session_next(before) != session)
            before = session_next(before);
        session_set_next(before, session_next(session));
    }
    session_free(session);
}

void session_list_clear(struct session_list *list) {
    while (list->newest != NULL)
        session_list_remove(list, list->newest);
}

void session_list_tell(const struct session_list *list, enum control_op op) {
    for (struct session *session = list->newest; session != NULL; session = session_next(session))
        session_tell(session, op, NULL);
}

bool session_list_is_empty(const struct session_list *list) {
    return list->newest == NULL;
}

bool session_list_is_drained(const struct session_list *list) {
    const struct session *session = list->newest;

    while (session != NULL && session_is_drained(session))
        session = session_next(session);
    return session == NULL;
}

bool session_list_is_working(const struct session_list *list) {
    return list->newest != NULL && !session_is_left(list->newest);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_list: see session_list.h.
 */
#include "config.h"

#include "agent/upstream/session_list.h"

#include "lib/base/clock.h"

#include <string.h>

static struct session *find_id(const struct session_list *list, const char *id) {
    struct session *session;

    LIST_FOREACH (session, list, next)
        if (strcmp(session->links.target.id, id) == 0)
            break;
    return session;
}

static struct session *add(struct session_list *list, const struct session_parts *parts) {
    struct session *session = session_new(parts), *old;

    if (!session)
        return NULL;
    LIST_FOREACH (old, list, next) {
        old->left = true;
        if (old->state == SESSION_SUSPENDED)
            session_retire(old);
    }
    LIST_INSERT_HEAD(list, session, next);
    return session;
}

const struct session *session_list_welcome(struct session_list *list, const struct session_parts *parts) {
    struct session *session = find_id(list, parts->welcome->session);

    if (!session)
        return add(list, parts);
    if (session->state != SESSION_SUSPENDED || session->links.threads != parts->welcome->threads) {
        log_event(parts->log, LOG_LEVEL_WARNING, parts->who,
                  "the server answered with a session that cannot be resumed: connecting again", NULL);
        return NULL;
    }
    session_resume(session, parts);
    return session;
}

static void discard(struct session *session) {
    services_end(&session->services);
    LIST_REMOVE(session, next);
    session_free(session);
}

void session_list_clear(struct session_list *list) {
    struct session *session;

    while ((session = LIST_FIRST(list))) {
        LIST_REMOVE(session, next);
        session_free(session);
    }
}

struct session *session_list_find(const struct session_list *list, uint64_t session_tag) {
    struct session *session;

    LIST_FOREACH (session, list, next)
        if (session->tag == session_tag)
            break;
    return session;
}

struct session *session_list_find_control(const struct session_list *list, uint64_t control_tag) {
    struct session *session;

    LIST_FOREACH (session, list, next)
        if (session->has_control && session->control_tag == control_tag)
            break;
    return session;
}

struct session *session_list_suspended(const struct session_list *list) {
    struct session *session;

    LIST_FOREACH (session, list, next)
        if (session->state == SESSION_SUSPENDED)
            break;
    return session;
}

static bool is_finished(const struct session *session) {
    return session->state == SESSION_OVER && !session->has_control && !session->order_failed;
}

void session_list_on_lost(struct session *session) {
    session_on_lost(session);
    if (is_finished(session))
        discard(session);
}

void session_list_on_over(struct session *session) {
    if (session->state != SESSION_RETIRED)
        return;
    (void)plane_disconnect(session->plane, session->tag, REASON_LINK_LOST,
                           "its session is over"); /* a link may have come meanwhile */
    discard(session);
}

void session_list_recheck(struct session_list *list, bool is_resuming) {
    struct session *session, *next;

    for (session = LIST_FIRST(list); session; session = next) {
        next = LIST_NEXT(session, next);
        session_recheck(session);
        if (session->state == SESSION_SUSPENDED && clock_ms() >= session->until_ms && !is_resuming)
            session_retire(session);
        if (is_finished(session))
            discard(session);
    }
}

void session_list_send(const struct session_list *list, enum control_op op) {
    struct session *session;

    LIST_FOREACH (session, list, next)
        session_send(session, op, NULL);
}

bool session_list_is_drained(const struct session_list *list) {
    const struct session *session;

    LIST_FOREACH (session, list, next)
        if (session->has_control && !session->drained)
            return false;
    return true;
}

bool session_list_is_alone(const struct session_list *list) {
    const struct session *session;

    LIST_FOREACH (session, list, next)
        if (session->has_control)
            return false;
    return true;
}

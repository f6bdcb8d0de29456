/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_session: one session on one relay thread: its mux, and what its relays need to know of it.
 *
 * It comes with the first carrier and goes when the session was retired or disconnected and nothing of it is left, see
 * plane_sessions.c. On an agent a thread may have several of one session, one for each relay thread of the server that
 * it has links to.
 * Runs on: its thread. Owns: its mux, not its links, nor its relays.
 * States: live -> (retiring -> over | disconnected) -> freed.
 */
#ifndef MUNNEL_RELAY_THREAD_SESSION_H
#define MUNNEL_RELAY_THREAD_SESSION_H

#include "relay/carrier_role.h"
#include "relay/mux/mux.h"

struct relay_thread;
struct service_table;
struct session_over_event;

struct thread_session {
    TAILQ_ENTRY(thread_session) next; /* of its bucket in the thread's table */
    struct relay_thread *thread;
    uint64_t tag;
    unsigned server_thread;
    struct datagram_memory datagrams; /* that wait for its links */
    struct mux *mux; /* NULL: it is over, and remembered so that no link that comes late begins it anew */
    struct session_over_event *over; /* retiring: the event to post when it is over; else NULL */
    bool is_disconnected;            /* it gets no carrier and no client any more */
    uint64_t in, out;                /* bytes of its relays, as pump.h has them, that were not reported yet */
    uint64_t forget_us;              /* over: when no link of it can come any more */
    char who[];                      /* in front of log lines */
};

/* Finds it, or makes it. NULL: out of memory, or it is disconnected. */
struct thread_session *thread_session_get(struct relay_thread *thread, const struct carrier_role *role, const char *who,
                                          unsigned resume_ms);
/* Server: that of this thread, which takes clients; NULL: none. */
struct thread_session *thread_session_find(struct relay_thread *thread, uint64_t tag);
const struct service_table *thread_session_services(const struct thread_session *session); /* agent; NULL: none */

/* Calls `act` for each, or for those with this tag; it may free the one that it gets. */
typedef void (*thread_session_act)(struct thread_session *session, void *context);
void thread_session_each(struct relay_thread *thread, thread_session_act act, void *context);
void thread_session_each_of(struct relay_thread *thread, uint64_t tag, thread_session_act act, void *context);

/* No carrier, stream or relay is left. */
void thread_session_end(struct thread_session *session, uint64_t forget_us); /* it is over from now on */
void thread_session_free(struct thread_session *session);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_session: see thread_session.h.
 */
#include "config.h"

#include "relay/thread_session.h"

#include "lib/base/hash.h"
#include "relay/thread_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the mux asks for ---- */

static int on_open(void *context, uint32_t number, const uint8_t *payload, size_t length, struct error *error) {
    struct thread_session *session = context;
    return session->thread->ops->on_open(session, number, payload, length, error);
}

static void on_want_carriers(void *context, bool is_exclusive, unsigned count) {
    struct thread_session *session = context;
    if (!session->is_disconnected && !session->thread->stopping)
        session->thread->ops->on_want_carriers(session, is_exclusive, count);
}

static void on_outcomes(void *context, int step) {
    const struct thread_session *session = context;
    counter_add_in_order(&session->thread->counts.unconfirmed, (uint64_t)(int64_t)step);
}

static struct mux *make_mux(struct thread_session *session, unsigned resume_ms) {
    struct relay_thread *thread = session->thread;
    struct mux_options options = {.is_agent = thread->options->is_agent,
                                  .memory = &thread->memory,
                                  .turns = &thread->turns,
                                  .ends = &thread->ends,
                                  .gather = &thread->gather,
                                  .counts = &thread->counts.mux,
                                  .resume_timeout_ms = resume_ms,
                                  .on_open = on_open,
                                  .on_want_carriers = on_want_carriers,
                                  .on_outcomes = on_outcomes,
                                  .context = session};
    return mux_new(&options);
}

/* ---- the table ---- */

static struct thread_sessions *bucket_of(struct relay_thread *thread, uint64_t tag) {
    return &thread->sessions[hash_mix(tag) % RELAY_THREAD_SESSION_BUCKETS];
}

static struct thread_session *find(struct relay_thread *thread, uint64_t tag, unsigned server_thread) {
    struct thread_session *session;
    TAILQ_FOREACH (session, bucket_of(thread, tag), next) {
        if (session->tag == tag && session->server_thread == server_thread)
            break;
    }
    return session;
}

struct thread_session *thread_session_find(struct relay_thread *thread, uint64_t tag) {
    struct thread_session *session = find(thread, tag, thread->index);
    return session && !session->is_disconnected ? session : NULL;
}

static struct thread_session *make(struct relay_thread *thread, const struct carrier_role *role, const char *who,
                                   unsigned resume_ms) {
    size_t size = strlen(who) + 1;
    struct thread_session *session = calloc(1, sizeof *session + size);
    if (!session)
        return NULL;
    session->thread = thread;
    session->tag = role->session;
    session->server_thread = role->server_thread;
    session->datagrams = (struct datagram_memory){.limit = DATAGRAM_MEMORY_SESSION, .whole = &thread->datagram_memory};
    memcpy(session->who, who, size);
    session->mux = make_mux(session, resume_ms);
    if (!session->mux) {
        free(session);
        return NULL;
    }
    TAILQ_INSERT_HEAD(bucket_of(thread, session->tag), session, next);
    return session;
}

struct thread_session *thread_session_get(struct relay_thread *thread, const struct carrier_role *role, const char *who,
                                          unsigned resume_ms) {
    struct thread_session *session = find(thread, role->session, role->server_thread);
    if (session)
        return session->is_disconnected ? NULL : session;
    return make(thread, role, who, resume_ms);
}

const struct service_table *thread_session_services(const struct thread_session *session) {
    return relay_thread_services(session->thread, session->tag);
}

void thread_session_each_of(struct relay_thread *thread, uint64_t tag, thread_session_act act, void *context) {
    struct thread_session *session, *next;
    for (session = TAILQ_FIRST(bucket_of(thread, tag)); session; session = next) {
        next = TAILQ_NEXT(session, next);
        if (session->tag == tag)
            act(session, context);
    }
}

void thread_session_each(struct relay_thread *thread, thread_session_act act, void *context) {
    struct thread_session *session, *next;
    for (unsigned i = 0; i < RELAY_THREAD_SESSION_BUCKETS; i++) {
        for (session = TAILQ_FIRST(&thread->sessions[i]); session; session = next) {
            next = TAILQ_NEXT(session, next);
            act(session, context);
        }
    }
}

void thread_session_end(struct thread_session *session, uint64_t forget_us) {
    mux_free(session->mux);
    session->mux = NULL;
    session->is_disconnected = true;
    session->forget_us = forget_us;
}

void thread_session_free(struct thread_session *session) {
    TAILQ_REMOVE(bucket_of(session->thread, session->tag), session, next);
    mux_free(session->mux);
    free(session);
}

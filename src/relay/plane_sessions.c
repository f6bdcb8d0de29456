/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_sessions: the orders about a session, each to all relay threads, and the end of what threads have of it.
 *
 * Runs on: plane_* on the control thread; the other functions on a relay thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "relay/stream/relay.h"
#include "relay/thread_session.h"

#include <stdlib.h>

/* Times the deadline of a greeting, an agent's for TCP being another: then no link of a session that is over can come.
 */
enum { LATEST_LINK = LINK_ANSWER_DEADLINES + 2 };

struct session_over_event { /* counted: by each thread's order, and by each thread_session that retires */
    struct message message; /* first */
    struct plane *plane;
    uint64_t session;
    atomic_uint references;
};

/* ---- on_session_over ---- */

static void on_over(struct message *message) {
    struct session_over_event *event = (struct session_over_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_session_over)
        plane->options.events->on_session_over(plane->options.context, event->session);
    free(event);
}

static void release(struct session_over_event *event) {
    if (!event || atomic_fetch_sub_explicit(&event->references, 1, memory_order_acq_rel) > 1)
        return;
    event->message.deliver = on_over;
    loop_post(event->plane->options.control, &event->message);
}

/* ---- the end of a thread's part ---- */

static void close_carriers(struct thread_session *session, enum link_close_how how, const char *detail) {
    struct relay_thread *thread = session->thread;
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        struct link *link = thread->slots[slot];
        if (link && link->session == session)
            link_close(link, how, REASON_DONE, detail);
    }
}

static void free_session(struct thread_session *session, void *context) {
    (void)context;
    struct session_over_event *over = session->over;
    thread_session_free(session);
    release(over);
}

static void free_if_unused(struct thread_session *session) {
    struct mux_counts counts;
    mux_count(session->mux, &counts);
    if (counts.streams == 0 && counts.carriers == 0)
        free_session(session, NULL);
}

/*
 * Not before the peer is known to know how each stream ended, if it can still be reached. A data link of it may be on
 * its way: with a part of the session that is made anew an agent would not know which streams it has seen, and report
 * of one whose bytes it has passed on that it never came.
 */
static void end_retiring(struct thread_session *session) {
    struct session_over_event *over = session->over;
    struct mux_counts counts;
    mux_count(session->mux, &counts);
    if (counts.streams > 0 || (counts.outcomes > 0 && counts.carriers > 0))
        return;
    close_carriers(session, LINK_CLOSE_POLITELY, "its session is over");
    session->over = NULL;
    thread_session_end(session, clock_us() + LATEST_LINK * session->thread->options->greeting_ms * 1000ull);
    release(over);
}

struct session_sweep {
    uint64_t now_us;
    uint64_t suspended, waiting; /* of all sessions */
};

static void add_counts(struct session_sweep *sum, const struct mux *mux) {
    struct mux_counts counts;
    mux_count(mux, &counts);
    sum->suspended += counts.suspended;
    sum->waiting += counts.waiting;
}

static void sweep(struct thread_session *session, void *context) {
    struct session_sweep *all = context;
    if (!session->mux) {
        if (all->now_us >= session->forget_us)
            thread_session_free(session);
        return;
    }
    mux_sweep(session->mux, all->now_us);
    if (all->now_us == session->thread->swept_us && (session->in || session->out))
        plane_event_session_bytes(session);
    add_counts(all, session->mux);
    if (session->is_disconnected)
        free_if_unused(session);
    else if (session->over)
        end_retiring(session);
}

void plane_sweep_sessions(struct relay_thread *thread, uint64_t now_us) {
    struct session_sweep all = {.now_us = now_us};
    thread_session_each(thread, sweep, &all);
    counter_set(&thread->counts.suspended, all.suspended);
    counter_set(&thread->counts.waiting_bytes, all.waiting);
    counter_set(&thread->counts.kept_bytes, thread->memory.used);
}

void plane_free_sessions(struct relay_thread *thread) {
    thread_session_each(thread, free_session, NULL);
}

/* ---- plane_disconnect ---- */

static void disconnect(struct thread_session *session, void *context) {
    const struct order_all *order = context;
    if (!session->mux)
        return;
    session->is_disconnected = true;
    relay_end_all(session->thread, session, order->reason, order->detail);
    mux_flush(&session->thread->gather); /* the resets leave before the links close */
    close_carriers(session, LINK_CLOSE_POLITELY, order->detail);
    free_if_unused(session);
}

static void on_disconnect(struct message *message) {
    struct order_all *order = (struct order_all *)message;
    struct relay_thread *thread = order->thread;

    thread_session_each_of(thread, order->tag, disconnect, order);
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        struct link *link = thread->slots[slot];
        if (link && link->is_control && link->was_accepted && link->tag == order->tag)
            link_close(link, LINK_CLOSE_POLITELY, order->reason, order->detail);
    }
    free(order);
}

bool plane_disconnect(struct plane *plane, uint64_t session, enum relay_reason reason, const char *detail) {
    struct order_all *orders = plane_make_all(plane, session, detail);
    bool made = orders;

    for (struct order_all *order = orders; order; order = order->next)
        order->reason = reason;
    plane_send_all(orders, on_disconnect);
    return made;
}

/* ---- plane_retire_session ---- */

static void retire(struct thread_session *session, void *context) {
    struct session_over_event *over = context;
    if (session->over || session->is_disconnected)
        return;
    atomic_fetch_add_explicit(&over->references, 1, memory_order_relaxed);
    session->over = over;
    end_retiring(session);
}

static void on_retire(struct message *message) {
    struct order_all *order = (struct order_all *)message;

    thread_session_each_of(order->thread, order->tag, retire, order->over);
    release(order->over);
    free(order);
}

bool plane_retire_session(struct plane *plane, uint64_t session) {
    struct session_over_event *over = malloc(sizeof *over);
    struct order_all *orders = over ? plane_make_all(plane, session, "") : NULL;

    if (!orders) {
        free(over);
        return plane->is_stopping;
    }
    *over = (struct session_over_event){.plane = plane, .session = session};
    atomic_init(&over->references, plane->count);
    for (struct order_all *order = orders; order; order = order->next)
        order->over = over;
    plane_send_all(orders, on_retire);
    return true;
}

/* ---- plane_recall ---- */

static void on_recall(struct message *message) {
    struct order_all *order = (struct order_all *)message;

    relay_recall(order->thread, order->tag, order->terms);
    service_terms_release(order->terms);
    free(order);
}

void plane_recall(struct plane *plane, uint64_t session, struct service_terms *terms) {
    struct order_all *orders = plane_make_all(plane, session, "");

    for (struct order_all *order = orders; order; order = order->next)
        order->terms = service_terms_hold(terms);
    plane_send_all(orders, on_recall);
}

/* ---- plane_end_relays ---- */

static void on_end_relays(struct message *message) {
    struct order_all *order = (struct order_all *)message;

    relay_end_terms(order->thread, order->tag, order->terms, order->reason, order->detail);
    service_terms_release(order->terms);
    free(order);
}

bool plane_end_relays(struct plane *plane, uint64_t session, struct service_terms *terms, enum relay_reason reason,
                      const char *detail) {
    struct order_all *orders = plane_make_all(plane, session, detail);

    if (!orders)
        return plane->is_stopping;
    for (struct order_all *order = orders; order; order = order->next) {
        order->terms = service_terms_hold(terms);
        order->reason = reason;
    }
    plane_send_all(orders, on_end_relays);
    return true;
}

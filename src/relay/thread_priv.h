/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_priv: one relay thread, as the files of the data plane see it.
 *
 * A thread has a loop, a table of its links (a link_ref names a slot and its generation), the list of its relays, and
 * scratch memory that the running callback uses and leaves empty.
 * Runs on: itself; relay_thread_new, relay_thread_start and relay_thread_free on the control thread.
 */
#ifndef MUNNEL_RELAY_THREAD_PRIV_H
#define MUNNEL_RELAY_THREAD_PRIV_H

#include "lib/event/defer.h"
#include "relay/link/batch.h"
#include "relay/link/bio.h"
#include "relay/link/close_marks.h"
#include "relay/plane.h"

#include <event2/event_struct.h>

struct link;
struct loop_detect;
struct relay;

enum {
    RELAY_THREAD_PLAINTEXT = 256 * 1024,
    RELAY_THREAD_HANDSHAKES_PER_TURN = 4,
    RELAY_THREAD_SWEEP_MS = 500,
    RELAY_THREAD_SWEEPS_PER_ROUND = 4,
    RELAY_THREAD_DEFERRED_US = 25000,
    RELAY_THREAD_HELD_US = 10000,
    RELAY_THREAD_WRITE_RETRY_US = 4000,
    RELAY_THREAD_RECHECK_US = 200000,
    RELAY_THREAD_DELIVERY_US = 200000
};

/*
 * What goes on counts in one of relays, lingering and delivering at each moment: it enters the next before it leaves
 * the last, and plane_count reads them in that order. A program that stops waits until all are 0.
 */
struct plane_counters {
    atomic_uint_fast64_t links, handshakes_done, relays, relays_ended, lingering, delivering, dials;
};

struct relay_thread {
    struct plane *plane;
    const struct plane_options *options;
    struct plane_counters *counters;
    struct loop *loop; /* its own, or the control thread's */
    bool owns_loop, stopping;
    atomic_bool draining; /* set by the control thread, so that it needs no message */
    uint16_t index;

    struct link **slots;
    uint32_t *generations;
    uint8_t *sleeping; /* by slot: its link needs no sweep (it carries a relay, which has its own) */
    uint32_t slot_count, first_free_hint;
    unsigned sweeps;

    struct close_marks close_marks;
    struct defer_queue again;         /* more to read than one turn allows */
    struct defer_queue deferred;      /* links with a deferred_frame, which waits for the next relay's OPEN */
    struct defer_queue rechecks;      /* sockets and links that may have an RST behind the last read */
    struct defer_queue write_retries; /* links that retry a write without waiting for EPOLLOUT */
    struct defer_queue deliveries;    /* links whose last bytes are not acknowledged yet */
    struct defer_queue held;          /* agent: OPENED that waits for the destination's first answer */
    struct link *starting;            /* adopted, handshake not begun; a queue by link->queue_next */
    struct link **starting_end;
    struct link *greeting;   /* adopted, and HELLO is not there yet; a list by link->greeting_next */
    struct link *dead_links; /* freed by `reap`, when no callback is on the stack */
    struct relay *dead_relays;
    struct relay *opening; /* relays before OPENED, doubly linked; swept each time */
    struct relay *relays;  /* all others; swept once in a round */
    struct event sweep, starter, reap;

    struct loop_detect *own_dials;     /* agent, as the next two; of the plane */
    struct session_services *services; /* see plane_services.c */
    struct log_limit loop_lines, busy_lines;
    struct batch batch;
    struct link_bio_scratch bio;
    uint8_t plaintext[RELAY_THREAD_PLAINTEXT];
};

struct relay_thread *relay_thread_new(const struct plane_options *options, struct plane_counters *counters,
                                      uint16_t index,
                                      struct loop *shared); /* shared NULL: a loop and thread of its own */
int relay_thread_start(struct relay_thread *thread);
void relay_thread_end(struct relay_thread *thread);  /* on itself: resets all relays, closes all links */
void relay_thread_free(struct relay_thread *thread); /* its loop has stopped */

struct event_base *relay_thread_base(struct relay_thread *thread);

/* The table of links. */
bool relay_thread_give_slot(struct relay_thread *thread, struct link *link, struct link_ref *ref);
void relay_thread_take_slot(struct relay_thread *thread, struct link_ref ref);
struct link *relay_thread_find(struct relay_thread *thread, struct link_ref ref); /* NULL when gone */

/* plane_services.c: agent: what may be served on the data links of this session; NULL: nothing. */
const struct service_table *relay_thread_services(const struct relay_thread *thread, uint64_t session);
void relay_thread_free_services(struct relay_thread *thread);

void relay_thread_start_later(struct relay_thread *thread, struct link *link);
void relay_thread_await_greeting(struct relay_thread *thread, struct link *link);
void relay_thread_greeted(struct link *link);                             /* or gone */
void relay_thread_forget(struct relay_thread *thread, struct link *link); /* takes it out of every queue */

void relay_thread_free_link_later(struct relay_thread *thread, struct link *link);
void relay_thread_free_relay_later(struct relay_thread *thread, struct relay *relay);

static inline void counter_add(atomic_uint_fast64_t *counter, int step) {
    atomic_fetch_add_explicit(counter, (uint64_t)(int64_t)step, memory_order_release);
}

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * worker_priv: one relay thread, as the files of the data plane see it.
 *
 * A thread has a loop, a table of its links (a link_ref names a slot and its generation), the list of its relays, and
 * scratch memory that whoever runs at the moment uses and leaves empty.
 * Runs on: itself; worker_new, worker_start and worker_free on the control thread.
 */
#ifndef MUNNEL_RELAY_WORKER_PRIV_H
#define MUNNEL_RELAY_WORKER_PRIV_H

#include "proto/open_memory.h"
#include "relay/again.h"
#include "relay/batch.h"
#include "relay/endings.h"
#include "relay/link_bio.h"
#include "relay/relay_msg.h"

#include <event2/event_struct.h>

struct link;
struct own_dials;
struct relay;

enum {
    WORKER_PLAINTEXT = 256 * 1024,
    WORKER_HANDSHAKES_PER_TURN = 4,
    WORKER_SWEEP_MS = 500,
    WORKER_SWEEPS_PER_ROUND = 4,
    WORKER_SOON_US = 25000,
    WORKER_HELD_US = 10000,
    WORKER_PUSH_US = 4000,
    WORKER_DOUBT_US = 200000,
    WORKER_DELIVERY_US = 200000
};

struct plane_counters { /* relaxed: figures for people and tests */
    atomic_uint_fast64_t links, handshakes_done, relays, relays_ended, lingering, delivering, dials;
};

struct worker {
    struct plane *plane;
    const struct plane_options *options;
    struct plane_counters *counters;
    struct loop *loop; /* its own, or the control thread's */
    bool owns_loop, stopping;
    atomic_bool draining; /* set by the control thread, so that it needs no letter */
    uint16_t index;

    struct link **slots;
    uint32_t *generations;
    uint8_t *sleeping; /* by slot: its link needs no sweep (it carries a relay, which has its own) */
    uint32_t slot_count, first_free_hint;
    unsigned sweeps;

    struct endings endings;
    struct again again;      /* more to read than one turn allows */
    struct again soon;       /* a FIN that waits for the next relay's OPEN */
    struct again doubts;     /* a reset may be behind what was read last */
    struct again pushes;     /* links that try to send although no edge has told that there is room */
    struct again deliveries; /* links whose last bytes the peer may not have yet */
    struct again held;       /* agent: OPENED that waits for the destination's first answer */
    struct link *starting;   /* adopted, handshake not begun; a queue by link->queue_next */
    struct link **starting_end;
    struct link *greeting;   /* adopted, and HELLO is not there yet; a list by link->greeting_next */
    struct link *dead_links; /* freed when no callback is on the stack any more */
    struct relay *dead_relays;
    struct relay *opening; /* relays before OPENED, doubly linked; swept each time */
    struct relay *relays;  /* all others; swept once in a round */
    struct event sweep, starter, bury;

    struct open_memory open_memory; /* agent, as the next two */
    struct own_dials *own_dials;    /* of the plane */
    struct log_limit loop_lines;
    struct batch batch;
    struct link_bio_scratch bio;
    uint8_t plaintext[WORKER_PLAINTEXT];
};

struct worker *worker_new(const struct plane_options *options, struct plane_counters *counters, uint16_t index,
                          struct loop *shared); /* shared NULL: a loop and thread of its own */
int worker_start(struct worker *worker);
void worker_end(struct worker *worker);  /* on itself: resets all relays, closes all links */
void worker_free(struct worker *worker); /* its loop has stopped */

struct event_base *worker_base(struct worker *worker);

/* The table of links. */
bool worker_give_slot(struct worker *worker, struct link *link, struct link_ref *ref);
void worker_take_slot(struct worker *worker, struct link_ref ref);
struct link *worker_find(struct worker *worker, struct link_ref ref); /* NULL when gone */

void worker_start_later(struct worker *worker, struct link *link);
void worker_await_greeting(struct worker *worker, struct link *link);
void worker_greeted(struct link *link);                       /* or gone */
void worker_forget(struct worker *worker, struct link *link); /* takes it out of every queue */

void worker_bury_link(struct worker *worker, struct link *link);
void worker_bury_relay(struct worker *worker, struct relay *relay);

static inline void counter_add(atomic_uint_fast64_t *counter, int step) {
    atomic_fetch_add_explicit(counter, (uint64_t)(int64_t)step, memory_order_relaxed);
}

#endif

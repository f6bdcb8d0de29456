/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread: a relay thread's loop, its table of links, its queues and its sweep. See worker_priv.h.
 */
#include "config.h"

#include "relay/worker_priv.h"

#include "lib/clock.h"
#include "relay/link_priv.h"
#include "relay/relay_priv.h"

#include <stdlib.h>
#include <string.h>

struct event_base *worker_base(struct worker *worker) {
    return loop_base(worker->loop);
}

/* ---- the table of links ---- */

static bool grow_slots(struct worker *worker) {
    uint32_t count = worker->slot_count ? 2 * worker->slot_count : 256;
    struct link **slots = realloc(worker->slots, count * sizeof *slots);
    if (slots)
        worker->slots = slots;
    uint32_t *generations = realloc(worker->generations, count * sizeof *generations);
    if (generations)
        worker->generations = generations;
    uint8_t *sleeping = realloc(worker->sleeping, count);
    if (sleeping) {
        worker->sleeping = sleeping;
    }
    if (!slots || !generations || !sleeping || !endings_cover(&worker->endings, count))
        return false;
    for (uint32_t i = worker->slot_count; i < count; i++) {
        slots[i] = NULL;
        generations[i] = 0;
        sleeping[i] = 0;
    }
    worker->slot_count = count;
    return true;
}

bool worker_give_slot(struct worker *worker, struct link *link, struct link_ref *ref) {
    uint32_t slot = worker->first_free_hint;
    while (slot < worker->slot_count && worker->slots[slot])
        slot++;
    if (slot == worker->slot_count && !grow_slots(worker))
        return false;
    worker->slots[slot] = link;
    worker->sleeping[slot] = false;
    worker->first_free_hint = slot + 1;
    if (++worker->generations[slot] == 0) /* 0 means no link */
        worker->generations[slot] = 1;
    *ref = (struct link_ref){slot, worker->generations[slot], worker->index};
    return true;
}

void worker_take_slot(struct worker *worker, struct link_ref ref) {
    worker->slots[ref.slot] = NULL;
    if (ref.slot < worker->first_free_hint)
        worker->first_free_hint = ref.slot;
}

struct link *worker_find(struct worker *worker, struct link_ref ref) {
    bool there = ref.slot < worker->slot_count && worker->generations[ref.slot] == ref.generation;
    return there ? worker->slots[ref.slot] : NULL;
}

/* ---- handshakes, a few a turn ---- */

static void start_next_turn(struct worker *worker) {
    static const struct timeval at_once = {0, 0};
    if (!event_pending(&worker->starter, EV_TIMEOUT, NULL) && event_add(&worker->starter, &at_once))
        event_active(&worker->starter, EV_TIMEOUT, 1); /* which needs no memory: in this turn instead of never */
}

void worker_start_later(struct worker *worker, struct link *link) {
    link->in_starting = true;
    link->queue_next = NULL;
    *worker->starting_end = link;
    worker->starting_end = &link->queue_next;
    start_next_turn(worker);
}

void worker_await_greeting(struct worker *worker, struct link *link) {
    link->greeting_next = worker->greeting;
    link->greeting_at = &worker->greeting;
    if (worker->greeting)
        worker->greeting->greeting_at = &link->greeting_next;
    worker->greeting = link;
}

void worker_greeted(struct link *link) {
    if (!link->greeting_at)
        return;
    *link->greeting_at = link->greeting_next;
    if (link->greeting_next)
        link->greeting_next->greeting_at = link->greeting_at;
    link->greeting_at = NULL;
}

static void forget_start(struct worker *worker, struct link *link) {
    struct link **at = &worker->starting;
    while (*at != link) {
        at = &(*at)->queue_next;
    }
    *at = link->queue_next;
    if (worker->starting_end == &link->queue_next) {
        worker->starting_end = at;
    }
    link->in_starting = false;
}

void worker_forget(struct worker *worker, struct link *link) {
    again_forget(&worker->again, &link->again);
    again_forget(&worker->soon, &link->owed);
    again_forget(&worker->doubts, &link->doubt);
    again_forget(&worker->pushes, &link->push);
    again_forget(&worker->deliveries, &link->delivery);
    if (link->in_starting) {
        forget_start(worker, link);
    }
}

static void on_starter(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct worker *worker = context;
    for (int i = 0; i < WORKER_HANDSHAKES_PER_TURN && worker->starting; i++) {
        struct link *link = worker->starting;
        forget_start(worker, link);
        link_start(link);
    }
    if (worker->starting) {
        start_next_turn(worker);
    }
}

/* ---- the graveyard ---- */

void worker_bury_link(struct worker *worker, struct link *link) {
    link->queue_next = worker->dead_links;
    worker->dead_links = link;
    event_active(&worker->bury, EV_TIMEOUT, 1);
}

void worker_bury_relay(struct worker *worker, struct relay *relay) {
    relay->next = worker->dead_relays;
    worker->dead_relays = relay;
    event_active(&worker->bury, EV_TIMEOUT, 1);
}

static void bury(struct worker *worker) {
    while (worker->dead_links) {
        struct link *link = worker->dead_links;
        worker->dead_links = link->queue_next;
        link_free(link);
    }
    while (worker->dead_relays) {
        struct relay *relay = worker->dead_relays;
        worker->dead_relays = relay->next;
        relay_free(relay);
    }
}

static void on_bury(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    bury(context);
}

/* ---- timers ---- */

static void check_queues(struct worker *worker) {
    struct again *const queues[] = {&worker->again,  &worker->soon, &worker->doubts,
                                    &worker->pushes, &worker->held, &worker->deliveries};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++)
        again_check(queues[i]);
}

static void on_sweep(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct worker *worker = context;
    uint64_t now_us = clock_us();
    check_queues(worker);
    relay_sweep_all(worker, now_us, worker->sweeps++ % WORKER_SWEEPS_PER_ROUND == 0);
    for (uint32_t slot = 0; slot < worker->slot_count; slot++) {
        if (!worker->sleeping[slot] && worker->slots[slot])
            link_sweep(worker->slots[slot], now_us);
    }
}

/* ---- life ---- */

static int add_timers(struct worker *worker) {
    struct event_base *base = worker_base(worker);
    struct timeval period = {WORKER_SWEEP_MS / 1000, WORKER_SWEEP_MS % 1000 * 1000};
    event_assign(&worker->sweep, base, -1, EV_PERSIST, on_sweep, worker);
    event_assign(&worker->starter, base, -1, 0, on_starter, worker);
    again_begin(&worker->again, base, 0);
    again_begin(&worker->soon, base, WORKER_SOON_US);
    again_begin(&worker->doubts, base, WORKER_DOUBT_US);
    again_begin(&worker->pushes, base, WORKER_PUSH_US);
    again_begin(&worker->held, base, WORKER_HELD_US);
    again_begin(&worker->deliveries, base, WORKER_DELIVERY_US);
    event_assign(&worker->bury, base, -1, 0, on_bury, worker);
    return event_add(&worker->sweep, &period);
}

struct worker *worker_new(const struct plane_options *options, struct plane_counters *counters, uint16_t index,
                          struct loop *shared) {
    struct worker *worker = calloc(1, sizeof *worker);
    char name[16];
    if (!worker)
        return NULL;
    snprintf(name, sizeof name, "relay-%u", index);
    worker->options = options;
    worker->counters = counters;
    worker->index = index;
    worker->endings.worker = worker;
    worker->starting_end = &worker->starting;
    worker->owns_loop = shared == NULL;
    worker->loop = shared ? shared : loop_new(name);
    if (!worker->loop || add_timers(worker)) {
        if (worker->loop && worker->owns_loop)
            loop_free(worker->loop);
        free(worker);
        return NULL;
    }
    return worker;
}

int worker_start(struct worker *worker) {
    return worker->owns_loop ? loop_start(worker->loop) : 0;
}

void worker_end(struct worker *worker) {
    worker->stopping = true;
    while (worker->opening)
        relay_stop(worker->opening);
    while (worker->relays)
        relay_stop(worker->relays);
    for (uint32_t slot = 0; slot < worker->slot_count; slot++) {
        if (worker->slots[slot])
            link_close(worker->slots[slot], LINK_CLOSE_AT_ONCE, REASON_STOPPED, "this program was stopped");
    }
    event_del(&worker->sweep);
    event_del(&worker->starter);
    again_end(&worker->again);
    again_end(&worker->soon);
    again_end(&worker->doubts);
    again_end(&worker->held);
    again_end(&worker->pushes);
    again_end(&worker->deliveries);
    if (worker->owns_loop)
        loop_stop(worker->loop);
}

void worker_free(struct worker *worker) {
    event_del(&worker->bury);
    bury(worker);
    open_memory_end(&worker->open_memory);
    if (worker->owns_loop)
        loop_free(worker->loop);
    free(worker->slots);
    free(worker->generations);
    free(worker->sleeping);
    endings_done(&worker->endings);
    free(worker);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread: a relay thread's loop, its table of links, its queues and its sweep. See thread_priv.h.
 */
#include "config.h"

#include "relay/thread_priv.h"

#include "lib/base/clock.h"
#include "lib/net/datagrams.h"
#include "relay/ended_relays.h"
#include "relay/link/link_priv.h"
#include "relay/stream/relay_priv.h"
#include "relay/stream/walk.h"

#include <stdlib.h>
#include <string.h>

struct event_base *relay_thread_base(struct relay_thread *thread) {
    return loop_base(thread->loop);
}

bool relay_thread_reads_datagrams(struct relay_thread *thread) {
    if (!thread->datagrams)
        thread->datagrams = datagram_batch_new();
    return thread->datagrams;
}

/* ---- the table of links ---- */

static bool grow_slots(struct relay_thread *thread) {
    uint32_t count = thread->slot_count ? 2 * thread->slot_count : 256;
    struct link **slots = realloc(thread->slots, count * sizeof *slots);
    if (slots)
        thread->slots = slots;
    uint32_t *generations = realloc(thread->generations, count * sizeof *generations);
    if (generations)
        thread->generations = generations;
    if (!slots || !generations || !close_marks_reserve(&thread->close_marks, count))
        return false;
    for (uint32_t i = thread->slot_count; i < count; i++) {
        slots[i] = NULL;
        generations[i] = 0;
    }
    thread->slot_count = count;
    return true;
}

bool relay_thread_give_slot(struct relay_thread *thread, struct link *link, struct link_ref *ref) {
    uint32_t slot = thread->first_free_hint;
    while (slot < thread->slot_count && thread->slots[slot])
        slot++;
    if (slot == thread->slot_count && !grow_slots(thread))
        return false;
    thread->slots[slot] = link;
    thread->first_free_hint = slot + 1;
    if (++thread->generations[slot] == 0) /* 0 means no link */
        thread->generations[slot] = 1;
    *ref = (struct link_ref){slot, thread->generations[slot], thread->index};
    return true;
}

void relay_thread_take_slot(struct relay_thread *thread, struct link_ref ref) {
    thread->slots[ref.slot] = NULL;
    if (ref.slot < thread->first_free_hint)
        thread->first_free_hint = ref.slot;
}

struct link *relay_thread_find(struct relay_thread *thread, struct link_ref ref) {
    bool there = ref.slot < thread->slot_count && thread->generations[ref.slot] == ref.generation;
    return there ? thread->slots[ref.slot] : NULL;
}

/*
 * ---- handshakes, a few a turn, and a limited number at a time ----
 *
 * When all agents of a server come at once, and the processors have seconds of work with it, a few handshakes that
 * proceed quickly and a queue are better than all of them side by side, which would all miss their deadline.
 */

static void start_next_turn(struct relay_thread *thread) {
    static const struct timeval at_once = {0, 0};
    if (!event_pending(&thread->starter, EV_TIMEOUT, NULL) && event_add(&thread->starter, &at_once))
        event_active(&thread->starter, EV_TIMEOUT, 1); /* cannot fail: runs in this turn, without memory for a timer */
}

static void count_no_more(struct relay_thread *thread, struct link *link) {
    TAILQ_REMOVE(&thread->handshaking, link, handshaking);
    link->is_handshaking = false;
    thread->handshaking_count--;
}

static bool may_start(struct relay_thread *thread, uint64_t now_us) {
    struct link *oldest;
    while ((oldest = TAILQ_FIRST(&thread->handshaking)) && now_us - oldest->begun_us >= RELAY_THREAD_HANDSHAKE_US)
        count_no_more(thread, oldest);
    return thread->starting && thread->handshaking_count < RELAY_THREAD_HANDSHAKES_MAX;
}

static void start_if_room(struct relay_thread *thread) {
    if (may_start(thread, clock_us()))
        start_next_turn(thread);
}

void relay_thread_start_later(struct relay_thread *thread, struct link *link) {
    link->in_starting = true;
    link->queue_next = NULL;
    *thread->starting_end = link;
    thread->starting_end = &link->queue_next;
    start_if_room(thread);
}

void relay_thread_await_greeting(struct relay_thread *thread, struct link *link) {
    link->greeting_next = thread->greeting;
    link->greeting_at = &thread->greeting;
    if (thread->greeting)
        thread->greeting->greeting_at = &link->greeting_next;
    thread->greeting = link;
}

void relay_thread_greeted(struct link *link) {
    if (link->is_handshaking) {
        count_no_more(link->thread, link);
        start_if_room(link->thread);
    }
    if (!link->greeting_at)
        return;
    *link->greeting_at = link->greeting_next;
    if (link->greeting_next)
        link->greeting_next->greeting_at = link->greeting_at;
    link->greeting_at = NULL;
}

static void forget_start(struct relay_thread *thread, struct link *link) {
    struct link **at = &thread->starting;
    while (*at != link)
        at = &(*at)->queue_next;
    *at = link->queue_next;
    if (thread->starting_end == &link->queue_next)
        thread->starting_end = at;
    link->in_starting = false;
}

void relay_thread_forget(struct relay_thread *thread, struct link *link) {
    defer_cancel(&thread->again, &link->again);
    defer_cancel(&thread->rechecks, &link->recheck);
    defer_cancel(&thread->write_retries, &link->write_retry);
    if (link->in_starting)
        forget_start(thread, link);
}

static void start_one(struct relay_thread *thread, uint64_t now_us) {
    struct link *link = thread->starting;
    forget_start(thread, link);
    TAILQ_INSERT_TAIL(&thread->handshaking, link, handshaking);
    link->is_handshaking = true;
    thread->handshaking_count++;
    link->deadline_us += now_us - link->begun_us;
    link->begun_us = now_us;
    thread->ops->start_link(link);
}

static void on_starter(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct relay_thread *thread = context;
    uint64_t now_us = clock_us();
    for (int i = 0; i < RELAY_THREAD_HANDSHAKES_PER_TURN && may_start(thread, now_us); i++)
        start_one(thread, now_us);
    start_if_room(thread); /* else the end of one that is under way continues, or the sweep */
}

/* ---- deferred free ---- */

void relay_thread_free_link_later(struct relay_thread *thread, struct link *link) {
    link->queue_next = thread->dead_links;
    thread->dead_links = link;
    event_active(&thread->reap, EV_TIMEOUT, 1);
}

void relay_thread_free_relay_later(struct relay_thread *thread, struct relay *relay) {
    relay->next = thread->dead_relays;
    thread->dead_relays = relay;
    event_active(&thread->reap, EV_TIMEOUT, 1);
}

static void reap(struct relay_thread *thread) {
    while (thread->dead_links) {
        struct link *link = thread->dead_links;
        thread->dead_links = link->queue_next;
        thread->ops->free_link(link);
    }
    while (thread->dead_relays) {
        struct relay *relay = thread->dead_relays;
        thread->dead_relays = relay->next;
        thread->ops->free_relay(relay);
    }
}

static void on_reap(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    reap(context);
}

/* ---- timers ---- */

static void check_queues(struct relay_thread *thread) {
    struct defer_queue *const queues[] = {&thread->again, &thread->turns, &thread->ends, &thread->rechecks,
                                          &thread->write_retries};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++)
        defer_check(queues[i]);
}

static void on_sweep(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct relay_thread *thread = context;
    counter_add(&thread->counts.sweeps, 1);
    check_queues(thread);
    start_if_room(thread);
    send_memory_trim(&thread->memory);
    thread->ops->sweep(thread, clock_us());
}

/* ---- life ---- */

static int add_timers(struct relay_thread *thread) {
    struct event_base *base = relay_thread_base(thread);
    struct timeval period = {RELAY_THREAD_SWEEP_MS / 1000, RELAY_THREAD_SWEEP_MS % 1000 * 1000};
    event_assign(&thread->sweep, base, -1, EV_PERSIST, on_sweep, thread);
    relay_walks_init(thread);
    event_assign(&thread->starter, base, -1, 0, on_starter, thread);
    defer_queue_init(&thread->again, base, 0);
    defer_queue_init(&thread->turns, base, 0);
    defer_queue_init(&thread->ends, base, RELAY_THREAD_ENDS_US);
    defer_queue_init(&thread->rechecks, base, RELAY_THREAD_RECHECK_US);
    defer_queue_init(&thread->write_retries, base, RELAY_THREAD_WRITE_RETRY_US);
    event_assign(&thread->reap, base, -1, 0, on_reap, thread);
    if (event_add(&thread->sweep, &period))
        return -1;
    bool is_probed = thread->owns_loop && !thread->options->is_agent; /* it would keep an agent's machine awake */
    return is_probed ? lag_probe_start(&thread->lag_probe, base, &thread->counts.lag) : 0;
}

struct relay_thread *relay_thread_new(const struct plane_options *options, const struct relay_thread_ops *ops,
                                      uint16_t index, struct loop *shared) {
    struct relay_thread *thread = calloc(1, sizeof *thread);
    char name[16];
    if (!thread)
        return NULL;
    snprintf(name, sizeof name, "relay-%u", index);
    thread->options = options;
    thread->ops = ops;
    thread->index = index;
    thread->starting_end = &thread->starting;
    TAILQ_INIT(&thread->handshaking);
    for (unsigned i = 0; i < RELAY_THREAD_SESSION_BUCKETS; i++)
        TAILQ_INIT(&thread->sessions[i]);
    send_memory_init(&thread->memory, SEND_MEMORY_LIMIT);
    thread->datagram_memory.limit = DATAGRAM_MEMORY_LIMIT;
    thread->kept_datagrams.limit = DATAGRAM_KEPT_LIMIT;
    thread->owns_loop = !shared;
    thread->loop = shared ? shared : loop_new(name);
    thread->ended = options->is_agent ? ended_relays_new() : NULL;
    if (!thread->loop || (options->is_agent && !thread->ended) || add_timers(thread)) {
        if (thread->loop && thread->owns_loop)
            loop_free(thread->loop);
        ended_relays_free(thread->ended);
        free(thread);
        return NULL;
    }
    thread->close_marks.thread = thread;
    thread->close_marks.loop = thread->loop;
    thread->close_marks.index = index;
    thread->close_marks.close = ops->close_link;
    return thread;
}

int relay_thread_start(struct relay_thread *thread) {
    return thread->owns_loop ? loop_start(thread->loop) : 0;
}

void relay_thread_end(struct relay_thread *thread) {
    thread->stopping = true;
    relay_walks_end(thread);
    thread->ops->end(thread);
    event_del(&thread->sweep);
    lag_probe_stop(&thread->lag_probe);
    event_del(&thread->starter);
    defer_queue_stop(&thread->again);
    defer_queue_stop(&thread->turns);
    defer_queue_stop(&thread->ends);
    defer_queue_stop(&thread->rechecks);
    defer_queue_stop(&thread->write_retries);
    if (thread->owns_loop)
        loop_stop(thread->loop);
}

void relay_thread_free(struct relay_thread *thread) {
    event_del(&thread->reap);
    reap(thread);
    send_memory_clear(&thread->memory);
    datagram_batch_free(thread->datagrams);
    relay_thread_free_services(thread);
    ended_relays_free(thread->ended);
    if (thread->owns_loop)
        loop_free(thread->loop);
    free(thread->slots);
    free(thread->generations);
    close_marks_free(&thread->close_marks);
    free(thread);
}

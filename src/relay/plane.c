/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane: the data plane's life. Its orders are in plane_orders.c, plane_all.c and plane_sessions.c.
 *
 * Runs on: plane_* on the control thread; what the threads call, on a relay thread.
 * Owns: the threads. See plane.h.
 */
#include "config.h"

#include "relay/plane_priv.h"
#include "relay/relay_open.h"

#include "lib/os/processor_count.h"
#include "relay/datagram/udp_port.h"
#include "relay/health/checks.h"
#include "relay/link/link_priv.h"
#include "relay/stream/loop_detect.h"
#include "relay/stream/relay.h"
#include "relay/stream/tls_accept.h"
#include "relay/thread_session.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the threads call ---- */

static void close_link(struct relay_thread *thread, struct link_ref ref) {
    struct link *link = relay_thread_find(thread, ref);
    if (link)
        link_close(link, LINK_CLOSE_POLITELY, REASON_STOPPED, "closed (out of memory for the detail)");
}

enum { SWEEPS_PER_ROUND = 4 };

static void sweep(struct relay_thread *thread, uint64_t now_us) {
    relay_sweep_all(thread, now_us, thread->sweeps++ % SWEEPS_PER_ROUND == 0);
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        if (thread->slots[slot])
            link_sweep(thread->slots[slot], now_us);
    }
    plane_sweep_sessions(thread, now_us);
    tls_accept_sweep(thread, now_us);
    udp_ports_sweep(thread, now_us);
}

static void end(struct relay_thread *thread) {
    tls_accept_end_all(thread);
    relay_end_all(thread, NULL, REASON_STOPPED, "this program was stopped");
    udp_ports_close(thread);
    mux_flush(&thread->gather); /* the resets leave before the links close */
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        if (thread->slots[slot])
            link_close(thread->slots[slot], LINK_CLOSE_POLITELY, REASON_STOPPED, "this program was stopped");
    }
    plane_free_sessions(thread);
    checks_end(thread);
}

static void on_want_carriers(struct thread_session *session, bool is_exclusive, unsigned count) {
    struct carrier_role role = {session->tag, session->server_thread, is_exclusive};
    plane_event_want_carriers(session->thread, &role, count);
}

static const struct relay_thread_ops thread_ops = {.start_link = link_start,
                                                   .close_link = close_link,
                                                   .free_link = link_free,
                                                   .free_relay = relay_free,
                                                   .sweep = sweep,
                                                   .end = end,
                                                   .on_open = relay_open,
                                                   .on_want_carriers = on_want_carriers,
                                                   .on_services = checks_set};

/* ---- life ---- */

/* One for two cores: the kernel's part of the work, and the programs at both ends, want the other (tests/bench). */
unsigned plane_threads(unsigned wanted) {
    unsigned cores = processor_count();
    unsigned count = wanted ? wanted : (cores > 2 ? cores / 2 : 1);
    return count < PLANE_THREADS_MAX ? count : PLANE_THREADS_MAX;
}

static int make_threads(struct plane *plane) {
    bool shared = plane->count == 1;
    for (unsigned i = 0; i < plane->count; i++) {
        plane->threads[i] =
            relay_thread_new(&plane->options, &thread_ops, (uint16_t)i, shared ? plane->options.control : NULL);
        if (!plane->threads[i])
            return -1;
        tls_accepts_init(plane->threads[i]);
        plane->threads[i]->plane = plane;
        plane->threads[i]->own_dials = plane->own_dials;
        plane->threads[i]->udp_sessions = &plane->udp_sessions;
    }
    for (unsigned i = 0; i < plane->count; i++) {
        if (relay_thread_start(plane->threads[i]))
            return -1;
    }
    return 0;
}

struct plane *plane_new(const struct plane_options *options, struct error *error) {
    struct plane *plane = calloc(1, sizeof *plane);
    if (!plane) {
        error_set(error, "out of memory");
        return NULL;
    }
    plane->options = *options;
    plane->count = plane_threads(options->threads);
    snprintf(plane->instance, sizeof plane->instance, "%s", options->instance);
    plane->options.instance = plane->instance;
    plane->udp_sessions.most = options->udp_sessions_most;
    plane->own_dials = options->is_agent ? loop_detect_new() : NULL;
    if ((options->is_agent && !plane->own_dials) || make_threads(plane)) {
        error_set(error, "cannot start %u relay threads: out of memory, descriptors or threads", plane->count);
        plane_free(plane);
        return NULL;
    }
    return plane;
}

struct stop_order {
    struct message message; /* first */
    struct relay_thread *thread;
};

static void on_stop(struct message *message) {
    struct stop_order *order = (struct stop_order *)message;
    relay_thread_end(order->thread);
    free(order);
}

static void stop_thread(struct relay_thread *thread) {
    struct stop_order *order = thread->owns_loop ? malloc(sizeof *order) : NULL;
    if (order) {
        *order = (struct stop_order){{.deliver = on_stop}, thread};
        loop_post(thread->loop, &order->message);
    } else if (thread->owns_loop) { /* no memory for the order: end the loop without closing the links in order */
        loop_stop(thread->loop);
    } else {
        relay_thread_end(thread);
    }
}

/* Delivers the messages still queued in both directions, while both sides exist. */
static void settle(struct plane *plane) {
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++) {
        if (plane->threads[i]->owns_loop)
            loop_settle(plane->threads[i]->loop);
    }
    for (int turns = 0; turns < 3; turns++)
        event_base_loop(loop_base(plane->options.control), EVLOOP_NONBLOCK);
    loop_settle(plane->options.control);
}

void plane_free(struct plane *plane) {
    plane->is_stopping = true;
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++)
        stop_thread(plane->threads[i]);
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++) {
        if (plane->threads[i]->owns_loop)
            loop_join(plane->threads[i]->loop);
    }
    settle(plane);
    plane->silent = true;
    plane_free_ports(plane);
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++) {
        checks_end(plane->threads[i]); /* one that had no memory to end */
        relay_thread_free(plane->threads[i]);
    }
    loop_detect_free(plane->own_dials);
    free(plane);
}

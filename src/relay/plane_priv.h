/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_priv: the data plane as a whole, for plane.c (life, and orders to the threads) and events.c (the
 * threads' events).
 */
#ifndef MUNNEL_RELAY_PLANE_PRIV_H
#define MUNNEL_RELAY_PLANE_PRIV_H

#include "relay/thread_priv.h"

struct plane {
    struct plane_options options;
    char instance[PROTO_INSTANCE_HEX];
    struct plane_counters counters;
    unsigned count, next;
    struct relay_thread *threads[PLANE_THREADS_MAX];
    struct loop_detect *own_dials; /* agent */
    atomic_uint unanswered;        /* liveness probes the threads have not answered */
    bool is_stopping;              /* being freed: orders are dropped */
    bool silent;                   /* ... and callbacks are over */
};

#endif

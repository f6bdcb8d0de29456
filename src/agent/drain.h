/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * drain: the ordered end of an agent, so that no client is lost by it.
 * Runs on: the control thread. Owns: its timer.
 */
#ifndef MUNNEL_AGENT_DRAIN_H
#define MUNNEL_AGENT_DRAIN_H

#include "agent/upstream/upstream.h"

struct drain;

struct drain_parts { /* copied; what it points to must live as long */
    struct loop *loop;
    struct log *log;
    struct plane *plane;
    const char *who;
    struct upstream *const *upstreams;
    size_t upstream_count;
    unsigned drained_ms, finish_ms, bye_ms, poll_ms;
    void (*on_over)(void *context); /* once */
    void *context;
};

struct drain *drain_new(const struct drain_parts *parts); /* begins: sends `drain`; NULL when out of memory */
void drain_free(struct drain *drain);
void drain_advance(struct drain *drain); /* something changed: goes on as far as it can */

#endif

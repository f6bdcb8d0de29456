/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * throttle: holds a relay back that has limits of bandwidth: of its service, of its client's address, of its agent.
 *
 * A direction asks before it moves bytes, reserves a slice of all its limits, and is held until the time of its place
 * in the last of them; then it is called. So relays that share a limit take turns, whichever threads they are on, a
 * timer runs once for each slice, and nothing is polled. A relay without a limit has no throttle. Runs on: its relay's
 * thread. Owns: a reference of each limit, its timers.
 */
#ifndef MUNNEL_RELAY_STREAM_THROTTLE_H
#define MUNNEL_RELAY_STREAM_THROTTLE_H

#include "relay/bandwidth.h"
#include "relay/service_counts.h"

#include <event2/event.h>

struct throttle;

struct throttle_options {
    struct event_base *base;
    struct bandwidth *const *limits; /* BANDWIDTH_SCOPE_COUNT, any of them NULL; references are taken */
    struct throttled *counts;
    void (*on_due)(void *context, enum bandwidth_way way); /* one that was held may go on */
    void *context;
};

/* NULL: none of them limits anything, or (*lacks_memory) out of memory. */
struct throttle *throttle_new(const struct throttle_options *options, bool *lacks_memory);
void throttle_free(struct throttle *throttle); /* gives back what was not used; NULL is fine */

/* How many bytes may pass now, of at most `wanted`. 0: it is held, on_due follows. */
size_t throttle_take(struct throttle *throttle, enum bandwidth_way way, size_t wanted);
/* Of the bytes that were taken so many have moved; the others are given back, and as many are expected the next time.
 */
void throttle_moved(struct throttle *throttle, enum bandwidth_way way, size_t taken, size_t moved);
bool throttle_limits(const struct throttle *throttle, enum bandwidth_way way); /* NULL: it does not */
bool throttle_is_holding(const struct throttle *throttle);                     /* any direction; NULL: it is not */
/* The limit that holds this direction; BANDWIDTH_SCOPE_COUNT: none. NULL is fine. */
enum bandwidth_scope throttle_holder(const struct throttle *throttle, enum bandwidth_way way);

#endif

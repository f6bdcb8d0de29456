/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * throttle: see throttle.h.
 */
#include "config.h"

#include "relay/stream/throttle.h"

#include "lib/base/clock.h"

#include <event2/event_struct.h>
#include <stdlib.h>

enum {
    LOOK_US = 1000000, /* one that waits for long looks so often whether its limits have changed */
    EXPECTED_LEAST = TOKEN_BUCKET_SLICE_LEAST,
    EXPECTED_FIRST = 4 * EXPECTED_LEAST
};

struct throttle_way {
    struct throttle *throttle;
    struct event timer;
    size_t reserved; /* may pass from due_us on; 0: nothing is */
    size_t expected; /* to move at a time: a place for much more would keep others waiting */
    bool is_held;
    uint8_t holder; /* the limit by which it waits longest */
    uint64_t due_us, since_us;
    unsigned changes[BANDWIDTH_SCOPE_COUNT]; /* of the limits, when it was reserved */
};

struct throttle {
    struct throttle_options options;
    struct bandwidth *limits[BANDWIDTH_SCOPE_COUNT];
    struct throttle_way ways[BANDWIDTH_WAYS];
};

static enum bandwidth_way which(const struct throttle_way *way) {
    return way == &way->throttle->ways[BANDWIDTH_IN] ? BANDWIDTH_IN : BANDWIDTH_OUT;
}

/* NULL: it has none there. */
static struct token_bucket *bucket_of(const struct throttle_way *way, unsigned scope) {
    struct bandwidth *limit = way->throttle->limits[scope];
    return limit ? &limit->ways[which(way)] : NULL;
}

/* ---- places ---- */

static size_t slice_of(const struct throttle_way *way, size_t wanted, uint64_t now_us) {
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++) {
        const struct token_bucket *bucket = bucket_of(way, scope);
        size_t slice = bucket ? token_bucket_slice(bucket, now_us) : SIZE_MAX;
        wanted = slice < wanted ? slice : wanted;
    }
    return wanted;
}

static void reserve(struct throttle_way *way, size_t wanted, uint64_t now_us) {
    way->reserved = slice_of(way, wanted, now_us);
    way->due_us = now_us;
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++) {
        struct token_bucket *bucket = bucket_of(way, scope);
        if (!bucket)
            continue;
        way->changes[scope] = token_bucket_changes(bucket);
        uint64_t due_us = token_bucket_reserve(bucket, way->reserved, now_us);
        if (due_us <= way->due_us)
            continue;
        way->due_us = due_us;
        way->holder = (uint8_t)scope;
    }
}

/* A limit that has changed since has forgotten it. */
static void give_back(struct throttle_way *way, size_t bytes) {
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++) {
        struct token_bucket *bucket = bucket_of(way, scope);
        if (bucket && way->changes[scope] == token_bucket_changes(bucket))
            token_bucket_give_back(bucket, bytes);
    }
}

static bool has_changed(const struct throttle_way *way) {
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++) {
        const struct token_bucket *bucket = bucket_of(way, scope);
        if (bucket && way->changes[scope] != token_bucket_changes(bucket))
            return true;
    }
    return false;
}

/* ---- waiting ---- */

static void wait_on(struct throttle_way *way, uint64_t now_us) {
    uint64_t left_us = way->due_us - now_us;
    struct timeval timeout = clock_timeval(left_us < LOOK_US ? left_us : LOOK_US);
    if (event_add(&way->timer, &timeout))
        event_active(&way->timer, EV_TIMEOUT, 1); /* no memory for a timer: it looks again in the next turn */
}

/* What is held is counted for the limit that holds it longest. */
static void count_held(struct throttle_way *way, uint64_t now_us) {
    counter_add(&way->throttle->options.counts->us[way->holder][which(way)], now_us - way->since_us);
    way->since_us = now_us;
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct throttle_way *way = context;
    const struct throttle_options *options = &way->throttle->options;
    uint64_t now_us = clock_us();
    count_held(way, now_us);
    if (has_changed(way)) {
        give_back(way, way->reserved);
        reserve(way, way->reserved, now_us);
    }
    if (now_us < way->due_us) {
        wait_on(way, now_us);
        return;
    }
    way->is_held = false;
    options->on_due(options->context, which(way));
}

/* Slice by slice, since one place for all of them might have to wait for long. The first that would have to wait is
 * kept if nothing else may pass. */
static size_t take(struct throttle_way *way, size_t wanted, uint64_t now_us) {
    size_t taken = 0;
    while (taken < wanted) {
        if (way->reserved == 0)
            reserve(way, wanted - taken, now_us);
        if (now_us < way->due_us)
            break;
        taken += way->reserved;
        way->reserved = 0;
    }
    if (taken > 0 && way->reserved > 0) {
        give_back(way, way->reserved);
        way->reserved = 0;
    }
    return taken;
}

size_t throttle_take(struct throttle *throttle, enum bandwidth_way direction, size_t wanted) {
    struct throttle_way *way = &throttle->ways[direction];
    if (way->is_held)
        return 0;
    uint64_t now_us = clock_us();
    size_t taken = take(way, direction == BANDWIDTH_IN && way->expected < wanted ? way->expected : wanted, now_us);
    if (taken == 0) {
        way->is_held = true;
        way->since_us = now_us;
        wait_on(way, now_us);
    }
    return taken;
}

void throttle_moved(struct throttle *throttle, enum bandwidth_way direction, size_t taken, size_t moved) {
    struct throttle_way *way = &throttle->ways[direction];
    if (moved < taken)
        give_back(way, taken - moved);
    if (moved == 0)
        return;
    way->expected = 2 * moved > EXPECTED_LEAST ? 2 * moved : EXPECTED_LEAST;
}

bool throttle_limits(const struct throttle *throttle, enum bandwidth_way direction) {
    for (unsigned scope = 0; throttle && scope < BANDWIDTH_SCOPE_COUNT; scope++) {
        const struct token_bucket *bucket = bucket_of(&throttle->ways[direction], scope);
        if (bucket && token_bucket_rate(bucket) > 0)
            return true;
    }
    return false;
}

bool throttle_is_holding(const struct throttle *throttle) {
    return throttle && (throttle->ways[BANDWIDTH_IN].is_held || throttle->ways[BANDWIDTH_OUT].is_held);
}

enum bandwidth_scope throttle_holder(const struct throttle *throttle, enum bandwidth_way way) {
    bool is_held = throttle && throttle->ways[way].is_held;
    return is_held ? (enum bandwidth_scope)throttle->ways[way].holder : BANDWIDTH_SCOPE_COUNT;
}

/* ---- life ---- */

static bool is_limited(struct bandwidth *const *limits) {
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++)
        if (bandwidth_is_limited(limits[scope]))
            return true;
    return false;
}

struct throttle *throttle_new(const struct throttle_options *options, bool *lacks_memory) {
    *lacks_memory = false;
    if (!is_limited(options->limits))
        return NULL;
    struct throttle *throttle = calloc(1, sizeof *throttle);
    *lacks_memory = !throttle;
    if (!throttle)
        return NULL;
    throttle->options = *options;
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++)
        throttle->limits[scope] = bandwidth_hold(options->limits[scope]);
    for (unsigned i = 0; i < BANDWIDTH_WAYS; i++) {
        throttle->ways[i].throttle = throttle;
        throttle->ways[i].expected = EXPECTED_FIRST;
        event_assign(&throttle->ways[i].timer, options->base, -1, 0, on_timer, &throttle->ways[i]);
    }
    return throttle;
}

static void end_way(struct throttle_way *way) {
    event_del(&way->timer);
    if (way->is_held)
        count_held(way, clock_us());
    if (way->reserved > 0)
        give_back(way, way->reserved);
}

void throttle_free(struct throttle *throttle) {
    if (!throttle)
        return;
    for (unsigned i = 0; i < BANDWIDTH_WAYS; i++)
        end_way(&throttle->ways[i]);
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++)
        bandwidth_release(throttle->limits[scope]);
    free(throttle);
}

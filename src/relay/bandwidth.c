/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bandwidth: see bandwidth.h.
 */
#include "config.h"

#include "relay/bandwidth.h"

#include <stdlib.h>

const char *bandwidth_scope_label(enum bandwidth_scope scope) {
    static const char *const labels[BANDWIDTH_SCOPE_COUNT] = {
#define BANDWIDTH_SCOPE_LABEL(name, label) label,
        BANDWIDTH_SCOPES(BANDWIDTH_SCOPE_LABEL)
#undef BANDWIDTH_SCOPE_LABEL
    };
    return labels[scope];
}

const char *bandwidth_way_label(enum bandwidth_way way) {
    return way == BANDWIDTH_IN ? "in" : "out";
}

struct bandwidth *bandwidth_new(const struct bandwidth_limits *limits) {
    struct bandwidth *bandwidth = calloc(1, sizeof *bandwidth);
    if (!bandwidth)
        return NULL;
    atomic_init(&bandwidth->references, 1);
    bandwidth_set(bandwidth, limits);
    return bandwidth;
}

struct bandwidth *bandwidth_hold(struct bandwidth *bandwidth) {
    if (bandwidth)
        atomic_fetch_add_explicit(&bandwidth->references, 1, memory_order_relaxed);
    return bandwidth;
}

void bandwidth_release(struct bandwidth *bandwidth) {
    if (bandwidth && atomic_fetch_sub_explicit(&bandwidth->references, 1, memory_order_acq_rel) == 1)
        free(bandwidth);
}

static unsigned half_of(unsigned rate) {
    return rate / 2 + rate % 2;
}

void bandwidth_set(struct bandwidth *bandwidth, const struct bandwidth_limits *limits) {
    token_bucket_set(&bandwidth->ways[BANDWIDTH_IN], limits->in, limits->burst);
    token_bucket_set(&bandwidth->ways[BANDWIDTH_OUT], limits->out, limits->burst);
    token_bucket_set(&bandwidth->datagrams[BANDWIDTH_IN], half_of(limits->in), limits->burst);
    token_bucket_set(&bandwidth->datagrams[BANDWIDTH_OUT], half_of(limits->out), limits->burst);
}

bool bandwidth_take_datagram(struct bandwidth *bandwidth, enum bandwidth_way way, bool is_shared, size_t length,
                             uint64_t now_us) {
    struct token_bucket *common = &bandwidth->ways[way], *own = &bandwidth->datagrams[way];
    if (token_bucket_rate(common) == 0 || token_bucket_reserve(common, length, now_us) <= now_us)
        return true;
    if (is_shared) {
        if (token_bucket_reserve(own, length, now_us) <= now_us)
            return true;
        token_bucket_give_back(own, length);
    }
    token_bucket_give_back(common, length);
    return false;
}

void bandwidth_give_back(struct bandwidth *bandwidth, enum bandwidth_way way, size_t length) {
    token_bucket_give_back(&bandwidth->ways[way], length);
}

bool bandwidth_is_unused(const struct bandwidth *bandwidth, uint64_t now_us) {
    return !bandwidth || (token_bucket_is_full(&bandwidth->ways[BANDWIDTH_IN], now_us) &&
                          token_bucket_is_full(&bandwidth->ways[BANDWIDTH_OUT], now_us));
}

bool bandwidth_is_limited(const struct bandwidth *bandwidth) {
    return bandwidth && (token_bucket_rate(&bandwidth->ways[BANDWIDTH_IN]) > 0 ||
                         token_bucket_rate(&bandwidth->ways[BANDWIDTH_OUT]) > 0);
}

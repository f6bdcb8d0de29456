/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * token_bucket: see token_bucket.h.
 */
#include "config.h"

#include "lib/base/token_bucket.h"

enum { MICROSECOND_NS = 1000, WAITING_NS = 20000000 /* of others, beyond the burst */ };

static const uint64_t second_ns = 1000000000;

static uint64_t load(const atomic_uint_fast64_t *from) {
    return atomic_load_explicit(from, memory_order_relaxed);
}

static void store(atomic_uint_fast64_t *to, uint64_t value) {
    atomic_store_explicit(to, value, memory_order_relaxed);
}

/* For less than 4 GiB, which at 1 byte a second is 136 years. */
static uint64_t time_of(uint64_t bytes, uint64_t rate) {
    return bytes * second_ns / rate;
}

static size_t slice_of(uint64_t rate) {
    uint64_t slice = rate / TOKEN_BUCKET_SLICES;
    if (slice < TOKEN_BUCKET_SLICE_LEAST)
        return TOKEN_BUCKET_SLICE_LEAST;
    return slice < TOKEN_BUCKET_SLICE_MOST ? (size_t)slice : TOKEN_BUCKET_SLICE_MOST;
}

/* Two slices at least: with one, what a timer is late by would be lost. */
static uint64_t burst_of(uint64_t rate, uint64_t burst) {
    uint64_t chosen = burst > 0 ? burst : rate / TOKEN_BUCKET_BURSTS, least = 2 * (uint64_t)slice_of(rate);
    return chosen > least ? chosen : least;
}

void token_bucket_set(struct token_bucket *bucket, uint64_t rate, uint64_t burst) {
    if (rate == load(&bucket->rate) && burst_of(rate, burst) == load(&bucket->burst))
        return;
    store(&bucket->burst, burst_of(rate, burst));
    store(&bucket->rate, rate);
    atomic_fetch_add_explicit(&bucket->changes, 1, memory_order_relaxed);
    store(&bucket->full_ns, 0);
}

size_t token_bucket_slice(const struct token_bucket *bucket, uint64_t now_us) {
    uint64_t rate = load(&bucket->rate), full_ns = load(&bucket->full_ns);
    if (rate == 0)
        return SIZE_MAX;
    size_t slice = slice_of(rate);
    uint64_t waiting_ns = now_us * MICROSECOND_NS + time_of(load(&bucket->burst), rate);
    if (full_ns <= waiting_ns || slice <= TOKEN_BUCKET_SLICE_SHARED)
        return slice;
    slice /= 1 + (full_ns - waiting_ns) / WAITING_NS;
    return slice > TOKEN_BUCKET_SLICE_SHARED ? slice : TOKEN_BUCKET_SLICE_SHARED;
}

/* Returns where the place begins. */
static uint64_t add(struct token_bucket *bucket, uint64_t now_ns, uint64_t length_ns) {
    uint64_t full_ns = load(&bucket->full_ns), start_ns;
    do
        start_ns = full_ns > now_ns ? full_ns : now_ns;
    while (!atomic_compare_exchange_weak_explicit(&bucket->full_ns, &full_ns, start_ns + length_ns,
                                                  memory_order_relaxed, memory_order_relaxed));
    return start_ns;
}

static void take_away(struct token_bucket *bucket, uint64_t length_ns) {
    uint64_t full_ns = load(&bucket->full_ns);
    while (!atomic_compare_exchange_weak_explicit(&bucket->full_ns, &full_ns,
                                                  full_ns > length_ns ? full_ns - length_ns : 0, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
}

uint64_t token_bucket_reserve(struct token_bucket *bucket, size_t bytes, uint64_t now_us) {
    uint64_t now_ns = now_us * MICROSECOND_NS, rate, start_ns;
    while ((rate = load(&bucket->rate)) > 0) {
        start_ns = add(bucket, now_ns, time_of(bytes, rate));
        if (load(&bucket->rate) == rate)
            break;
        take_away(bucket, time_of(bytes, rate)); /* at another rate it would be another time, perhaps years */
    }
    if (rate == 0)
        return now_us;
    uint64_t burst = load(&bucket->burst), at_once_ns = burst > bytes ? time_of(burst - bytes, rate) : 0;
    uint64_t ahead_ns = start_ns - now_ns;
    return ahead_ns > at_once_ns ? now_us + (ahead_ns - at_once_ns + MICROSECOND_NS - 1) / MICROSECOND_NS : now_us;
}

void token_bucket_give_back(struct token_bucket *bucket, size_t bytes) {
    uint64_t rate = load(&bucket->rate);
    if (rate > 0)
        take_away(bucket, time_of(bytes, rate));
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * history: see history.h. A value's place in a ring is its second, or its minute, modulo the ring's length.
 */
#include "config.h"

#include "server/history.h"

#include <stdlib.h>
#include <string.h>

enum { SECONDS_A_MINUTE = 60 };
enum how { SUM, MOST };

#define NOTHING UINT32_MAX /* there is no value of that time */

struct history {
    unsigned series;
    uint64_t first, second;      /* of the first and the newest value; second 0: there is none */
    uint32_t *seconds, *minutes; /* of one series behind the other */
};

static enum how how_of(unsigned series) {
    static const enum how hows[] = {
#define HISTORY_HOW(name, how) how,
        HISTORY_SERIES_OF(HISTORY_HOW)
#undef HISTORY_HOW
    };
    return hows[series];
}

struct history *history_new(unsigned series) {
    struct history *history = calloc(1, sizeof *history);
    size_t count = (size_t)series * (HISTORY_SECONDS + HISTORY_MINUTES);

    if (!history)
        return NULL;
    history->series = series;
    history->seconds = malloc(count * sizeof *history->seconds);
    if (!history->seconds) {
        free(history);
        return NULL;
    }
    history->minutes = history->seconds + (size_t)series * HISTORY_SECONDS;
    memset(history->seconds, UINT8_MAX, count * sizeof *history->seconds);
    return history;
}

void history_free(struct history *history) {
    if (!history)
        return;
    free(history->seconds);
    free(history);
}

static uint32_t *second_at(const struct history *history, unsigned series, uint64_t second) {
    return &history->seconds[(size_t)series * HISTORY_SECONDS + second % HISTORY_SECONDS];
}

static uint32_t *minute_at(const struct history *history, unsigned series, uint64_t minute) {
    return &history->minutes[(size_t)series * HISTORY_MINUTES + minute % HISTORY_MINUTES];
}

/* ---- what comes in ---- */

static void clear_seconds(struct history *history, uint64_t from, uint64_t until) {
    for (uint64_t second = until - from > HISTORY_SECONDS ? until - HISTORY_SECONDS : from; second < until; second++)
        for (unsigned i = 0; i < history->series; i++)
            *second_at(history, i, second) = NOTHING;
}

static void clear_minutes(struct history *history, uint64_t from, uint64_t until) {
    for (uint64_t minute = until - from > HISTORY_MINUTES ? until - HISTORY_MINUTES : from; minute < until; minute++)
        for (unsigned i = 0; i < history->series; i++)
            *minute_at(history, i, minute) = NOTHING;
}

/* What is older than the rings are long lies where the new values belong. */
static void go_on_to(struct history *history, uint64_t second) {
    uint64_t last = history->second;

    if (last == 0) {
        history->first = second;
    } else {
        clear_seconds(history, last + 1, second + 1);
        clear_minutes(history, last / SECONDS_A_MINUTE + 1, second / SECONDS_A_MINUTE + 1);
    }
    history->second = second;
}

static uint32_t add(uint32_t old, uint32_t value, enum how how) {
    if (old == NOTHING)
        return value;
    if (how == MOST)
        return old > value ? old : value;
    return NOTHING - 1 - old > value ? old + value : NOTHING - 1;
}

void history_add(struct history *history, uint64_t second, const uint64_t *values) {
    if (second == 0 || second <= history->second)
        return;
    go_on_to(history, second);
    for (unsigned i = 0; i < history->series; i++) {
        uint32_t value = values[i] < NOTHING ? (uint32_t)values[i] : NOTHING - 1;
        uint32_t *minute = minute_at(history, i, second / SECONDS_A_MINUTE);
        *second_at(history, i, second) = value;
        *minute = add(*minute, value, how_of(i));
    }
}

/* ---- what is asked for ---- */

static int64_t value_of(const uint32_t *place) {
    return *place == NOTHING ? HISTORY_GAP : (int64_t)*place;
}

typedef uint32_t *place_at(const struct history *history, unsigned series, uint64_t time);

/* The last `count` of a ring whose newest value is of the time `last`; before `first` there are none. */
static void read_ring(const struct history *history, enum history_series series, place_at *at, uint64_t first,
                      uint64_t last, int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t back = count - 1 - i;
        bool is_there = history->second > 0 && (unsigned)series < history->series && last >= first + back;
        values[i] = is_there ? value_of(at(history, series, last - back)) : HISTORY_GAP;
    }
}

void history_seconds(const struct history *history, enum history_series series, int64_t *values, size_t count,
                     uint64_t *until) {
    *until = history->second;
    if (count > HISTORY_SECONDS)
        count = HISTORY_SECONDS;
    read_ring(history, series, second_at, history->first, history->second, values, count);
}

void history_minutes(const struct history *history, enum history_series series, int64_t *values, size_t count,
                     uint64_t *until) {
    *until = history->second / SECONDS_A_MINUTE;
    if (count > HISTORY_MINUTES)
        count = HISTORY_MINUTES;
    read_ring(history, series, minute_at, history->first / SECONDS_A_MINUTE, *until, values, count);
}

unsigned history_newest_minute_s(const struct history *history) {
    uint64_t begin = history->second / SECONDS_A_MINUTE * SECONDS_A_MINUTE;

    if (begin < history->first)
        begin = history->first;
    return (unsigned)(history->second - begin) + 1;
}

double history_rate(const struct history *history, enum history_series series, unsigned seconds) {
    uint64_t sum = 0, known = 0;

    for (uint64_t back = 0; back < seconds && back < HISTORY_SECONDS && history->second >= history->first + back;
         back++) {
        uint32_t value = history->second > 0 ? *second_at(history, series, history->second - back) : NOTHING;
        if (value == NOTHING)
            continue;
        sum += value;
        known++;
    }
    return known > 0 ? (double)sum / (double)known : 0;
}

uint64_t history_peak(const struct history *history, enum history_series series) {
    uint64_t peak = 0;

    for (uint64_t minute = 0; minute < HISTORY_MINUTES; minute++) {
        uint32_t value = *minute_at(history, series, minute);
        if (value != NOTHING && value > peak)
            peak = value;
    }
    return peak;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * history_answer: GET /v1/history: series of numbers by the second or by the minute, in the units of the other answers.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "server/admin/admin_priv.h"
#include "server/admin/values.h"

#include <stdlib.h>

enum { A_SECOND = 1, A_MINUTE = 60 };

struct span {
    size_t count;
    unsigned step_s;
    void (*read)(const struct history *history, enum history_series series, int64_t *values, size_t count,
                 uint64_t *until);
};
static const char *const span_names[] = {"10m", "24h", NULL};
static const struct span spans[] = {{HISTORY_SECONDS, A_SECOND, history_seconds},
                                    {HISTORY_MINUTES, A_MINUTE, history_minutes}};

enum unit { RATE_OF_KILOBYTES, RATE, COUNT, MICROSECONDS };

static const struct {
    const char *name;
    enum history_series series;
    enum unit unit;
} columns[] = {
    {"in_rate", HISTORY_IN, RATE_OF_KILOBYTES},
    {"out_rate", HISTORY_OUT, RATE_OF_KILOBYTES},
    {"new_rate", HISTORY_NEW, RATE},
    {"refused", HISTORY_REFUSED, COUNT},
    {"failed", HISTORY_FAILED, COUNT},
    {"relays", HISTORY_RELAYS, COUNT},
    {"waiting", HISTORY_WAITING, COUNT},
    {"datagram_rate", HISTORY_DATAGRAMS, RATE},
    {"dropped_rate", HISTORY_DROPPED, RATE},
    {"wait_p50_ms", HISTORY_WAIT_P50, MICROSECONDS},
    {"wait_p99_ms", HISTORY_WAIT_P99, MICROSECONDS},
    {"dial_p50_ms", HISTORY_DIAL_P50, MICROSECONDS},
    {"dial_p99_ms", HISTORY_DIAL_P99, MICROSECONDS},
    {"first_byte_p50_ms", HISTORY_FIRST_BYTE_P50, MICROSECONDS},
    {"first_byte_p99_ms", HISTORY_FIRST_BYTE_P99, MICROSECONDS},
    {"loop_lag_ms", HISTORY_LAG, MICROSECONDS},
};

static json_t *value(int64_t value, enum unit unit, unsigned step_s) {
    if (value == HISTORY_GAP)
        return json_null();
    switch (unit) {
    case RATE_OF_KILOBYTES:
        return json_integer(value * VALUE_KILOBYTE / step_s);
    case RATE:
        return json_real((double)value / step_s);
    case MICROSECONDS:
        return value ? json_real((double)value / 1000) : json_null(); /* there was none in that time */
    case COUNT:
        break;
    }
    return json_integer(value);
}

/* last_s: how much of the last step is over, of which its rate is. */
static json_t *column(const int64_t *values, const struct span *span, enum unit unit, unsigned last_s) {
    json_t *json = json_array();

    for (size_t i = 0; i < span->count; i++)
        json_array_append_new(json, value(values[i], unit, i + 1 < span->count ? span->step_s : last_s));
    return json;
}

static json_t *series_json(const struct history *history, const struct span *span, unsigned count, uint64_t *until) {
    static const size_t all = sizeof columns / sizeof *columns;
    unsigned last_s = span->step_s == A_MINUTE ? history_newest_minute_s(history) : span->step_s;
    int64_t *values = calloc(span->count, sizeof *values);
    json_t *json = values ? json_object() : NULL;

    for (size_t i = 0; json && i < all; i++) {
        if ((unsigned)columns[i].series >= count)
            continue;
        span->read(history, columns[i].series, values, span->count, until);
        json_object_set_new(json, columns[i].name, column(values, span, columns[i].unit, last_s));
    }
    free(values);
    return json;
}

/* NULL: 404 has been answered. */
static const struct history *choose(const struct admin *admin, struct http_request *request, unsigned *count) {
    const char *name = http_request_query(request, "service");
    const struct statistics *statistics = admin->options.statistics;
    const struct history *history = name ? statistics_service(statistics, name) : statistics_server(statistics);

    *count = name ? (unsigned)HISTORY_SERVICE_SERIES : (unsigned)HISTORY_SERVER_SERIES;
    if (!history)
        http_answer_error(request, 404, "there is no service %s, or nothing is known of it yet", name);
    return history;
}

void admin_get_history(struct http_request *request, void *context) {
    size_t chosen = 0;
    uint64_t until = 0;
    unsigned count;

    if (!http_query_choice(request, "span", span_names, &chosen))
        return;
    const struct history *history = choose(context, request, &count);
    if (!history)
        return;
    const struct span *span = &spans[chosen];
    json_t *series = series_json(history, span, count, &until);
    uint64_t end_us = (until + 1) * span->step_s * 1000000ull; /* of the last one */
    uint64_t now_us = clock_us();
    http_answer_json(request, 200,
                     json_pack("{s:o,s:i,s:o}", "end", value_time_of(end_us < now_us ? end_us : now_us), "step_s",
                               (int)span->step_s, "series", series));
}

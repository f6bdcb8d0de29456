/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * metrics: see metrics.h. A service has some two hundred lines, so they are built without printf.
 */
#include "config.h"

#include "lib/metrics/metrics.h"

#include "lib/base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16384, US_DIGITS = 6, REAL_SIZE = 32 };

struct metrics {
    bool has_failed;
    const char *name; /* of the family */
    char *text;
    size_t length, room;
};

static const uint64_t latency_us[] = {1000,   2500,    5000,    10000,   25000,    50000,    100000,   250000,
                                      500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000, 100000000};
const struct metric_bounds metric_bounds_latency = {latency_us, sizeof latency_us / sizeof *latency_us};

static const uint64_t duration_us[] = {10000,       50000,       100000,       500000,       1000000,
                                       5000000,     10000000,    50000000,     100000000,    500000000,
                                       1000000000u, 5000000000u, 10000000000u, 50000000000u, 100000000000u};
const struct metric_bounds metric_bounds_duration = {duration_us, sizeof duration_us / sizeof *duration_us};

struct metrics *metrics_new(void) {
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return NULL;
    metrics->text = malloc(FIRST_ROOM);
    metrics->room = FIRST_ROOM;
    if (metrics->text)
        return metrics;
    free(metrics);
    return NULL;
}

void metrics_free(struct metrics *metrics) {
    if (!metrics)
        return;
    free(metrics->text);
    free(metrics);
}

static bool reserve(struct metrics *to, size_t length) {
    size_t room = to->room;
    while (room < to->length + length && room <= METRICS_MOST)
        room *= 2;
    char *text = room > METRICS_MOST ? NULL : room > to->room ? realloc(to->text, room) : to->text;
    to->has_failed |= !text;
    if (!text)
        return false;
    to->text = text;
    to->room = room;
    return true;
}

static void put_part(struct metrics *to, const char *text, size_t length) {
    if (to->has_failed || !reserve(to, length + 1))
        return;
    memcpy(to->text + to->length, text, length);
    to->length += length;
    to->text[to->length] = '\0';
}

static void put(struct metrics *to, const char *text) {
    put_part(to, text, strlen(text));
}

static void put_number(struct metrics *to, uint64_t number) {
    char digits[STRBUF_DIGITS];
    size_t count = strbuf_digits(digits, number);
    put_part(to, digits + STRBUF_DIGITS - count, count);
}

/* As seconds, without zeros at the end: 2500 is 0.0025. */
static void put_us(struct metrics *to, uint64_t us) {
    char digits[US_DIGITS + 1] = ".000000";
    size_t length = US_DIGITS + 1;
    uint64_t rest = us % 1000000;
    put_number(to, us / 1000000);
    if (rest == 0)
        return;
    for (size_t at = US_DIGITS; at > 0; at--, rest /= 10)
        digits[at] = (char)('0' + rest % 10);
    while (digits[length - 1] == '0')
        length--;
    put_part(to, digits, length);
}

static void put_escaped(struct metrics *to, const char *value) {
    size_t plain;
    while (value[plain = strcspn(value, "\\\"\n")]) {
        put_part(to, value, plain);
        put(to, value[plain] == '\n' ? "\\n" : value[plain] == '"' ? "\\\"" : "\\\\");
        value += plain + 1;
    }
    put(to, value);
}

static void put_label(struct metrics *to, const char *name, const char *value, bool is_first) {
    put(to, is_first ? "{" : ",");
    put(to, name);
    put(to, "=\"");
    put_escaped(to, value);
    put(to, "\"");
}

/* A sample's line as far as its value. bound_us: of a bucket, or NULL; UINT64_MAX: +Inf. */
static void put_sample(struct metrics *to, const char *suffix, const struct metric_label *labels,
                       const uint64_t *bound_us) {
    bool is_first = true;
    put(to, to->name);
    put(to, suffix);
    for (; labels && labels->name; labels++, is_first = false)
        put_label(to, labels->name, labels->value, is_first);
    if (bound_us) {
        put(to, is_first ? "{le=\"" : ",le=\"");
        if (*bound_us == UINT64_MAX)
            put(to, "+Inf");
        else
            put_us(to, *bound_us);
        put(to, "\"");
        is_first = false;
    }
    put(to, is_first ? " " : "} ");
}

static void put_bucket(struct metrics *to, const struct metric_label *labels, uint64_t bound_us, uint64_t count) {
    put_sample(to, "_bucket", labels, &bound_us);
    put_number(to, count);
    put(to, "\n");
}

void metrics_family(struct metrics *to, const char *name, enum metric_type type, const char *help) {
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    const char *const parts[] = {"# HELP ", name, " ", help, "\n# TYPE ", name, " ", types[type], "\n"};
    to->name = name;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        put(to, parts[i]);
}

void metrics_value(struct metrics *to, const struct metric_label *labels, uint64_t value) {
    put_sample(to, "", labels, NULL);
    put_number(to, value);
    put(to, "\n");
}

void metrics_real(struct metrics *to, const struct metric_label *labels, double value) {
    char text[REAL_SIZE];
    snprintf(text, sizeof text, "%.12g", value);
    put_sample(to, "", labels, NULL);
    put(to, text);
    put(to, "\n");
}

void metrics_histogram(struct metrics *to, const struct metric_label *labels, const struct metric_bounds *bounds,
                       const struct histogram_sum *sum) {
    uint64_t count = 0;
    unsigned bucket = 0;
    for (size_t i = 0; i < bounds->count; i++) {
        for (unsigned last = histogram_bucket(bounds->us[i]); bucket <= last; bucket++)
            count += sum->buckets[bucket];
        put_bucket(to, labels, bounds->us[i], count);
    }
    put_bucket(to, labels, UINT64_MAX, sum->count);
    put_sample(to, "_sum", labels, NULL);
    put_us(to, sum->sum_us);
    put(to, "\n");
    put_sample(to, "_count", labels, NULL);
    put_number(to, sum->count);
    put(to, "\n");
}

const char *metrics_take_text(struct metrics *metrics, size_t *length) {
    *length = metrics->length;
    return metrics->has_failed ? NULL : metrics->text;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_metrics: what is written is what Prometheus reads (promtool judges it, where it is there), and it fails as a
 * whole.
 */
#include "config.h"

#include "lib/metrics/metrics.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(struct metrics *metrics) {
    size_t length = 0;
    const char *text = metrics_take_text(metrics, &length);

    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(strlen(text), length);
    return text;
}

static void write_some(struct metrics *to) {
    struct histogram histogram = {0};
    struct histogram_sum sum = {0};

    histogram_add(&histogram, 2500);
    histogram_add(&histogram, 2501);
    histogram_add(&histogram, 200000000);
    histogram_sum_add(&sum, &histogram);
    metrics_family(to, "munnel_relays", METRIC_GAUGE, "Relays that there are.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("service", "WinVNC"), METRIC_LABEL("state", "open")), 3);
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("service", "a\"b\\c\nd"), METRIC_LABEL("state", "open")), 0);
    metrics_family(to, "munnel_clients_total", METRIC_COUNTER, "Clients that were accepted.");
    metrics_value(to, METRIC_NO_LABELS, UINT64_MAX);
    metrics_family(to, "process_cpu_seconds_total", METRIC_COUNTER, "Time of the processor.");
    metrics_real(to, METRIC_NO_LABELS, 1.25);
    metrics_family(to, "munnel_relay_dial_seconds", METRIC_HISTOGRAM,
                   "From dispatch until the destination was reached.");
    metrics_histogram(to, METRIC_LABELS(METRIC_LABEL("service", "WinVNC")), &metric_bounds_latency, &sum);
    metrics_histogram(to, METRIC_LABELS(METRIC_LABEL("service", "ssh")), &metric_bounds_latency,
                      &(struct histogram_sum){0});
}

/* ---- text ---- */

START_TEST(samples_follow_help_and_type) {
    struct metrics *metrics = metrics_new();

    write_some(metrics);
    const char *text = text_of(metrics);
    ck_assert_ptr_nonnull(strstr(text, "# HELP munnel_relays Relays that there are.\n"
                                       "# TYPE munnel_relays gauge\n"
                                       "munnel_relays{service=\"WinVNC\",state=\"open\"} 3\n"
                                       "munnel_relays{service=\"a\\\"b\\\\c\\nd\",state=\"open\"} 0\n"
                                       "# HELP munnel_clients_total"));
    ck_assert_ptr_nonnull(strstr(text, "\nmunnel_clients_total 18446744073709551615\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nprocess_cpu_seconds_total 1.25\n"));
    metrics_free(metrics);
}
END_TEST

START_TEST(buckets_grow_up_to_all) {
    struct metrics *metrics = metrics_new();

    write_some(metrics);
    const char *text = text_of(metrics);
    ck_assert_ptr_nonnull(strstr(text, "munnel_relay_dial_seconds_bucket{service=\"WinVNC\",le=\"0.001\"} 0\n"
                                       "munnel_relay_dial_seconds_bucket{service=\"WinVNC\",le=\"0.0025\"} 1\n"
                                       "munnel_relay_dial_seconds_bucket{service=\"WinVNC\",le=\"0.005\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(text, "munnel_relay_dial_seconds_bucket{service=\"WinVNC\",le=\"100\"} 2\n"
                                       "munnel_relay_dial_seconds_bucket{service=\"WinVNC\",le=\"+Inf\"} 3\n"
                                       "munnel_relay_dial_seconds_sum{service=\"WinVNC\"} 200.005001\n"
                                       "munnel_relay_dial_seconds_count{service=\"WinVNC\"} 3\n"));
    ck_assert_ptr_nonnull(strstr(text, "munnel_relay_dial_seconds_sum{service=\"ssh\"} 0\n"));
    metrics_free(metrics);
}
END_TEST

START_TEST(bounds_are_those_of_buckets) {
    const struct metric_bounds *const all[] = {&metric_bounds_latency, &metric_bounds_duration};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t k = 0; k < all[i]->count; k++) {
            ck_assert_uint_eq(histogram_bound_us(histogram_bucket(all[i]->us[k])), all[i]->us[k]);
            if (k > 0)
                ck_assert_uint_gt(all[i]->us[k], all[i]->us[k - 1]);
        }
}
END_TEST

/* Debian's package prometheus has it. */
START_TEST(promtool_has_nothing_to_complain_of) {
    struct metrics *metrics = metrics_new();
    char command[512];

    if (system("command -v promtool >/dev/null 2>&1") != 0)
        return;
    write_some(metrics);
    const char *path = unit_text_file("metrics", text_of(metrics));
    snprintf(command, sizeof command, "promtool check metrics < %s >&2", path);
    ck_assert_int_eq(system(command), 0);
    metrics_free(metrics);
}
END_TEST

START_TEST(too_much_fails_as_a_whole) {
    struct metrics *metrics = metrics_new();
    char label[65536];
    size_t length;

    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    metrics_family(metrics, "munnel_relays", METRIC_GAUGE, "Relays that there are.");
    for (int i = 0; i < METRICS_MOST / (int)sizeof label + 1; i++)
        metrics_value(metrics, METRIC_LABELS(METRIC_LABEL("service", label)), 1);
    ck_assert_ptr_null(metrics_take_text(metrics, &length));
    metrics_free(metrics);
}
END_TEST

static TCase *texts(void) {
    TCase *group = tcase_create("texts");

    tcase_add_test(group, samples_follow_help_and_type);
    tcase_add_test(group, buckets_grow_up_to_all);
    tcase_add_test(group, bounds_are_those_of_buckets);
    tcase_add_test(group, promtool_has_nothing_to_complain_of);
    tcase_add_test(group, too_much_fails_as_a_whole);
    return group;
}

UNIT_MAIN("lib/metrics/metrics", texts)

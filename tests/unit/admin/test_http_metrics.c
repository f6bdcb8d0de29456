/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_http_metrics: each count of the administration has its sample.
 */
#include "config.h"

#include "admin/http_metrics.h"

#include "lib/http/server.h"

#include "unit.h"

#include <string.h>

START_TEST(each_count_has_its_sample) {
    static const char *const samples[] = {"munnel_admin_connections{listener=\"unix\"} 1\n",
                                          "munnel_admin_connections{listener=\"tcp\"} 2\n",
                                          "munnel_admin_streams 3\n",
                                          "munnel_admin_requests_total 4\n",
                                          "munnel_admin_requests_delayed_total 5\n",
                                          "munnel_admin_refused_total{reason=\"busy\"} 6\n",
                                          "munnel_admin_refused_total{reason=\"token\"} 7\n",
                                          "munnel_admin_refused_total{reason=\"user\"} 8\n",
                                          "munnel_admin_refused_total{reason=\"host\"} 9\n",
                                          "munnel_admin_refused_total{reason=\"origin\"} 10\n",
                                          "munnel_admin_refused_total{reason=\"malformed\"} 11\n",
                                          "munnel_admin_refused_total{reason=\"timeout\"} 12\n",
                                          "munnel_admin_refused_total{reason=\"slow_reader\"} 13\n"};
    const struct http_counts counts = {.connections_unix = 1,
                                       .connections_tcp = 2,
                                       .streams = 3,
                                       .requests = 4,
                                       .delayed = 5,
                                       .refused_busy = 6,
                                       .refused_token = 7,
                                       .refused_peer = 8,
                                       .refused_host = 9,
                                       .refused_origin = 10,
                                       .refused_malformed = 11,
                                       .timed_out = 12,
                                       .streams_dropped = 13};
    struct metrics *metrics = metrics_new();
    size_t length;

    http_metrics_write(&counts, metrics);
    const char *text = metrics_take_text(metrics, &length);
    ck_assert_ptr_nonnull(text);
    for (unsigned i = 0; i < sizeof samples / sizeof *samples; i++)
        ck_assert_msg(strstr(text, samples[i]), "no %s in:\n%s", samples[i], text);
    metrics_free(metrics);
}
END_TEST

static TCase *samples(void) {
    TCase *group = tcase_create("samples");
    tcase_add_test(group, each_count_has_its_sample);
    return group;
}

UNIT_MAIN("admin/http_metrics", samples)

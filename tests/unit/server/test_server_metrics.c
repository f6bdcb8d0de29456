/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_metrics: the metrics, those of service_metrics.c and plane_metrics.c among them, have what is there;
 * Prometheus's own judge finds nothing wrong with them; and no client makes more of them.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include "server/server_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server_fixture fixture;

/* malloc'ed */
static char *text_of_metrics(void) {
    struct metrics *metrics = metrics_new();
    size_t length;

    server_metrics_write(fixture.server, metrics);
    const char *text = metrics_take_text(metrics, &length);
    ck_assert_ptr_nonnull(text);
    char *copy = strdup(text);
    metrics_free(metrics);
    return copy;
}

static void expect_lines(const char *const *lines, size_t count) {
    char *text = text_of_metrics(), line[256];

    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof line, "\n%s\n", lines[i]);
        ck_assert_msg(strstr(text, line), "no %s", lines[i]);
    }
    free(text);
}

START_TEST(a_client_is_counted_on_its_way) {
    static const char *const running[] = {"munnel_clients{service=\"s0\"} 1",
                                          "munnel_clients_waiting{service=\"s0\"} 0",
                                          "munnel_clients_accepted_total{service=\"s0\"} 1",
                                          "munnel_client_wait_seconds_count{service=\"s0\"} 1",
                                          "munnel_service_agents{service=\"s0\",state=\"ready\"} 1",
                                          "munnel_agent_sessions{state=\"connected\"} 1",
                                          "munnel_clients_refused_total{service=\"s0\",reason=\"max_clients\"} 0"};
    static const char *const gone[] = {"munnel_clients{service=\"s0\"} 2", "munnel_clients_waiting{service=\"s0\"} 1",
                                       "munnel_service_agents{service=\"s0\",state=\"ready\"} 0",
                                       "munnel_agent_sessions{state=\"suspended\"} 1"};
    struct fake_order order;

    server_fixture_begin(&fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    server_fixture_client(&fixture, 0, &order);
    expect_lines(running, sizeof running / sizeof *running);
    server_fixture_lose(&fixture, &agent);
    server_fixture_connect(&fixture, 0);
    for (int i = 0; i < 1000 && fixture.server->services.waiting == 0; i++)
        server_fixture_run(&fixture);
    expect_lines(gone, sizeof gone / sizeof *gone);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_client_that_no_agent_serves_ends_with_that_reason) {
    static const char *const lines[] = {"munnel_clients_ended_total{service=\"s0\",reason=\"no_agent\"} 1",
                                        "munnel_client_wait_seconds_count{service=\"s0\"} 1",
                                        "munnel_clients{service=\"s0\"} 0"};

    server_fixture_set_any(&fixture);
    fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&fixture);
    int fd = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, fd));
    expect_lines(lines, sizeof lines / sizeof *lines);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_udp_service_has_its_datagrams_and_why_some_were_dropped) {
    static const char *const lines[] = {
        "munnel_datagrams_total{service=\"s0\",direction=\"in\"} 9",
        "munnel_datagrams_total{service=\"s0\",direction=\"out\"} 0",
        "munnel_datagrams_dropped_total{service=\"s0\",reason=\"reply_limit\",direction=\"out\"} 4",
        "munnel_datagrams_dropped_total{service=\"s0\",reason=\"queue\",direction=\"in\"} 0"};

    server_fixture_begin(&fixture);
    struct datagram_counts *counts =
        &service_counts_part(service_counts(fixture.server->services.items[0]), 0)->datagrams;
    counter_add(&counts->count[DATAGRAM_IN], 9);
    counter_add(&counts->dropped[DATAGRAM_OUT][DATAGRAM_DROP_REPLY_LIMIT], 4);
    char *text = text_of_metrics();
    ck_assert_ptr_null(strstr(text, "munnel_datagrams_total{")); /* of TCP */
    free(text);
    fixture.conf->services[0].protocol = SERVICE_UDP;
    expect_lines(lines, sizeof lines / sizeof *lines);
    fixture.conf->services[0].protocol = SERVICE_TCP;
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(promtool_finds_nothing_wrong) {
    char command[512];

    if (system("command -v promtool >/dev/null 2>&1") != 0)
        return;
    server_fixture_begin(&fixture);
    server_fixture_join_ready(&fixture, "a");
    char *text = text_of_metrics();
    snprintf(command, sizeof command, "promtool check metrics < %s >&2", unit_text_file("metrics", text));
    ck_assert_int_eq(system(command), 0);
    free(text);
    server_fixture_clear(&fixture);
}
END_TEST

static size_t count_lines(void) {
    char *text = text_of_metrics();
    size_t count = 0;

    for (const char *at = text; (at = strchr(at, '\n')); at++)
        count++;
    free(text);
    return count;
}

START_TEST(clients_and_agents_add_no_line) {
    struct fake_order order;

    server_fixture_begin(&fixture);
    size_t before = count_lines();
    server_fixture_join_ready(&fixture, "a");
    server_fixture_join_ready(&fixture, "b");
    server_fixture_client(&fixture, 0, &order);
    ck_assert_uint_eq(count_lines(), before);
    server_fixture_clear(&fixture);
}
END_TEST

static unsigned long long total_of(const char *text, const char *name) {
    char start[64];
    unsigned long long total = 0;

    size_t length = (size_t)snprintf(start, sizeof start, "\n%s{service=\"", name);
    for (const char *at = text; (at = strstr(at, start)); at += length)
        total += strtoull(strchr(at + length, '}') + 1, NULL, 10);
    return total;
}

/* The answer for `count` services that are all the one of the fixture, which one client has used. */
static void check_services(size_t count) {
    struct service_list many = {.items = calloc(count, sizeof *many.items), .count = count};
    struct metrics *metrics = metrics_new();
    size_t length;

    for (size_t i = 0; i < count; i++)
        many.items[i] = fixture.server->services.items[0];
    service_metrics_write(&many, metrics);
    const char *text = metrics_take_text(metrics, &length);
    ck_assert_msg(text, "no answer for %zu services", count);
    ck_assert_msg(length < METRICS_MOST / 2, "%zu bytes", length);
    ck_assert_uint_eq(total_of(text, "munnel_clients_accepted_total"), count);
    ck_assert_uint_eq(total_of(text, "munnel_client_wait_seconds_count"), count);
    ck_assert_uint_eq(total_of(text, "munnel_clients_ended_total"), count);
    ck_assert_uint_eq(!strstr(text, "munnel_clients_ended_total{service=\"(others)\",reason=\"no_agent\"}"),
                      count <= 250);
    ck_assert_uint_eq(!strstr(text, "munnel_clients{service=\"(others)\"}"), count <= 5000);
    metrics_free(metrics);
    free(many.items);
}

START_TEST(any_number_of_services_gets_an_answer_that_counts_all) {
    static const size_t counts[] = {1, 250, 251, 3000, 5000, 5001, 30000};

    server_fixture_set_any(&fixture);
    fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&fixture);
    int fd = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, fd));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        check_services(counts[i]);
    server_fixture_clear(&fixture);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");

    tcase_add_test(group, a_client_is_counted_on_its_way);
    tcase_add_test(group, a_client_that_no_agent_serves_ends_with_that_reason);
    tcase_add_test(group, a_udp_service_has_its_datagrams_and_why_some_were_dropped);
    tcase_add_test(group, promtool_finds_nothing_wrong);
    tcase_add_test(group, clients_and_agents_add_no_line);
    tcase_add_test(group, any_number_of_services_gets_an_answer_that_counts_all);
    return group;
}

UNIT_MAIN("server/server_metrics", all)

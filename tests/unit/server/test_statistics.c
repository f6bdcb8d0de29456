/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_statistics: what was counted in a second is in the history of that second, of the service and of the server; and
 * what happens is among the recent events.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "server/statistics.h"

#include <stdio.h>
#include <string.h>

enum { SECOND_MS = 1000 };

static struct server_fixture fixture;

static struct statistics *statistics(void) {
    return fixture.server->statistics;
}

static struct service_part *part_of(size_t service) {
    return service_counts_part(service_counts(fixture.server->services.items[service]), 0);
}

static void tick(void) {
    fake_clock_advance(SECOND_MS);
    statistics_tick(statistics(), clock_us());
}

static int64_t last_of(const struct history *history, enum history_series series) {
    int64_t value;
    uint64_t until;

    ck_assert_ptr_nonnull(history);
    history_seconds(history, series, &value, 1, &until);
    return value;
}

static int64_t of_service(const char *name, enum history_series series) {
    return last_of(statistics_service(statistics(), name), series);
}

static int64_t of_server(enum history_series series) {
    return last_of(statistics_server(statistics()), series);
}

static void begin_two(void) {
    static const char *const groups[] = {NULL, "other"};

    server_fixture_set(&fixture, groups, 2);
    server_fixture_open(&fixture);
    tick();
}

/* ---- histories ---- */

START_TEST(a_second_has_what_came_in_it) {
    begin_two();
    counter_add(&part_of(0)->bytes.in, 5500);
    counter_add(&part_of(0)->bytes.out, 30000);
    counter_add(&part_of(0)->accepted, 3);
    counter_add(&part_of(1)->accepted, 4);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_IN), 5);
    ck_assert_int_eq(of_service("s0", HISTORY_OUT), 30);
    ck_assert_int_eq(of_service("s0", HISTORY_NEW), 3);
    ck_assert_int_eq(of_service("s1", HISTORY_NEW), 4);
    ck_assert_int_eq(of_server(HISTORY_NEW), 7);
    counter_add(&part_of(0)->bytes.in, 500);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_IN), 1); /* with the half of the second before */
    ck_assert_int_eq(of_service("s0", HISTORY_NEW), 0);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_client_that_has_ended_unopened_has_failed) {
    begin_two();
    counter_add(&part_of(0)->accepted, 3);
    counter_add(&part_of(0)->opened, 1);
    counter_add(&part_of(0)->ended[REASON_DONE], 1);
    counter_add(&part_of(0)->ended[REASON_NO_AGENT], 2);
    histogram_add(&part_of(0)->duration, 1000);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_FAILED), 2);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_FAILED), 0);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_second_has_its_datagrams_and_how_many_were_dropped) {
    struct statistics_datagrams sum;

    begin_two();
    counter_add(&part_of(0)->datagrams.count[DATAGRAM_IN], 70);
    counter_add(&part_of(0)->datagrams.count[DATAGRAM_OUT], 30);
    counter_add(&part_of(0)->datagrams.dropped[DATAGRAM_IN][DATAGRAM_DROP_QUEUE], 5);
    counter_add(&part_of(0)->datagrams.dropped[DATAGRAM_OUT][DATAGRAM_DROP_QUEUE], 2);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_DATAGRAMS), 100);
    ck_assert_int_eq(of_service("s0", HISTORY_DROPPED), 7);
    ck_assert_int_eq(of_server(HISTORY_DATAGRAMS), 100);
    ck_assert_int_eq(of_service("s1", HISTORY_DATAGRAMS), 0);
    ck_assert(statistics_datagrams(statistics(), "s0", &sum));
    ck_assert_uint_eq(sum.count, 100);
    ck_assert_uint_eq(sum.dropped[DATAGRAM_DROP_QUEUE], 7);
    for (int i = 0; i < 2; i++) { /* the window after the next one has none of them */
        fake_clock_advance(HISTORY_WINDOW_S * SECOND_MS);
        tick();
    }
    ck_assert_int_eq(of_service("s0", HISTORY_DATAGRAMS), 0);
    ck_assert(statistics_datagrams(statistics(), "s0", &sum) && sum.count == 0);
    ck_assert(!statistics_datagrams(statistics(), "s2", &sum));
    server_fixture_clear(&fixture);
}
END_TEST

/* The relay threads count while the sums are made: such a client has a duration and no end yet. */
START_TEST(a_client_that_ends_while_it_is_counted_has_not_failed) {
    begin_two();
    counter_add(&part_of(0)->accepted, 1);
    histogram_add(&part_of(0)->duration, 1000);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_FAILED), 0);
    counter_add(&part_of(0)->ended[REASON_DONE], 1);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_FAILED), 0);
    counter_add(&part_of(0)->ended[REASON_NO_AGENT], 1);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_FAILED), 1);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(nothing_is_lost_by_two_ticks_in_a_second) {
    begin_two();
    counter_add(&part_of(0)->accepted, 3);
    statistics_tick(statistics(), clock_us());
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_NEW), 3);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(ticks_are_in_the_middle_of_seconds) {
    ck_assert_uint_eq(statistics_wait_us(7000000), 1500000);
    ck_assert_uint_eq(statistics_wait_us(7500000), 1000000);
    ck_assert_uint_eq(statistics_wait_us(7999999), 500001);
}
END_TEST

START_TEST(clients_are_there_as_long_as_they_wait_and_run) {
    struct fake_order order;

    server_fixture_begin(&fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    server_fixture_client(&fixture, 0, &order);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_NEW), 1);
    ck_assert_int_eq(of_service("s0", HISTORY_RELAYS), 1);
    ck_assert_int_eq(of_service("s0", HISTORY_WAITING), 0);
    server_fixture_lose(&fixture, &agent);
    server_fixture_connect(&fixture, 0);
    for (int i = 0; i < 1000 && fixture.server->services.waiting == 0; i++)
        server_fixture_run(&fixture);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_RELAYS), 1);
    ck_assert_int_eq(of_service("s0", HISTORY_WAITING), 1);
    ck_assert_int_eq(of_server(HISTORY_WAITING), 1);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(quantiles_are_those_of_the_last_minutes) {
    begin_two();
    for (int i = 0; i < 100; i++)
        histogram_add(&part_of(0)->dial, i < 95 ? 20000 : 700000);
    counter_add(&part_of(0)->opened, 100);
    tick();
    ck_assert_int_ge(of_server(HISTORY_DIAL_P99), 650000);
    ck_assert_int_le(of_server(HISTORY_DIAL_P50), 20000);
    ck_assert_uint_ge(statistics_quantile(statistics(), "s0", SERVICE_DIAL, 0.99), 650000);
    ck_assert_uint_le(statistics_quantile(statistics(), NULL, SERVICE_DIAL, 0.5), 20000);
    ck_assert_uint_eq(statistics_quantile(statistics(), "s1", SERVICE_DIAL, 0.5), 0);
    ck_assert_uint_eq(statistics_quantile(statistics(), "s0", SERVICE_WAIT, 0.5), 0);
    tick();
    ck_assert_int_eq(of_server(HISTORY_DIAL_P99), 0);
    for (int i = 0; i < 2; i++) {
        fake_clock_advance(HISTORY_WINDOW_S * SECOND_MS);
        tick();
    }
    ck_assert_uint_eq(statistics_quantile(statistics(), "s0", SERVICE_DIAL, 0.99), 0);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_service_that_is_gone_is_forgotten) {
    begin_two();
    ck_assert_ptr_nonnull(statistics_service(statistics(), "s1"));
    fixture.server->services.count = 1;
    tick();
    ck_assert_ptr_null(statistics_service(statistics(), "s1"));
    ck_assert_ptr_nonnull(statistics_service(statistics(), "s0"));
    fixture.server->services.count = 2;
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_service_too_many_gets_a_history_when_another_has_gone) {
    static const char *const groups[] = {NULL};
    struct error error = {""};
    char text[200];

    server_fixture_set(&fixture, groups, 1);
    for (int i = 1; i <= STATISTICS_SERVICES_MOST; i++) {
        snprintf(text, sizeof text, "s%d unix:%s%d localhost:80", i, unit_path("s"), i);
        ck_assert_msg(server_config_add_service(fixture.conf, text, &error) == 0, "%s", error.text);
    }
    server_fixture_open(&fixture);
    struct service_list *services = &fixture.server->services;
    const char *last = service_config(services->items[STATISTICS_SERVICES_MOST])->name;
    tick();
    ck_assert_ptr_nonnull(statistics_service(statistics(), "s0"));
    ck_assert_ptr_null(statistics_service(statistics(), last));
    services->items++; /* the first one is gone */
    services->count--;
    for (int i = 0; i < 2; i++) /* it is forgotten at the end of a tick */
        tick();
    ck_assert_ptr_nonnull(statistics_service(statistics(), last));
    services->items--;
    services->count++;
    server_fixture_clear(&fixture);
}
END_TEST

static TCase *histories(void) {
    TCase *group = tcase_create("histories");

    tcase_add_test(group, a_second_has_what_came_in_it);
    tcase_add_test(group, a_client_that_has_ended_unopened_has_failed);
    tcase_add_test(group, a_second_has_its_datagrams_and_how_many_were_dropped);
    tcase_add_test(group, a_client_that_ends_while_it_is_counted_has_not_failed);
    tcase_add_test(group, nothing_is_lost_by_two_ticks_in_a_second);
    tcase_add_test(group, ticks_are_in_the_middle_of_seconds);
    tcase_add_test(group, clients_are_there_as_long_as_they_wait_and_run);
    tcase_add_test(group, quantiles_are_those_of_the_last_minutes);
    tcase_add_test(group, a_service_that_is_gone_is_forgotten);
    tcase_add_test(group, a_service_too_many_gets_a_history_when_another_has_gone);
    return group;
}

/* ---- events ---- */

static const struct recent_event *find_event(enum event_kind kind, const char *subject, const char *text) {
    const struct recent_event *event;

    for (uint64_t number = 0; (event = recent_events_after(fixture.server->events, number)); number = event->number)
        if (event->kind == kind && strcmp(event->subject, subject) == 0 && strstr(event->text, text))
            return event;
    return NULL;
}

START_TEST(agents_and_services_that_come_and_go_are_events) {
    server_fixture_begin(&fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    ck_assert_ptr_nonnull(find_event(EVENT_KIND_AGENT, "a", "joined"));
    ck_assert_ptr_nonnull(find_event(EVENT_KIND_SERVICE, "s0", "reachable by agent: a"));
    server_fixture_lose(&fixture, &agent);
    ck_assert_ptr_nonnull(find_event(EVENT_KIND_AGENT, "a", "connection lost"));
    ck_assert_ptr_nonnull(find_event(EVENT_KIND_SERVICE, "s0", "unreachable"));
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(clients_that_are_refused_are_one_event_with_their_number) {
    server_fixture_set_any(&fixture);
    fixture.conf->services[0].max_clients = 1;
    server_fixture_open(&fixture);
    for (int i = 0; i < 4; i++)
        server_fixture_connect(&fixture, 0);
    for (int i = 0; i < 1000 && service_refused(fixture.server->services.items[0]) < 3; i++)
        server_fixture_run(&fixture);
    service_tick(fixture.server->services.items[0]);
    const struct recent_event *event = find_event(EVENT_KIND_SERVICE, "s0", "max_clients");
    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(event->count, 3);
    tick();
    ck_assert_int_eq(of_service("s0", HISTORY_REFUSED), 3);
    server_fixture_clear(&fixture);
}
END_TEST

static TCase *events(void) {
    TCase *group = tcase_create("events");

    tcase_add_test(group, agents_and_services_that_come_and_go_are_events);
    tcase_add_test(group, clients_that_are_refused_are_one_event_with_their_number);
    return group;
}

UNIT_MAIN("server/statistics", histories, events)

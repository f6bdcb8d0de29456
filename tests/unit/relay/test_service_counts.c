/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_counts: each thread counts in memory of its own, and the sum has all of it; what a relay does is counted
 * once.
 */
#include "config.h"

#include "relay/sessions.h"

#include "relay/service_counts.h"

#include <stdint.h>

enum { THREADS = 3, SENT = 3000 };

/* ---- parts ---- */

START_TEST(parts_of_threads_share_no_cache_line) {
    struct service_counts *counts = service_counts_new(THREADS);
    for (unsigned i = 0; i <= THREADS; i++) {
        uintptr_t from = (uintptr_t)service_counts_part(counts, i);
        ck_assert_uint_eq(from % COUNTER_LINE, 0);
        if (i > 0)
            ck_assert_uint_ge(from, (uintptr_t)service_counts_part(counts, i - 1) + sizeof(struct service_part));
    }
    service_counts_release(counts);
}
END_TEST

START_TEST(sum_is_that_of_all_parts) {
    struct service_counts *counts = service_counts_new(THREADS);
    struct service_sum sum;
    struct histogram_sum waits = {0}, dials = {0};
    for (unsigned i = 0; i <= THREADS; i++) {
        struct service_part *part = service_counts_part(counts, i);
        counter_add(&part->bytes.in, 10);
        counter_add(&part->bytes.out, 100);
        counter_add(&part->accepted, 1);
        counter_add(&part->opened, 2);
        counter_add(&part->ended[i], 1);
        histogram_add(&part->wait, 500);
        counter_add(&part->datagrams.count[DATAGRAM_IN], 3);
        counter_add(&part->datagrams.dropped[DATAGRAM_OUT][DATAGRAM_DROP_REPLY_LIMIT], 1);
    }
    service_counts_sum(counts, &sum);
    ck_assert_uint_eq(sum.in, 40);
    ck_assert_uint_eq(sum.out, 400);
    ck_assert_uint_eq(sum.accepted, 4);
    ck_assert_uint_eq(sum.opened, 8);
    ck_assert_uint_eq(sum.ended, 4);
    ck_assert_uint_eq(sum.ended_by[THREADS], 1);
    ck_assert_uint_eq(sum.datagrams[DATAGRAM_IN], 12);
    ck_assert_uint_eq(sum.datagrams[DATAGRAM_OUT], 0);
    ck_assert_uint_eq(sum.dropped[DATAGRAM_OUT][DATAGRAM_DROP_REPLY_LIMIT], 4);
    ck_assert_uint_eq(sum.dropped[DATAGRAM_IN][DATAGRAM_DROP_REPLY_LIMIT], 0);
    service_counts_add_times(counts, SERVICE_WAIT, &waits);
    service_counts_add_times(counts, SERVICE_DIAL, &dials);
    ck_assert_uint_eq(waits.count, 4);
    ck_assert_uint_eq(dials.count, 0);
    service_counts_release(counts);
}
END_TEST

START_TEST(counts_outlive_all_holders_but_the_last) {
    struct service_counts *counts = service_counts_new(1);
    struct service_terms_plan plan = {.service = "a", .destination = "b", .counts = counts};
    struct service_terms *terms = service_terms_new(&plan);
    service_counts_release(counts);
    counter_add(&service_counts_part(terms->counts, 0)->opened, 1);
    service_terms_release(terms);
    service_counts_release(NULL);
}
END_TEST

static TCase *parts(void) {
    TCase *group = tcase_create("parts");
    tcase_add_test(group, parts_of_threads_share_no_cache_line);
    tcase_add_test(group, sum_is_that_of_all_parts);
    tcase_add_test(group, counts_outlive_all_holders_but_the_last);
    return group;
}

/* ---- what relays do ---- */

static struct service_counts *counts;

static struct relayed *open_counted(void) {
    const struct service_terms_plan plan = {.half_close_timeout_s = 1000, .counts = counts};
    memory_connect_will(MEMORY_AT_ONCE);
    struct relayed *relayed = relayed_serve(&sessions.planes, &plan);
    relayed_carry(&sessions.planes);
    return relayed;
}

static struct service_sum sum_of(int side) {
    struct service_sum sum;
    const struct service_part *part = plane_thread_part(sessions.sides[side].plane, 0);
    if (side == SERVER) {
        service_counts_sum(counts, &sum);
        return sum;
    }
    sum = (struct service_sum){.in = counter_read(&part->bytes.in),
                               .out = counter_read(&part->bytes.out),
                               .accepted = counter_read(&part->accepted),
                               .opened = counter_read(&part->opened)};
    for (unsigned i = 0; i < REASON_COUNT; i++)
        sum.ended += sum.ended_by[i] = counter_read(&part->ended[i]);
    return sum;
}

static void begin(void) {
    sessions_begin_with_link();
    counts = service_counts_new(1);
}

static void finish(void) {
    sessions_finish();
    service_counts_release(counts);
}

START_TEST(a_whole_relay_is_counted_once_at_each_end) {
    struct histogram_sum times[SERVICE_TIME_COUNT] = {0};
    begin();
    struct relayed *relayed = open_counted();
    relayed_send(relayed, RELAYED_UP, SENT);
    relayed_send(relayed, RELAYED_DOWN, 2 * SENT);
    sessions_expect_whole(relayed);
    struct service_sum server = sum_of(SERVER), agent = sum_of(AGENT);
    ck_assert_uint_eq(server.in, relayed->sent[RELAYED_UP]);
    ck_assert_uint_eq(server.out, relayed->sent[RELAYED_DOWN]);
    ck_assert_uint_eq(agent.in, relayed->sent[RELAYED_DOWN]);
    ck_assert_uint_eq(agent.out, relayed->sent[RELAYED_UP]);
    ck_assert_uint_eq(agent.accepted, 1);
    ck_assert_uint_eq(server.opened + agent.opened, 2);
    ck_assert_uint_eq(server.ended + agent.ended, 2);
    ck_assert_uint_eq(server.ended_by[REASON_DONE] + agent.ended_by[REASON_DONE], 2);
    for (unsigned i = 0; i < SERVICE_TIME_COUNT; i++) {
        service_counts_add_times(counts, (enum service_time)i, &times[i]);
        ck_assert_uint_eq(times[i].count, i != SERVICE_WAIT);
    }
    finish();
}
END_TEST

START_TEST(a_cut_relay_is_counted_with_its_reason) {
    begin();
    struct relayed *relayed = open_counted();
    relayed_reset(relayed, RELAYED_UP);
    sessions_go_on();
    ck_assert_uint_eq(sum_of(SERVER).ended_by[REASON_CLIENT_RESET], 1);
    ck_assert_uint_eq(sum_of(AGENT).ended_by[REASON_PEER_RESET], 1);
    ck_assert_uint_eq(sum_of(SERVER).ended, 1);
    finish();
}
END_TEST

/* It goes to another agent, and its end is counted there, or by the control plane. */
START_TEST(a_client_that_is_given_back_has_not_ended) {
    begin();
    memory_connect_will(MEMORY_REFUSED);
    const struct service_terms_plan plan = {.counts = counts};
    struct relayed *relayed = relayed_serve(&sessions.planes, &plan);
    relayed_carry(&sessions.planes);
    ck_assert_ptr_null(relayed->client);
    ck_assert_int_eq(relayed->outcome, CLIENT_REFUSED);
    ck_assert_uint_eq(sum_of(SERVER).ended + sum_of(SERVER).opened, 0);
    ck_assert_uint_eq(sum_of(AGENT).ended_by[REASON_REFUSED], 1);
    finish();
}
END_TEST

static TCase *relays(void) {
    TCase *group = tcase_create("relays");
    tcase_add_test(group, a_whole_relay_is_counted_once_at_each_end);
    tcase_add_test(group, a_cut_relay_is_counted_with_its_reason);
    tcase_add_test(group, a_client_that_is_given_back_has_not_ended);
    return group;
}

UNIT_MAIN("relay/service_counts", parts, relays)

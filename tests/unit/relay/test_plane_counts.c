/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_counts: what the threads count of links, handshakes and suspended streams is what has happened.
 */
#include "config.h"

#include "relay/sessions.h"

#include <string.h>

static const struct thread_counts *counts_of(int side) {
    return plane_thread_counts(sessions.sides[side].plane, 0);
}

static void expect_links(int side, uint64_t control, uint64_t shared, uint64_t exclusive) {
    const counter *links = counts_of(side)->links;
    ck_assert_uint_eq(counter_read(&links[LINK_KIND_UNAUTHENTICATED]), 0);
    ck_assert_uint_eq(counter_read(&links[LINK_KIND_CONTROL]), control);
    ck_assert_uint_eq(counter_read(&links[LINK_KIND_SHARED]), shared);
    ck_assert_uint_eq(counter_read(&links[LINK_KIND_EXCLUSIVE]), exclusive);
}

START_TEST(links_are_counted_by_their_kind) {
    sessions_begin_with_link();
    two_planes_add_exclusive(&sessions.planes);
    two_planes_add_control(&sessions.planes);
    expect_links(_i, 1, 1, 1);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->handshakes[HANDSHAKE_DONE]), 3);
    sessions_cut_links();
    expect_links(_i, 0, 0, 0);
    sessions_finish();
}
END_TEST

START_TEST(a_link_in_its_handshake_is_unauthenticated) {
    sessions_begin(MUCH);
    two_planes_dial(&sessions.planes);
    ck_assert_uint_eq(counter_read(&counts_of(AGENT)->links[LINK_KIND_UNAUTHENTICATED]), 1);
    ck_assert_uint_eq(counter_read(&counts_of(AGENT)->handshakes[HANDSHAKE_DONE]), 0);
    memory_reset(two_planes_accepted());
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(counter_read(&counts_of(AGENT)->links[LINK_KIND_UNAUTHENTICATED]), 0);
    ck_assert_uint_eq(counter_read(&counts_of(AGENT)->handshakes[HANDSHAKE_LOST]), 1);
    sessions_finish();
}
END_TEST

START_TEST(suspended_streams_are_counted_until_they_go_on) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_exchange(relayed);
    sessions_cut_links();
    sessions_sweep(_i);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->suspended), 1);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->mux.suspensions), 1);
    two_planes_add_link(&sessions.planes);
    sessions_expect_whole(relayed);
    sessions_sweep(_i);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->suspended), 0);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->mux.resumptions), 1);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->mux.given_up), 0);
    ck_assert_uint_gt(counter_read(&counts_of(_i)->mux.acks), 0);
    sessions_finish();
}
END_TEST

START_TEST(streams_that_are_not_resumed_in_time_are_counted) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_exchange(relayed);
    relayed_carry(&sessions.planes);
    sessions_cut_links();
    sessions_pass(TWO_PLANES_RESUME_MS + 1000);
    relayed_carry(&sessions.planes);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->mux.given_up), 1);
    ck_assert_uint_eq(counter_read(&counts_of(_i)->mux.resumptions), 0);
    sessions_finish();
}
END_TEST

START_TEST(each_kind_and_result_has_a_word_of_its_own) {
    for (int i = 0; i < LINK_KIND_COUNT; i++)
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(link_kind_label((enum link_kind)i), link_kind_label((enum link_kind)k));
    for (int i = 0; i < HANDSHAKE_RESULT_COUNT; i++)
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(handshake_result_label((enum handshake_result)i),
                             handshake_result_label((enum handshake_result)k));
}
END_TEST

static TCase *threads(void) {
    TCase *group = tcase_create("threads");
    tcase_add_loop_test(group, links_are_counted_by_their_kind, SERVER, AGENT + 1);
    tcase_add_test(group, a_link_in_its_handshake_is_unauthenticated);
    tcase_add_loop_test(group, suspended_streams_are_counted_until_they_go_on, SERVER, AGENT + 1);
    tcase_add_loop_test(group, streams_that_are_not_resumed_in_time_are_counted, SERVER, AGENT + 1);
    tcase_add_test(group, each_kind_and_result_has_a_word_of_its_own);
    return group;
}

UNIT_MAIN("relay/plane_counts", threads)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resume: streams whose carrier is lost. Tries carriers.c, too.
 */
#include "config.h"

#include "mux_pair.h"

#include "unit.h"

enum { TIMEOUT_MS = 30000, MANY = 100, THOUSANDS = 5000, SMALL = 100, BULK = 3 * 1024 * 1024 };

static struct pair pair;

static struct mux_counts count_of(int at) {
    struct mux_counts counts;
    mux_count(pair.muxes[at], &counts);
    return counts;
}

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
}

static void end(void) {
    pair_end(&pair);
}

START_TEST(a_stream_goes_on_by_another_carrier) {
    struct wire *first = pair_add_wire(&pair, false);
    pair.agent_sends = BULK;
    pair_open(&pair, BULK);
    pair_run(&pair, 10);
    pair_add_wire(&pair, false);
    wire_lose(first);
    pair_run_until_quiet(&pair, 400);
    party_assert_whole(pair_party(&pair, SERVER, 1), BULK);
    party_assert_whole(pair_party(&pair, AGENT, 1), BULK);
}
END_TEST

START_TEST(a_suspended_stream_waits_for_a_carrier) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 10);
    wire_lose(first);
    ck_assert(mux_stream_is_suspended(&client->stream));
    ck_assert_uint_ge(pair.wanted[AGENT][false], 1);
    pair_run(&pair, 10);
    ck_assert(!client->is_over);
    pair_add_wire(&pair, false);
    pair_run_until_quiet(&pair, 400);
    party_assert_whole(pair_party(&pair, AGENT, 1), BULK);
}
END_TEST

START_TEST(a_stream_that_is_suspended_for_too_long_is_reset_at_both_ends) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 10);
    wire_lose(first);
    pair.skew_us = TIMEOUT_MS * 1000ull + 1000000;
    pair_sweep(&pair);
    ck_assert(client->is_over && client->how == STREAM_HOW_LOST);
    ck_assert(pair_party(&pair, AGENT, 1)->is_over);
    pair_add_wire(&pair, false); /* both send ENDED of a stream that the other has ended, too */
    pair_run(&pair, 20);
}
END_TEST

START_TEST(an_opened_that_was_lost_comes_again_with_its_payload) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, SMALL);
    for (int i = 0; i < 10 && !pair_party(&pair, AGENT, 1); i++)
        pair_step(&pair);
    wire_lose(first);
    ck_assert(!client->is_open);
    ck_assert_uint_eq(client->suspensions, 1);
    pair_add_wire(&pair, false);
    pair_run_until_quiet(&pair, 20);
    ck_assert_str_eq(client->text, "there");
    party_assert_whole(client, 0);
}
END_TEST

START_TEST(a_client_whose_open_was_lost_goes_elsewhere) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, SMALL);
    party_fill(client);
    wire_lose(first);
    pair_add_wire(&pair, false);
    pair_run_until_quiet(&pair, 20);
    ck_assert_uint_eq(client->how, STREAM_HOW_ELSEWHERE);
    ck_assert_ptr_null(pair_party(&pair, AGENT, 1));
    pair_open(&pair, SMALL); /* the next number is seen as usual */
    pair_run_until_quiet(&pair, 20);
    party_assert_whole(pair_party(&pair, AGENT, 2), SMALL);
}
END_TEST

START_TEST(thousands_of_bytes_of_resumptions_wait_for_a_full_carrier) {
    struct wire *first = pair_add_wire(&pair, false);
    for (int i = 0; i < MANY; i++)
        pair_open(&pair, BULK / MANY);
    pair_run(&pair, 4);
    wire_lose(first);
    pair_add_wire(&pair, false)->full_at = 100;
    pair_run_until_quiet(&pair, 400);
    for (uint32_t number = 1; number <= MANY; number++)
        party_assert_whole(pair_party(&pair, AGENT, number), BULK / MANY);
}
END_TEST

static void lose_thousands(struct wire *first) {
    for (int i = 0; i < THOUSANDS; i++)
        pair_open(&pair, SMALL);
    pair.agent_reads = false;
    pair_run(&pair, 20);
    pair_add_wire(&pair, false)->ends[AGENT].is_stuck = true;
    pair.asked_full = 0;
    wire_lose(first);
}

/* Of is_full, which is asked for each stream that is looked at. */
START_TEST(thousands_of_streams_are_resumed_with_work_in_proportion) {
    lose_thousands(pair_add_wire(&pair, false));
    ck_assert_uint_lt(pair.asked_full, 5 * THOUSANDS);
    pair.wires[1].ends[AGENT].is_stuck = false;
    unsigned steps = 0;
    for (; count_of(SERVER).suspended + count_of(AGENT).suspended > 0; steps++)
        pair_run(&pair, 1);
    ck_assert_uint_lt(steps, 20);
    ck_assert_uint_lt(pair.asked_full, 20 * THOUSANDS);
    for (uint32_t number = 1; number <= THOUSANDS; number++)
        pair_party(&pair, AGENT, number)->reads = true;
    pair_run_until_quiet(&pair, 400);
    for (uint32_t number = 1; number <= THOUSANDS; number++)
        party_assert_whole(pair_party(&pair, AGENT, number), SMALL);
}
END_TEST

START_TEST(streams_that_wait_for_an_answer_cost_the_others_no_time) {
    lose_thousands(pair_add_wire(&pair, false));
    pair_add_wire(&pair, false);
    pair.asked_full = 0;
    for (int i = 0; i < MANY; i++) {
        pair_open(&pair, SMALL);
        pair_step(&pair);
    }
    ck_assert_uint_eq(count_of(SERVER).suspended, THOUSANDS);
    ck_assert_uint_lt(pair.asked_full, 10 * THOUSANDS);
    pair.wires[1].ends[AGENT].is_stuck = false;
    for (uint32_t number = 1; number <= pair.highest; number++)
        pair_party(&pair, AGENT, number)->reads = true;
    pair_run_until_quiet(&pair, 400);
}
END_TEST

START_TEST(a_stream_that_is_given_up_may_take_others_along) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *clients[3];
    for (int i = 0; i < 3; i++)
        clients[i] = pair_open(&pair, BULK);
    clients[2]->takes_along = clients[1]; /* the next one of the sweep, and the one behind it */
    clients[1]->takes_along = clients[0];
    pair_run(&pair, 3);
    wire_lose(first);
    pair.skew_us = TIMEOUT_MS * 1000ull + 1000000;
    pair_sweep(&pair);
    for (int i = 0; i < 3; i++)
        ck_assert(clients[i]->is_over);
    pair_add_wire(&pair, false);
    pair_run_until_quiet(&pair, 20);
}
END_TEST

START_TEST(a_sweep_by_an_older_clock_gives_up_nothing) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 3);
    wire_lose(first);
    pair.skew_us = (uint64_t)-1000000; /* a loop's cached time is from before the loss */
    pair_sweep(&pair);
    ck_assert(!client->is_over);
    pair_add_wire(&pair, false);
    pair_run_until_quiet(&pair, 400);
    party_assert_whole(client, 0);
}
END_TEST

START_TEST(bytes_follow_the_answer_to_resume_at_once) {
    struct wire *first = pair_add_wire(&pair, false);
    pair.agent_sends = 2 * FRAME_DATA_MAX;
    pair_open(&pair, SMALL);
    first->ends[SERVER].is_stuck = true;
    pair_run(&pair, 5);
    struct wire *second = pair_add_wire(&pair, false);
    second->ends[SERVER].is_stuck = true; /* so that the server's half of the exchange does not come */
    wire_cut(first, 0, 0);
    wire_notice(first, SERVER);
    pair_run(&pair, 10);
    ck_assert_uint_gt(evbuffer_get_length(second->ends[SERVER].in), 2 * FRAME_DATA_MAX);
    second->ends[SERVER].is_stuck = false;
    wire_notice(first, AGENT);
    pair_run_until_quiet(&pair, 20);
    party_assert_whole(pair_party(&pair, SERVER, 1), 2 * FRAME_DATA_MAX);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_stream_goes_on_by_another_carrier);
    tcase_add_test(group, a_suspended_stream_waits_for_a_carrier);
    tcase_add_test(group, a_stream_that_is_suspended_for_too_long_is_reset_at_both_ends);
    tcase_add_test(group, an_opened_that_was_lost_comes_again_with_its_payload);
    tcase_add_test(group, a_client_whose_open_was_lost_goes_elsewhere);
    tcase_set_timeout(group, 60);
    tcase_add_test(group, thousands_of_streams_are_resumed_with_work_in_proportion);
    tcase_add_test(group, streams_that_wait_for_an_answer_cost_the_others_no_time);
    tcase_add_test(group, a_stream_that_is_given_up_may_take_others_along);
    tcase_add_test(group, a_sweep_by_an_older_clock_gives_up_nothing);
    tcase_add_test(group, bytes_follow_the_answer_to_resume_at_once);
    tcase_add_test(group, thousands_of_bytes_of_resumptions_wait_for_a_full_carrier);
    return group;
}

UNIT_MAIN("relay/mux/resume", all)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_outcomes: what is remembered of streams that are over, and for how long.
 */
#include "config.h"

#include "mux_pair.h"

#include "lib/base/clock.h"
#include "unit.h"

enum { TIMEOUT_MS = 30000, MANY = 100, SMALL = 100, BULK = 3 * 1024 * 1024 };

static struct pair pair;

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
}

static void end(void) {
    pair_end(&pair);
}

START_TEST(an_end_that_was_lost_is_sent_again_by_another_carrier) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 3);
    pair_add_wire(&pair, false);
    party_reset(client);
    wire_cut(first, 0, 0);
    wire_notice(first, SERVER); /* the agent has noticed nothing */
    pair_run(&pair, 20);
    ck_assert(pair_party(&pair, AGENT, 1)->is_over);
    ck_assert_uint_eq(pair_party(&pair, AGENT, 1)->how, STREAM_HOW_RESET);
    wire_notice(first, AGENT);
}
END_TEST

START_TEST(outcomes_are_forgotten_when_the_peer_has_them) {
    struct mux_counts counts;
    pair_add_wire(&pair, false);
    for (int i = 0; i < MANY; i++)
        pair_open(&pair, SMALL);
    pair_run_until_quiet(&pair, 50);
    pair_run(&pair, 40);
    for (int i = 0; i < 2; i++) {
        mux_count(pair.muxes[i], &counts);
        ck_assert_uint_eq(counts.outcomes, 0);
    }
    ck_assert_int_eq(pair.outcomes, 0);
}
END_TEST

START_TEST(an_end_does_not_remember_what_the_peer_has_ended) {
    struct mux_counts counts;
    pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 3);
    party_reset(client);
    for (int i = 0; i < 3; i++)
        pair_step(&pair);
    ck_assert(pair_party(&pair, AGENT, 1)->is_over);
    mux_count(pair.muxes[AGENT], &counts);
    ck_assert_uint_eq(counts.outcomes, 0);
    mux_count(pair.muxes[SERVER], &counts);
    ck_assert_uint_eq(counts.outcomes, 1);
    ck_assert_int_eq(pair.outcomes, 1);
}
END_TEST

/* A peer that sends other frames all the while is not silent. */
START_TEST(a_carrier_whose_ends_are_never_confirmed_is_overdue) {
    struct wire *wire = pair_add_wire(&pair, false);
    struct mux_carrier *carrier = wire->ends[SERVER].carrier;
    party_reset(pair_open(&pair, SMALL));
    wire->ends[AGENT].is_stuck = true;
    uint64_t before_us = clock_us();
    pair_run(&pair, 16);
    ck_assert(!mux_carrier_is_overdue(carrier, before_us + MUX_CONFIRM_MS * 1000ull));
    ck_assert(mux_carrier_is_overdue(carrier, clock_us() + (MUX_CONFIRM_MS + 1) * 1000ull));
    wire->ends[AGENT].is_stuck = false;
    pair_run(&pair, 16);
    ck_assert(!mux_carrier_is_overdue(carrier, UINT64_MAX));
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, an_end_that_was_lost_is_sent_again_by_another_carrier);
    tcase_add_test(group, a_carrier_whose_ends_are_never_confirmed_is_overdue);
    tcase_add_test(group, outcomes_are_forgotten_when_the_peer_has_them);
    tcase_add_test(group, an_end_does_not_remember_what_the_peer_has_ended);
    return group;
}

UNIT_MAIN("relay/mux/outcomes", all)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_byte_rates: reports of irregular length become even means, and what is old is forgotten.
 */
#include "config.h"

#include "server/session/byte_rates.h"
#include "unit.h"

#define S 1000000ULL

static struct byte_rates rates;

static void report(uint64_t from_us, uint64_t until_us, uint64_t up, uint64_t down) {
    byte_rates_add(&rates, &(struct session_bytes){.up = up, .down = down, .from_us = from_us, .until_us = until_us});
}

static void expect_near(double got, double wanted) {
    ck_assert_msg(got > wanted - 3 && got < wanted + 3, "%f instead of %f", got, wanted);
}

START_TEST(a_report_is_spread_over_its_seconds) {
    report(1000 * S + S / 2, 1002 * S + S / 2, 2000, 400);
    expect_near(byte_rates_mean_up(&rates, 1, 1001 * S + BYTE_RATES_DELAY_S * S), 1000);
    expect_near(byte_rates_mean_down(&rates, 1, 1001 * S + BYTE_RATES_DELAY_S * S), 200);
    expect_near(byte_rates_mean_up(&rates, 1, 1000 * S + BYTE_RATES_DELAY_S * S), 500);
    expect_near(byte_rates_mean_up(&rates, 10, 1002 * S + BYTE_RATES_DELAY_S * S), 200);
}
END_TEST

START_TEST(steady_bytes_have_one_rate_whenever_it_is_asked) {
    for (uint64_t i = 0; i < 50; i++)
        report(1000 * S + i * 2100000, 1000 * S + (i + 1) * 2100000, 210000, 0);
    for (uint64_t at = 1070; at < 1100; at++) {
        expect_near(byte_rates_mean_up(&rates, 1, at * S + S / 3), 100000);
        expect_near(byte_rates_mean_up(&rates, 10, at * S + S / 3), 100000);
    }
    expect_near(byte_rates_mean_up(&rates, 60, 1105 * S), 100000);
}
END_TEST

START_TEST(what_is_over_is_no_rate_any_more) {
    report(1000 * S, 1002 * S, 2000, 2000);
    expect_near(byte_rates_mean_up(&rates, 60, 1200 * S), 0);
    report(1000 * S + BYTE_RATES_SECONDS * S, 1001 * S + BYTE_RATES_SECONDS * S, 7000, 0); /* the same slot */
    expect_near(byte_rates_mean_up(&rates, 1, 1000 * S + (BYTE_RATES_SECONDS + BYTE_RATES_DELAY_S) * S), 7000);
    expect_near(byte_rates_mean_up(&rates, 1, 1100 * S), 0);
    expect_near(byte_rates_mean_up(&rates, 1, 1), 0); /* a machine that has just been started */
}
END_TEST

START_TEST(a_report_of_no_time_or_of_a_long_one_is_taken) {
    report(1000 * S, 1000 * S, 500, 0);
    expect_near(byte_rates_mean_up(&rates, 10, 1000 * S + BYTE_RATES_DELAY_S * S), 50);
    report(0, 2000 * S, UINT64_MAX, 0);
    ck_assert(byte_rates_mean_up(&rates, 1, 1999 * S + BYTE_RATES_DELAY_S * S) >= UINT32_MAX);
}
END_TEST

static TCase *means(void) {
    TCase *group = tcase_create("means");

    tcase_add_test(group, a_report_is_spread_over_its_seconds);
    tcase_add_test(group, steady_bytes_have_one_rate_whenever_it_is_asked);
    tcase_add_test(group, what_is_over_is_no_rate_any_more);
    tcase_add_test(group, a_report_of_no_time_or_of_a_long_one_is_taken);
    return group;
}

UNIT_MAIN("server/session/byte_rates", means)

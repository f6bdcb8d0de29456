/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_number_text: numbers as people read them.
 */
#include "config.h"

#include "lib/display/number_text.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

typedef char *form(char text[NUMBER_TEXT], double value);

static void expect(form *write, double value, const char *text) {
    char got[NUMBER_TEXT];

    ck_assert_str_eq(write(got, value), text);
}

START_TEST(what_is_no_number_is_a_dash) {
    static form *const forms[] = {number_count, number_bytes, number_bit_rate, number_rate, number_ms, number_span};

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        expect(forms[i], -1, "-");
        expect(forms[i], (double)NAN, "-");
        expect(forms[i], (double)INFINITY, "-");
    }
}
END_TEST

START_TEST(bytes_and_rates_have_three_digits_and_units_of_a_thousand) {
    expect(number_bytes, 0, "0 B");
    expect(number_bytes, 999, "999 B");
    expect(number_bytes, 999.6, "1.00 kB");
    expect(number_bytes, 1234, "1.23 kB");
    expect(number_bytes, 12345678, "12.3 MB");
    expect(number_bytes, 999500000, "1.00 GB");
    expect(number_bytes, 123e12, "123 TB");
    expect(number_bit_rate, 0, "0 bit/s");
    expect(number_bit_rate, 1250000, "10.0 Mbit/s");
    expect(number_bit_rate, 99.96e6 / 8, "100 Mbit/s");
    expect(number_rate, 0, "0/s");
    expect(number_rate, 0.25, "0.2/s");
    expect(number_rate, 1234.5, "1234/s");
}
END_TEST

START_TEST(counts_have_their_thousands_apart) {
    expect(number_count, 0, "0");
    expect(number_count, 999, "999");
    expect(number_count, 1000, "1,000");
    expect(number_count, 1234567, "1,234,567");
}
END_TEST

START_TEST(times_have_the_unit_that_fits) {
    expect(number_ms, 0.034, "0.03 ms");
    expect(number_ms, 12.34, "12.3 ms");
    expect(number_ms, 999.6, "1.00 s");
    expect(number_ms, 12345, "12.3 s");
    expect(number_ms, 65000, "1m 5s");
    expect(number_span, 0.5, "0s");
    expect(number_span, 59, "59s");
    expect(number_span, 300, "5m");
    expect(number_span, 3 * 3600 + 240, "3h 4m");
    expect(number_span, 12 * 86400 + 3 * 3600, "12d 3h");
}
END_TEST

START_TEST(times_are_read_with_and_without_a_fraction) {
    int64_t ms = 0;

    ck_assert(number_read_time(&ms, "1970-01-01T00:00:01.250Z"));
    ck_assert_int_eq(ms, 1250);
    ck_assert(number_read_time(&ms, "1970-01-02T00:00:00Z"));
    ck_assert_int_eq(ms, 86400000);
    ck_assert(!number_read_time(&ms, NULL));
    ck_assert(!number_read_time(&ms, "yesterday"));
    ck_assert(!number_read_time(&ms, "1970-13-02T00:00:00Z"));
}
END_TEST

START_TEST(people_see_local_time_and_the_date_only_of_what_is_long_ago) {
    char text[NUMBER_TEXT];
    int64_t now_ms = 0;

    unit_set_environment("TZ", "UTC-2"); /* two hours before UTC's */
    tzset();
    ck_assert(number_read_time(&now_ms, "2026-11-29T18:00:00Z"));
    ck_assert_str_eq(number_local_time(text, "2026-11-29T17:55:03.111Z", now_ms), "19:55:03");
    ck_assert_str_eq(number_local_time(text, "2026-11-27T17:55:03Z", now_ms), "2026-11-27 19:55");
    ck_assert_str_eq(number_local_time(text, "2026-11-29T18:01:00Z", now_ms), "20:01:00"); /* what is to come */
    ck_assert_str_eq(number_local_time(text, NULL, now_ms), "-");
    ck_assert_str_eq(number_age(text, "2026-11-29T17:55:00Z", now_ms), "5m");
    ck_assert_str_eq(number_age(text, "2026-11-29T18:00:07Z", now_ms), "0s"); /* the clocks differ */
    ck_assert_str_eq(number_age(text, NULL, now_ms), "-");
}
END_TEST

static TCase *numbers(void) {
    TCase *group = tcase_create("numbers");
    tcase_add_test(group, what_is_no_number_is_a_dash);
    tcase_add_test(group, bytes_and_rates_have_three_digits_and_units_of_a_thousand);
    tcase_add_test(group, counts_have_their_thousands_apart);
    tcase_add_test(group, times_have_the_unit_that_fits);
    tcase_add_test(group, times_are_read_with_and_without_a_fraction);
    tcase_add_test(group, people_see_local_time_and_the_date_only_of_what_is_long_ago);
    return group;
}

UNIT_MAIN("lib/display/number_text", numbers)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_date: the calendar there and back, against libc's, and what is no date.
 */
#include "config.h"

#include "unit.h"

#include "lib/base/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

START_TEST(dates_come_back_and_agree_with_libc) {
    static const long long moments[] = {0,          1,          86399,      86400,      951782399,   951782400,
                                        951868800,  1078012800, 1709164800, 1709251199, 1709251200,  1798761599,
                                        1798761600, 2147483647, 4102444800, 4107542400, 253402300799};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        time_t moment = (time_t)moments[i], got = -1;
        struct tm parts;
        char text[DATE_TEXT], right[64];
        date_format(moment, text);
        if (gmtime_r(&moment, &parts)) { /* that of Windows ends with the year 3000 */
            strftime(right, sizeof right, "%Y-%m-%dT%H:%M:%SZ", &parts);
            ck_assert_str_eq(text, right);
        }
        ck_assert(date_parse(&got, text));
        ck_assert_int_eq(got, moment);
    }
}
END_TEST

START_TEST(every_day_of_a_century_comes_back) {
    for (long day = 0; day < 50000; day++) {
        time_t moment = (time_t)day * 86400, got = -1;
        char text[DATE_TEXT];
        ck_assert(date_parse(&got, date_format(moment, text)));
        ck_assert_int_eq(got, moment);
    }
}
END_TEST

START_TEST(a_day_alone_is_its_first_second) {
    time_t day, second;
    ck_assert(date_parse(&day, "2027-01-31"));
    ck_assert(date_parse(&second, "2027-01-31T00:00:00Z"));
    ck_assert_int_eq(day, second);
}
END_TEST

START_TEST(what_is_no_date_is_refused) {
    static const char *const bad[] = {"",
                                      "tomorrow",
                                      "2027",
                                      "2027-13-01",
                                      "2027-00-10",
                                      "2027-02-29",
                                      "2100-02-29",
                                      "2027-01-32",
                                      "2027-01-00",
                                      "1969-12-31",
                                      "2027-1-1",
                                      "2027-01-31 ",
                                      "2027-01-31T00:00:00",
                                      "2027-01-31T24:00:00Z",
                                      "2027-01-31T00:60:00Z",
                                      "2027-01-31T00:00:60Z",
                                      "2027-01-31T00:00:00+01:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        time_t moment = 42;
        ck_assert_msg(!date_parse(&moment, bad[i]), "taken: %s", bad[i]);
        ck_assert_int_eq(moment, 42);
    }
    time_t leap;
    ck_assert(date_parse(&leap, "2028-02-29"));
}
END_TEST

START_TEST(spans_have_units) {
    static const struct {
        const char *text;
        time_t seconds;
    } good[] = {{"1s", 1}, {"30m", 1800}, {"12h", 43200}, {"90d", 7776000}, {"2w", 1209600}, {"36500d", 3153600000}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        time_t seconds;
        ck_assert_msg(date_parse_span(&seconds, good[i].text), "%s", good[i].text);
        ck_assert_int_eq(seconds, good[i].seconds);
    }
    static const char *const bad[] = {"",   "d",  "90",  "90 d",   "-1d",
                                      "0d", "1y", "1dd", "36501d", "99999999999999999999d"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        time_t seconds;
        ck_assert_msg(!date_parse_span(&seconds, bad[i]), "taken: %s", bad[i]);
    }
}
END_TEST

static TCase *dates(void) {
    TCase *group = tcase_create("dates");
    tcase_add_test(group, dates_come_back_and_agree_with_libc);
    tcase_add_test(group, every_day_of_a_century_comes_back);
    tcase_add_test(group, a_day_alone_is_its_first_second);
    tcase_add_test(group, what_is_no_date_is_refused);
    tcase_add_test(group, spans_have_units);
    return group;
}

UNIT_MAIN("lib/base/date", dates)

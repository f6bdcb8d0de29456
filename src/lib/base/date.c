/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * date: the calendar in UTC, without the parts of libc that differ by system.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/date.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, YEAR_DAYS = 365, SPAN_YEARS = 100 };

struct calendar {
    int year, month, day, hour, minute, second;
};

/* Days from 1970-01-01; years begin in March, so that the leap day is the last of one. */
static long days_before(int year, int month, int day) {
    int from_march = month > 2 ? year : year - 1;
    int months = month > 2 ? month - 3 : month + 9;
    long days = 365L * from_march + from_march / 4 - from_march / 100 + from_march / 400;
    return days + (153 * months + 2) / 5 + day - 1 - 719468;
}

static int days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool is_in_calendar(const struct calendar *at) {
    return at->year >= 1970 && at->year <= 9999 && at->month >= 1 && at->month <= 12 && at->day >= 1 &&
           at->day <= days_in(at->year, at->month) && at->hour >= 0 && at->hour < 24 && at->minute >= 0 &&
           at->minute < 60 && at->second >= 0 && at->second < 60;
}

/* `form` holds 0 for each digit; the rest must be there as it is. */
static bool has_form(const char *text, const char *form) {
    for (; *form; form++, text++)
        if (*form == '0' ? !isdigit((unsigned char)*text) : *text != *form)
            return false;
    return *text == '\0';
}

static int digits_at(const char *text, int count) {
    int value = 0;
    for (int i = 0; i < count; i++)
        value = 10 * value + (text[i] - '0');
    return value;
}

bool date_parse(time_t *moment, const char *text) {
    bool with_time = has_form(text, "0000-00-00T00:00:00Z");
    if (!with_time && !has_form(text, "0000-00-00"))
        return false;
    struct calendar at = {digits_at(text, 4), digits_at(text + 5, 2), digits_at(text + 8, 2), 0, 0, 0};
    if (with_time) {
        at.hour = digits_at(text + 11, 2);
        at.minute = digits_at(text + 14, 2);
        at.second = digits_at(text + 17, 2);
    }
    if (!is_in_calendar(&at))
        return false;
    *moment =
        (time_t)days_before(at.year, at.month, at.day) * DAY_S + at.hour * HOUR_S + at.minute * MINUTE_S + at.second;
    return true;
}

char *date_format(time_t moment, char text[DATE_TEXT]) {
    long days = (long)(moment / DAY_S);
    long rest = (long)(moment % DAY_S);
    int year = 1970 + (int)(days / 366), month = 1; /* no later than the right one */
    while (days_before(year + 1, 1, 1) <= days)
        year++;
    while (month < 12 && days_before(year, month + 1, 1) <= days)
        month++;
    snprintf(text, DATE_TEXT, "%04d-%02d-%02dT%02ld:%02ld:%02ldZ", year, month,
             (int)(days - days_before(year, month, 1)) + 1, rest / HOUR_S, rest % HOUR_S / MINUTE_S, rest % MINUTE_S);
    return text;
}

bool date_parse_span(time_t *seconds, const char *text) {
    static const struct {
        char letter;
        long seconds;
    } units[] = {{'s', 1}, {'m', MINUTE_S}, {'h', HOUR_S}, {'d', DAY_S}, {'w', 7 * DAY_S}};
    size_t digits = strspn(text, "0123456789");
    if (digits < 1 || digits > 10 || strlen(text) != digits + 1)
        return false;
    long long count = strtoll(text, NULL, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (text[digits] == units[i].letter) {
            long long span = count * units[i].seconds;
            *seconds = (time_t)span;
            return span > 0 && span <= (long long)SPAN_YEARS * YEAR_DAYS * DAY_S;
        }
    return false;
}

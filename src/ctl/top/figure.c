/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * figure: see figure.h.
 */
#include "config.h"

#include "ctl/top/figure.h"

#include "ctl/answer.h"

#include <stdio.h>
#include <time.h>

double figure_time(const json_t *object, const char *path) {
    int64_t ms;

    return number_read_time(&ms, answer_text(object, path, NULL)) ? (double)ms / 1000 : FIGURE_NONE;
}

/* ---- numbers ---- */

static bool is_none(char *to, double number) {
    if (number >= 0)
        return false;
    snprintf(to, FIGURE_TEXT, "-");
    return true;
}

/* What is more than nothing must not look like nothing. */
static char *tenths(char *to, double number) {
    if (is_none(to, number))
        return to;
    if (number > 0 && number < 0.05)
        snprintf(to, FIGURE_TEXT, "<0.1");
    else
        snprintf(to, FIGURE_TEXT, number > 0 ? "%.1f" : "0", number);
    return to;
}

char *figure_rate(char *to, double bytes_per_s) {
    return tenths(to, bytes_per_s < 0 ? bytes_per_s : bytes_per_s * 8 / 1e6);
}

char *figure_per_s(char *to, double count) {
    return tenths(to, count);
}

char *figure_ms(char *to, double ms) {
    if (is_none(to, ms))
        return to;
    snprintf(to, FIGURE_TEXT, ms < 99.95 ? "%.1f" : "%.0f", ms);
    return to;
}

/* ---- times ---- */

static char *format_time(char *to, double moment, double now, bool has_seconds) {
    time_t then = (time_t)moment, today = (time_t)now;
    struct tm parts, today_parts;
    char date[16] = "", clock[16];

    if (is_none(to, moment) || !localtime_r(&then, &parts) || !localtime_r(&today, &today_parts))
        return to;
    if (parts.tm_yday != today_parts.tm_yday || parts.tm_year != today_parts.tm_year)
        strftime(date, sizeof date, "%Y-%m-%d ", &parts);
    strftime(clock, sizeof clock, "%H:%M:%S", &parts);
    snprintf(to, FIGURE_TEXT, "%s%.*s", date, has_seconds ? 8 : 5, clock);
    return to;
}

char *figure_clock(char *to, double moment, double now) {
    return format_time(to, moment, now, true);
}

char *figure_minute(char *to, double moment, double now) {
    return format_time(to, moment, now, false);
}

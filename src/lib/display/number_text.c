/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * number_text: see number_text.h.
 */
#include "config.h"

#include "lib/display/number_text.h"

#include "lib/base/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, RECENT_MS = 20 * 3600 * 1000, DATE_LENGTH = 19 };
static const double most = 9e15; /* whole numbers are exact up to there */

static char *none(char text[NUMBER_TEXT]) {
    snprintf(text, NUMBER_TEXT, "-");
    return text;
}

/* NaN is no number either. */
static bool is_number(double value) {
    return value >= 0 && value <= most;
}

char *number_count(char text[NUMBER_TEXT], double count) {
    char digits[NUMBER_TEXT];
    size_t used = 0;

    if (!is_number(count))
        return none(text);
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)(count + 0.5));
    for (int i = 0; i < length && used + 2 < NUMBER_TEXT; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

/* Three digits. What rounds up to 1000 belongs to the next unit. */
static char *with_unit(char text[NUMBER_TEXT], double value, const char *unit) {
    static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
    size_t prefix = 0;

    while (value >= 999.5 && prefix + 1 < sizeof prefixes / sizeof *prefixes) {
        value /= 1000;
        prefix++;
    }
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text, NUMBER_TEXT, "%.*f %s%s", prefix ? decimals : 0, value, prefixes[prefix], unit);
    return text;
}

char *number_bytes(char text[NUMBER_TEXT], double bytes) {
    return is_number(bytes) ? with_unit(text, bytes, "B") : none(text);
}

char *number_bit_rate(char text[NUMBER_TEXT], double bytes_per_s) {
    return is_number(bytes_per_s) ? with_unit(text, bytes_per_s * 8, "bit/s") : none(text);
}

char *number_rate(char text[NUMBER_TEXT], double per_s) {
    if (!is_number(per_s))
        return none(text);
    snprintf(text, NUMBER_TEXT, "%.*f/s", per_s > 0 && per_s < 99.95 ? 1 : 0, per_s);
    return text;
}

char *number_ms(char text[NUMBER_TEXT], double ms) {
    if (!is_number(ms))
        return none(text);
    if (ms >= MINUTE_S * 1000.0)
        return number_span(text, ms / 1000);
    if (ms >= 999.5)
        snprintf(text, NUMBER_TEXT, "%.*f s", ms < 9995 ? 2 : 1, ms / 1000);
    else
        snprintf(text, NUMBER_TEXT, "%.*f ms", ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0, ms);
    return text;
}

char *number_span(char text[NUMBER_TEXT], double seconds) {
    if (!is_number(seconds))
        return none(text);
    unsigned long long whole = (unsigned long long)seconds;
    const struct {
        unsigned unit, part;
        const char *name, *part_name;
    } forms[] = {{DAY_S, HOUR_S, "d", "h"}, {HOUR_S, MINUTE_S, "h", "m"}, {MINUTE_S, 1, "m", "s"}, {1, 1, "s", ""}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        unsigned long long part = whole % forms[i].unit / forms[i].part;
        if (whole < forms[i].unit && forms[i].unit > 1)
            continue;
        snprintf(text, NUMBER_TEXT, part ? "%llu%s %llu%s" : "%llu%s", whole / forms[i].unit, forms[i].name, part,
                 forms[i].part_name);
        break;
    }
    return text;
}

bool number_read_time(int64_t *ms, const char *time) {
    char whole[DATE_LENGTH + 2];
    time_t moment;

    if (!time || strlen(time) <= DATE_LENGTH)
        return false;
    snprintf(whole, sizeof whole, "%.*sZ", DATE_LENGTH, time);
    if (!date_parse(&moment, whole))
        return false;
    double fraction = time[DATE_LENGTH] == '.' ? strtod(time + DATE_LENGTH, NULL) : 0;
    *ms = (int64_t)moment * 1000 + (int64_t)(fraction * 1000);
    return true;
}

char *number_local_time(char text[NUMBER_TEXT], const char *time, int64_t now_ms) {
    int64_t ms;
    struct tm parts;

    if (!number_read_time(&ms, time))
        return none(text);
    time_t seconds = (time_t)(ms / 1000);
    bool is_recent = llabs(now_ms - ms) < RECENT_MS;
    if (!localtime_r(&seconds, &parts) ||
        !strftime(text, NUMBER_TEXT, is_recent ? "%H:%M:%S" : "%Y-%m-%d %H:%M", &parts))
        return none(text);
    return text;
}

char *number_age(char text[NUMBER_TEXT], const char *time, int64_t now_ms) {
    int64_t ms;

    if (!number_read_time(&ms, time))
        return none(text);
    return number_span(text, now_ms > ms ? (double)(now_ms - ms) / 1000 : 0);
}

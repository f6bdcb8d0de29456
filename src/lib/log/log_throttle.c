/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* log_throttle: see log_throttle.h. */
#include "config.h"

#include "lib/log/log_throttle.h"

#include <stdio.h>

enum { FIELDS_MAX = 4 };

static void remember(struct log_throttle *throttle, enum log_level level, const char *who, const char *what) {
    throttle->level = level;
    snprintf(throttle->who, sizeof throttle->who, "%s", who);
    snprintf(throttle->what, sizeof throttle->what, "%s", what);
}

void log_throttle_event(struct log_throttle *throttle, struct log *log, enum log_level level, const char *who,
                        const char *what, const char *detail, const struct addr *from) {
    struct log_field fields[FIELDS_MAX] = {LOG_END}, *field = fields;
    char text[ADDR_TEXT];
    unsigned skipped = 0;

    if (!log_enabled(log, level))
        return;
    if (!log_limit_allows(&throttle->limit, throttle->a_minute, &skipped)) {
        remember(throttle, level, who, what);
        return;
    }
    if (detail)
        *field++ = LOG_TEXT("detail", detail);
    if (from)
        *field++ = LOG_TEXT("from", addr_format(from, text, sizeof text));
    if (skipped)
        *field++ = LOG_NUMBER("left_out", skipped);
    *field = LOG_END;
    log_event(log, level, who, what, fields);
}

void log_throttle_flush(struct log_throttle *throttle, struct log *log) {
    struct log_limit limit = throttle->limit;
    unsigned skipped = 0;

    if (!limit.skipped || !log_limit_allows(&limit, throttle->a_minute, &skipped)) /* the minute is not over */
        return;
    throttle->limit = limit;
    log_event(log, throttle->level, throttle->who, throttle->what, LOG_FIELDS(LOG_NUMBER("left_out", skipped)));
}

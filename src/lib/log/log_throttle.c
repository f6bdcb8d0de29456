/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_throttle: see log_throttle.h.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/log/log_throttle.h"

#include <stdio.h>

enum { FIELDS_MAX = 4 };

static void complain_leave_out(struct log_throttle *complaint, enum log_level level, const char *who,
                               const char *what) {
    complaint->level = level;
    snprintf(complaint->who, sizeof complaint->who, "%s", who);
    snprintf(complaint->what, sizeof complaint->what, "%s", what);
}

void log_throttle_event(struct log_throttle *complaint, struct log *log, enum log_level level, const char *who,
                        const char *what, const char *why, const struct addr *from) {
    struct log_field fields[FIELDS_MAX] = {LOG_END}, *field = fields;
    char text[ADDR_TEXT];
    unsigned skipped = 0;

    if (!log_enabled(log, level))
        return;
    if (!log_limit_allows(&complaint->limit, complaint->a_minute, &skipped)) {
        complain_leave_out(complaint, level, who, what);
        return;
    }
    if (why)
        *field++ = LOG_TEXT("why", why);
    if (from)
        *field++ = LOG_TEXT("from", addr_format(from, text, sizeof text));
    if (skipped)
        *field++ = LOG_NUMBER("left_out", skipped);
    *field = LOG_END;
    log_event(log, level, who, what, fields);
}

void log_throttle_flush(struct log_throttle *complaint, struct log *log) {
    struct log_limit limit = complaint->limit;
    unsigned skipped = 0;

    if (!limit.skipped || !log_limit_allows(&limit, complaint->a_minute, &skipped)) /* the minute is not over */
        return;
    complaint->limit = limit;
    log_event(log, complaint->level, complaint->who, complaint->what, LOG_FIELDS(LOG_NUMBER("left_out", skipped)));
}

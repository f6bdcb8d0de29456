/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * complain: see complain.h.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/complain.h"

void complain(struct complaint *complaint, struct log *log, enum log_level level, const char *who, const char *what,
              const char *why, const struct addr *from) {
    char text[ADDR_TEXT];
    unsigned skipped = 0;

    if (!log_enabled(log, level) || !log_limit_allows(&complaint->limit, complaint->a_minute, &skipped))
        return;
    addr_format(from, text, sizeof text);
    if (skipped)
        log_write(log, level, who, "%u more lines like the next were left out", skipped);
    if (why)
        log_event(log, level, who, what, LOG_FIELDS(LOG_TEXT("why", why), LOG_TEXT("from", text)));
    else
        log_event(log, level, who, what, LOG_FIELDS(LOG_TEXT("from", text)));
}

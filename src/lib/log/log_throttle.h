/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_throttle: log lines that strangers could make loop: a few a minute, then only how many there would have been.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_LOG_LOG_THROTTLE_H
#define MUNNEL_LIB_LOG_LOG_THROTTLE_H

#include "lib/log/log.h"
#include "lib/net/addr.h"

struct log_throttle {
    struct log_limit limit; /* all zero at first */
    unsigned a_minute;
    enum log_level level; /* the last that was left out */
    char who[80], what[96];
};

/* One line "WHO  WHAT why=... from=... left_out=..."; `why` and `from` may be NULL. */
void log_throttle_event(struct log_throttle *complaint, struct log *log, enum log_level level, const char *who,
                        const char *what, const char *why, const struct addr *from);

/* To be called now and then: what was left out in a minute that is over is counted, if no other line has said so. */
void log_throttle_flush(struct log_throttle *complaint, struct log *log);

#endif

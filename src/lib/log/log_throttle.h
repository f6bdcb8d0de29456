/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_throttle: limits log lines that unauthenticated peers can cause: a few a minute, then only their number.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_LOG_LOG_THROTTLE_H
#define MUNNEL_LIB_LOG_LOG_THROTTLE_H

#include "lib/log/log.h"
#include "lib/net/addr.h"

struct log_throttle {
    struct log_limit limit; /* all zero at first */
    unsigned a_minute;
    enum log_level level; /* of the last line that was left out */
    char who[80], what[96];
};

/* One line "WHO  WHAT detail=... from=... left_out=..."; `detail` and `from` may be NULL. */
void log_throttle_event(struct log_throttle *throttle, struct log *log, enum log_level level, const char *who,
                        const char *what, const char *detail, const struct addr *from);

/* To be called periodically: logs how many lines were left out in a minute that is over, if no later line did. */
void log_throttle_flush(struct log_throttle *throttle, struct log *log);

#endif

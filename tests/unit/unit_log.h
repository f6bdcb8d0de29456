/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit_log: a log into a file of the test's folder, unit_path("log").
 */
#ifndef MUNNEL_TESTS_UNIT_LOG_H
#define MUNNEL_TESTS_UNIT_LOG_H

#include "lib/log/log.h"

struct log *unit_log(enum log_level level);  /* the test's, to be freed by log_free */
void unit_expect_logged(const char *wanted); /* complete once the log was freed */

#endif

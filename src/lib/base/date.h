/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * date: moments and spans as people write them in files and on command lines.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_DATE_H
#define MUNNEL_LIB_BASE_DATE_H

#include <stdbool.h>
#include <time.h>

enum { DATE_TEXT = 48 };

/* "2027-01-31T12:00:00Z" or "2027-01-31" (its first second), in UTC, from 1970 to 9999. */
bool date_parse(time_t *moment, const char *text);
char *date_format(time_t moment, char text[DATE_TEXT]); /* "2027-01-31T12:00:00Z"; returns it */

/* "90d", "12h", "30m", "45s", "2w", from a second to a hundred years. */
bool date_parse_span(time_t *seconds, const char *text);

#endif

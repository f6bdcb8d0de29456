/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * figure: numbers and times for columns whose titles have the unit; number_text.h has those with a unit.
 *
 * A number that is not there is FIGURE_NONE and is written as "-".
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_FIGURE_H
#define MUNNEL_CTL_TOP_FIGURE_H

#include "lib/display/number_text.h"

#include <jansson.h>

enum { FIGURE_TEXT = 64 };
#define FIGURE_NONE (-1.0)

double figure_time(const json_t *object, const char *path); /* an RFC 3339 time in seconds since 1970 */

/* Each writes FIGURE_TEXT bytes at most and returns `to`. */
char *figure_rate(char *to, double bytes_per_s); /* Mbit/s: 61.2 */
char *figure_per_s(char *to, double count);      /* 18.9 */
char *figure_ms(char *to, double ms);            /* 33.4 */
/* Local time: 10:42:17, with the date in front where it is another day than that of `now`. */
char *figure_clock(char *to, double moment, double now);
char *figure_minute(char *to, double moment, double now); /* 10:42, likewise */

#endif

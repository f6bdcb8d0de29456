/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * number_text: numbers as people read them: three digits and a unit of thousands.
 *
 * All write into `text` and return it; a negative number or one that is none is "-".
 * Runs on: the main thread, which is the only one to print. Owns: nothing.
 */
#ifndef MUNNEL_LIB_DISPLAY_NUMBER_TEXT_H
#define MUNNEL_LIB_DISPLAY_NUMBER_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { NUMBER_TEXT = 40 };

char *number_count(char text[NUMBER_TEXT], double count);          /* "12,345" */
char *number_bytes(char text[NUMBER_TEXT], double bytes);          /* "1.23 MB" */
char *number_bit_rate(char text[NUMBER_TEXT], double bytes_per_s); /* "9.84 Mbit/s" */
char *number_rate(char text[NUMBER_TEXT], double per_s);           /* "12.3/s" */
char *number_ms(char text[NUMBER_TEXT], double ms);        /* "0.12 ms", "1.5 s", and as a span from a minute on */
char *number_span(char text[NUMBER_TEXT], double seconds); /* "45s", "12m 5s", "3h", "12d 3h" */

/* RFC 3339 in UTC, with or without a fraction, to milliseconds since 1970. False: it is none. */
bool number_read_time(int64_t *ms, const char *time);
/* In the local zone: "17:55:03" within 20 hours, else "2026-11-29 17:55"; "-" for NULL. */
char *number_local_time(char text[NUMBER_TEXT], const char *time, int64_t now_ms);
char *number_age(char text[NUMBER_TEXT], const char *time, int64_t now_ms); /* a span since then */

#endif

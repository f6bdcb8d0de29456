/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * strbuf: builds short texts without printf, which would cost more than the rest of a log line or message that each
 * connection causes.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_STRBUF_H
#define MUNNEL_LIB_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STRBUF_DIGITS = 20 }; /* of the largest number */

struct strbuf {
    char *bytes; /* always terminated */
    size_t size, length;
    bool is_cut; /* something did not fit, and nothing follows */
};

struct strbuf strbuf_begin(char *bytes, size_t size); /* an empty one; size: with the terminator, at least 1 */
void strbuf_add(struct strbuf *text, const char *more);
void strbuf_add_part(struct strbuf *text, const char *more, size_t most); /* `most` bytes of it, or fewer */
void strbuf_add_number(struct strbuf *text, uint64_t number);

/* Copies what fits. */
void strbuf_copy(char *to, size_t size, const char *from);

/* Writes the digits of a number to the end of `digits`, without terminator; returns how many. */
size_t strbuf_digits(char digits[STRBUF_DIGITS], uint64_t number);

#endif

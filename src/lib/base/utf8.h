/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * utf8: characters in texts from outside.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_UTF8_H
#define MUNNEL_LIB_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text`, which is terminated; 0 if it is none: overlong, a surrogate, too large, cut, or the
 * end. */
size_t utf8_length(const char *text);
uint32_t utf8_decode(const char *text, size_t length); /* the character at `text`, which utf8_length() has measured */
bool utf8_is_control(const char *text);                /* is the character at `text` of C0, DEL or C1? */
bool utf8_is_clean(const char *text);                  /* all of it is UTF-8 without control characters */

#endif

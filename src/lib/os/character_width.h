/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * character_width: what a terminal makes of a character. On POSIX systems by the locale, which must be set.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_OS_CHARACTER_WIDTH_H
#define MUNNEL_LIB_OS_CHARACTER_WIDTH_H

#include <stdbool.h>
#include <stdint.h>

bool character_set_is_utf8(void); /* does what is printed have to be UTF-8? */

/* Columns of a Unicode character, where character_set_is_utf8(): 2 if it is wide, 0 if it is joined to the one before;
 * -1: the system does not know it. */
int character_width(uint32_t character);

#endif

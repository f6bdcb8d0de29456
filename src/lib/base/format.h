/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * format: lets the compiler check the arguments of our own functions that print.
 * Runs on: no thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_FORMAT_H
#define MUNNEL_LIB_BASE_FORMAT_H

/*
 * PRINTF_LIKE(FORMAT, FIRST), behind a prototype or before a definition: the number of the parameter that is a format
 * as of printf(3), and of its first argument; 0: they are a va_list. On Windows gcc's "printf" is msvcrt's, which knows
 * neither %zu nor %llu; what is called there is mingw's, which is C11's as everywhere.
 */
#ifdef __MINGW32__
#define PRINTF_LIKE(format_at, first) __attribute__((format(gnu_printf, format_at, first)))
#else
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))
#endif

#endif

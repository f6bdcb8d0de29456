/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_error: why a call of Windows failed (GetLastError), in its own words. Only files of Windows include it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_SYSTEM_ERROR_H
#define MUNNEL_LIB_BASE_SYSTEM_ERROR_H

enum { SYSTEM_ERROR_TEXT = 300 };

/* "Access is denied (5)", or the number alone where there are no words. Returns `text`. */
char *system_error_text(unsigned long number, char text[SYSTEM_ERROR_TEXT]);

#endif

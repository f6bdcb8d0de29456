/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_errno: what errno a failed call of Windows would have set elsewhere. Only files of Windows include it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_SYSTEM_ERRNO_H
#define MUNNEL_LIB_BASE_SYSTEM_ERRNO_H

#include "lib/base/system_error.h"

/* Sets errno by GetLastError(), which stays; EIO for what has no number of its own. Returns -1. */
int system_errno_set(void);
/* What errno means; for EIO, which says nothing, what GetLastError() does. errno stays. */
const char *system_errno_text(char text[SYSTEM_ERROR_TEXT]);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lock: one program at a time changes the agents file, or one of end-to-end keys.
 * Runs on: a tool's only thread, the server's control thread. Owns: nothing; a lock is the caller's until
 * lock_release().
 */
#ifndef MUNNEL_CONF_LOCK_H
#define MUNNEL_CONF_LOCK_H

#include "lib/base/error.h"

#include <stdbool.h>

enum { LOCK_NONE = -1 };

/*
 * Waits until another holder releases it. The file's folder is locked, because the file itself is replaced. Returns the
 * lock, or LOCK_NONE with `error`.
 */
int lock_folder_of(const char *path, struct error *error);
/* The same without waiting: *is_busy, with `error`, if another has it. */
int lock_try_folder_of(const char *path, bool *is_busy, struct error *error);
void lock_release(int lock); /* LOCK_NONE: nothing */

#endif

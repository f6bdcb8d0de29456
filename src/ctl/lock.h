/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lock: one tool at a time changes the agents file.
 * Runs on: the tool's only thread. Owns: nothing; a lock is the caller's until lock_release().
 */
#ifndef MUNNEL_CTL_LOCK_H
#define MUNNEL_CTL_LOCK_H

#include "lib/base/error.h"

enum { LOCK_NONE = -1 };

/*
 * Waits until another holder releases it. The file's folder is locked, because the file itself is replaced. Returns the
 * lock, or LOCK_NONE with `error`.
 */
int lock_folder_of(const char *path, struct error *error);
void lock_release(int lock); /* LOCK_NONE: nothing */

#endif

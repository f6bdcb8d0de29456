/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * error: the text of an error, for the person who reads it.
 *
 * A library part fills one in and returns failure; the edge (main, the log)
 * prints it. Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_ERROR_H
#define MUNNEL_LIB_BASE_ERROR_H

#include "lib/base/format.h"

#include <stdbool.h>

struct error {
    char text[512]; /* always terminated; empty while nothing is wrong */
};

/*
 * Sets the text, cut where it does not fit; the old text may be among the arguments. `error` may be NULL. Returns -1,
 * so that `return error_set(...)` reads well.
 */
int error_set(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* What an errno means, "Connection refused", for every number that this system's calls or our own may set. */
const char *error_text(int number);
bool error_is_disk_full(int number); /* or the user's part of it is */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * nearest: which known word somebody who mistyped may have meant.
 * Runs on: any thread. Owns: nothing; the words stay the caller's.
 */
#ifndef MUNNEL_CONF_NEAREST_H
#define MUNNEL_CONF_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* what was written */
    const char *best; /* the closest so far, or NULL while nothing is close enough */
    size_t distance;
};

struct nearest nearest_to(const char *word);
void nearest_consider(struct nearest *nearest, const char *candidate);

#endif

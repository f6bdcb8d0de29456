/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * suggest: the known word that is closest to a mistyped one.
 * Runs on: any thread. Owns: nothing; the words stay the caller's.
 */
#ifndef MUNNEL_CONF_SUGGEST_H
#define MUNNEL_CONF_SUGGEST_H

#include <stddef.h>

struct suggestion {
    const char *word; /* what was written */
    const char *best; /* the closest so far, or NULL while nothing is close enough */
    size_t distance;
};

struct suggestion suggest_for(const char *word);
void suggest_consider(struct suggestion *nearest, const char *candidate);

#endif

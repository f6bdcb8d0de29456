/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * once: top without a terminal: the head and one table, as text or as JSON.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_ONCE_H
#define MUNNEL_CTL_TOP_ONCE_H

#include "ctl/top/top.h"

#include <stdio.h>

struct once {
    FILE *file;
    size_t limit;   /* rows at most; 0: all */
    unsigned width; /* of the terminal; 0: lines of any length */
};

/* Both return 0, or -1 with error. `top` has been answered. */
int once_print(struct top *top, const struct once *once, struct error *error);
/* {"status": ..., "services": [...]}: the API's own objects, filtered and sorted as the rows are. */
int once_print_json(const struct top *top, const struct once *once, struct error *error);

#endif

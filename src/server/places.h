/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * places: where to listen, as somebody wrote it, turned into socket addresses; names are looked up.
 * Runs on: start only, it may block. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_PLACES_H
#define MUNNEL_SERVER_PLACES_H

#include "lib/addr.h"

enum { PLACES_MAX = 16 };

struct places {
    struct addr addresses[PLACES_MAX];
    int count;
    bool every; /* "*:80": one address per family, of which this machine need not have all */
};

/* Returns 0, or -1 with `error` that names what was written. */
int places_find(struct places *places, const char *text, struct error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * rates: how much an agent relays, as means of the last second, 10 seconds and minute.
 * Runs on: the control thread. Owns: nothing; all zero is a new one.
 */
#ifndef MUNNEL_AGENT_ADMIN_RATES_H
#define MUNNEL_AGENT_ADMIN_RATES_H

#include "relay/plane.h"

#include <jansson.h>

enum rates_series { RATES_IN, RATES_OUT, RATES_NEW, RATES_SERIES }; /* client to destination, back, relays */
enum { RATES_SECONDS = 60 };

struct rates {
    unsigned count, next;                             /* of totals */
    uint64_t totals[RATES_SECONDS + 1][RATES_SERIES]; /* a ring, one for each second */
};

void rates_add(struct rates *rates, const struct plane *plane);          /* each second */
json_t *rates_json(const struct rates *rates, enum rates_series series); /* a second; NULL: out of memory */

#endif

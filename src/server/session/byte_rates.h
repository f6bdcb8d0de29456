/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * byte_rates: how many bytes of an agent's relays moved in each of the last seconds.
 *
 * The relay threads report every two seconds or so what has moved since (session_bytes), which is spread evenly over
 * these seconds. So the last BYTE_RATES_DELAY_S seconds are not complete, and the means are of those before.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SESSION_BYTE_RATES_H
#define MUNNEL_SERVER_SESSION_BYTE_RATES_H

#include "relay/plane.h"

enum { BYTE_RATES_SECONDS = 64, BYTE_RATES_DELAY_S = 3 };

struct byte_rates {  /* all zero at first */
    uint64_t newest; /* second of the newest slot */
    uint32_t up[BYTE_RATES_SECONDS], down[BYTE_RATES_SECONDS];
};

void byte_rates_add(struct byte_rates *rates, const struct session_bytes *bytes);
/* Bytes a second, as the mean of so many seconds: 60 at most. */
double byte_rates_mean_up(const struct byte_rates *rates, unsigned seconds, uint64_t now_us);
double byte_rates_mean_down(const struct byte_rates *rates, unsigned seconds, uint64_t now_us);

#endif

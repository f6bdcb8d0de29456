/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * backoff: how long to wait before the next attempt.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_BACKOFF_H
#define MUNNEL_AGENT_UPSTREAM_BACKOFF_H

#include <stdint.h>

struct backoff {
    unsigned first_ms;   /* the first wait is anything up to this */
    unsigned longest_ms; /* and none is longer than this */
    unsigned failures;   /* in a row */
};

void backoff_reset(struct backoff *backoff); /* it worked: the next wait is a first one */

/*
 * The next wait in ms. The first is spread over 0 to first_ms, so that the agents of a server that was restarted do not
 * come all at once; then it doubles up to longest_ms, and jitter takes away up to a quarter, never adds.
 * `random` is any 32 random bits.
 */
unsigned backoff_next(struct backoff *backoff, uint32_t random);

#endif

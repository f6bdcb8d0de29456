/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * deadline: how long a test waits for an event before it fails.
 *
 * Limits are written for a plain build; MUNNEL_SLOW=4 in the environment stretches them all for slow ones (sanitizers).
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SCENARIO_DEADLINE_H
#define MUNNEL_SCENARIO_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

uint64_t now_ms(void);                     /* monotonic */
unsigned slow_factor(void);                /* of MUNNEL_SLOW; 1 without */
uint64_t deadline_in(unsigned ms);         /* the moment, stretched, at which a limit of `ms` is over */
unsigned deadline_left(uint64_t deadline); /* ms until then; 0 when over */
int deadline_left_poll(uint64_t deadline); /* the same for poll() */
bool deadline_nap(uint64_t deadline);      /* lets 10 ms pass between two looks at a condition; false when over */

/* Looks at `condition` until it is true (then true) or `ms` are over (then false). */
#define HOLDS_WITHIN(ms, condition)                                                                                    \
    ({                                                                                                                 \
        uint64_t holds_deadline_ = deadline_in(ms);                                                                    \
        bool holds_;                                                                                                   \
        while (!(holds_ = (condition)) && deadline_nap(holds_deadline_)) {                                             \
        }                                                                                                              \
        holds_;                                                                                                        \
    })

#endif

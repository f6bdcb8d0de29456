/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * demand: how many clients an agent has been given in its busiest second of the last ten minutes.
 * Runs on: the control thread. Owns: nothing. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_DEMAND_H
#define MUNNEL_SERVER_DEMAND_H

#include <stdint.h>

enum { DEMAND_MINUTES = 10 };

struct demand { /* all zero at first */
    uint64_t second, minute;
    unsigned in_second;
    unsigned peak[DEMAND_MINUTES]; /* busiest second of each minute, by minute modulo DEMAND_MINUTES */
};

void demand_note(struct demand *demand, uint64_t now_us); /* one OPEN */
unsigned demand_peak(struct demand *demand, uint64_t now_us);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_demand: the most clients that an agent was given in one second, within the last ten minutes.
 * Runs on: the control thread. Owns: nothing. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SESSION_LINK_DEMAND_H
#define MUNNEL_SERVER_SESSION_LINK_DEMAND_H

#include <stdint.h>

enum { LINK_DEMAND_MINUTES = 10 };

struct link_demand { /* all zero at first */
    uint64_t second, minute;
    unsigned in_second;
    unsigned peak[LINK_DEMAND_MINUTES]; /* busiest second of each minute, by minute modulo LINK_DEMAND_MINUTES */
};

void link_demand_note(struct link_demand *demand, uint64_t now_us); /* one client */
unsigned link_demand_peak(struct link_demand *demand, uint64_t now_us);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_demand: see link_demand.h. One bucket a minute suffices, since only the peak of the last ten minutes is read.
 */
#include "config.h"

#include "server/session/link_demand.h"

#include <string.h>

static void advance(struct link_demand *demand, uint64_t now_us) {
    uint64_t second = now_us / 1000000, minute = second / 60;

    if (minute - demand->minute >= LINK_DEMAND_MINUTES)
        memset(demand->peak, 0, sizeof demand->peak);
    else
        for (uint64_t passed = demand->minute + 1; passed <= minute; passed++)
            demand->peak[passed % LINK_DEMAND_MINUTES] = 0;
    demand->minute = minute;
    demand->second = second;
    demand->in_second = 0;
}

void link_demand_note(struct link_demand *demand, uint64_t now_us) {
    if (now_us / 1000000 != demand->second)
        advance(demand, now_us);
    demand->in_second++;
    unsigned *peak = &demand->peak[demand->minute % LINK_DEMAND_MINUTES];
    if (demand->in_second > *peak)
        *peak = demand->in_second;
}

unsigned link_demand_peak(struct link_demand *demand, uint64_t now_us) {
    unsigned peak = 0;

    if (now_us / 1000000 != demand->second)
        advance(demand, now_us);
    for (int i = 0; i < LINK_DEMAND_MINUTES; i++)
        if (demand->peak[i] > peak)
            peak = demand->peak[i];
    return peak;
}

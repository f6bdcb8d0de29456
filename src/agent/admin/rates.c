/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * rates: see rates.h.
 */
#include "config.h"

#include "agent/admin/rates.h"

#include "relay/service_counts.h"

enum { ROOM = RATES_SECONDS + 1 };

/* What an agent reads from its plain side comes from destinations. */
void rates_add(struct rates *rates, const struct plane *plane) {
    uint64_t *totals = rates->totals[rates->next];

    totals[RATES_IN] = totals[RATES_OUT] = totals[RATES_NEW] = 0;
    for (unsigned i = 0; i < plane_thread_count(plane); i++) {
        const struct service_part *part = plane_thread_part(plane, i);
        totals[RATES_IN] += counter_read(&part->bytes.out);
        totals[RATES_OUT] += counter_read(&part->bytes.in);
        totals[RATES_NEW] += counter_read(&part->accepted);
    }
    rates->next = (rates->next + 1) % ROOM;
    rates->count += rates->count < ROOM;
}

static double rate(const struct rates *rates, enum rates_series series, unsigned seconds) {
    unsigned known = rates->count > 0 ? rates->count - 1 : 0, span = seconds < known ? seconds : known;
    unsigned last = (rates->next + ROOM - 1) % ROOM, first = (last + ROOM - span) % ROOM;

    return span > 0 ? (double)(rates->totals[last][series] - rates->totals[first][series]) / span : 0;
}

json_t *rates_json(const struct rates *rates, enum rates_series series) {
    return json_pack("{s:f,s:f,s:f}", "s1", rate(rates, series, 1), "s10", rate(rates, series, 10), "s60",
                     rate(rates, series, RATES_SECONDS));
}

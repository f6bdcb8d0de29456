/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_making: see check_making.h.
 */
#include "config.h"

#include "server/service/check_making.h"

double check_ms(uint64_t from_us, uint64_t to_us) {
    return from_us && to_us >= from_us ? (double)(to_us - from_us) / 1000 : -1;
}

void check_set(struct check_making *making, enum check_hop hop, enum check_result result, double ms) {
    making->report->hops[hop].result = result;
    making->report->hops[hop].ms = ms;
}

const char *check_destination_of(const struct check_making *making) {
    const struct strlist *connect = &making->service->conf->connect;

    return connect->count ? connect->items[0] : "";
}

bool check_ended_by(const struct check_facts *facts, enum relay_reason reason) {
    return facts->is_over && facts->reason == reason;
}

bool check_closed_by_destination(const struct check_facts *facts) {
    return facts->is_over ? facts->reason == REASON_DONE || facts->reason == REASON_DESTINATION_RESET : facts->got_end;
}

bool check_lost_link(const struct check_facts *facts) {
    return facts->is_over && (facts->reason == REASON_LINK_LOST || facts->reason == REASON_LINK_SILENT);
}

bool check_refused_as(const struct check_facts *facts, enum relay_reason reason) {
    return !facts->opened_us && check_ended_by(facts, reason);
}

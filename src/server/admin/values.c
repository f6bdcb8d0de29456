/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * values: see values.h.
 */
#include "config.h"

#include "server/admin/values.h"

static double rate(const struct history *history, enum history_series series, unsigned seconds, double unit) {
    return history ? history_rate(history, series, seconds) * unit : 0;
}

json_t *value_rates(const struct history *history, enum history_series series, double unit) {
    return json_pack("{s:f,s:f,s:f}", "s1", rate(history, series, 1, unit), "s10", rate(history, series, 10, unit),
                     "s60", rate(history, series, 60, unit));
}

json_t *value_limit(unsigned limit) {
    return limit ? json_integer(limit) : json_null();
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * values: what many answers of the server have in them, as JSON, besides admin/values.h.
 * Runs on: the control thread. Owns: nothing; the JSON is the caller's, and NULL when out of memory.
 */
#ifndef MUNNEL_SERVER_ADMIN_VALUES_H
#define MUNNEL_SERVER_ADMIN_VALUES_H

#include "admin/values.h"
#include "server/history.h"

/* Means of the last second, 10 seconds and minute, times `unit`; without history they are 0. */
json_t *value_rates(const struct history *history, enum history_series series, double unit);
json_t *value_limit(unsigned limit); /* 0, which is none, is null */
enum { VALUE_KILOBYTE = 1000 };

#endif

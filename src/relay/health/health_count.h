/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * health_count: what a destination is taken for, by the results of its checks: `fall` failures in a row make it
 * unhealthy, `rise` successes in a row healthy again. One success is enough where nothing is known yet.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_HEALTH_HEALTH_COUNT_H
#define MUNNEL_RELAY_HEALTH_HEALTH_COUNT_H

#include "relay/service_table.h"

struct health_count { /* `state` is set at the start, the rest is zero */
    enum health_state state;
    bool has_passed;   /* the last check */
    unsigned in_a_row; /* checks with the result of the last one */
};

/* True: the state has changed. */
bool health_count_add(struct health_count *count, const struct health_check *check, bool has_passed);

#endif

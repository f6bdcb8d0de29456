/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * health_count: see health_count.h.
 */
#include "config.h"

#include "relay/health/health_count.h"

#include <limits.h>

bool health_count_add(struct health_count *count, const struct health_check *check, bool has_passed) {
    unsigned needed = !has_passed ? check->fall : count->state == HEALTH_UNKNOWN ? 1 : check->rise;
    enum health_state next = has_passed ? HEALTH_HEALTHY : HEALTH_UNHEALTHY;

    if (has_passed != count->has_passed)
        count->in_a_row = 0;
    count->has_passed = has_passed;
    if (count->in_a_row < UINT_MAX)
        count->in_a_row++;
    if (count->state == next || count->in_a_row < needed)
        return false;
    count->state = next;
    return true;
}

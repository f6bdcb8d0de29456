/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_processor_count: there is one at least, since this runs.
 */
#include "config.h"

#include "lib/os/processor_count.h"
#include "unit.h"

START_TEST(there_is_a_processor) {
    ck_assert_uint_ge(processor_count(), 1);
    ck_assert_uint_le(processor_count(), 65536);
}
END_TEST

static TCase *counting(void) {
    TCase *group = tcase_create("counting");
    tcase_add_test(group, there_is_a_processor);
    return group;
}

UNIT_MAIN("lib/os/processor_count", counting)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_process_stats: the numbers are those of this process.
 */
#include "config.h"

#include "lib/os/process_stats.h"

#include "lib/os/fd_count.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { MUCH = 64 * 1024 * 1024 };

START_TEST(descriptors_and_their_limit_are_counted) {
    struct process_stats stats;
    uint64_t limit = unit_limit_descriptors(100) ? 100 : UINT64_MAX;

    process_stats_read(&stats);
    ck_assert_uint_eq(stats.descriptors, (uint64_t)fd_count());
    ck_assert_uint_eq(stats.descriptors_limit, limit);
}
END_TEST

START_TEST(time_of_the_processor_grows) {
    struct process_stats before, after;

    process_stats_read(&before);
    do
        process_stats_read(&after);
    while (after.cpu_us < before.cpu_us + 10000);
    ck_assert_uint_gt(after.cpu_us, before.cpu_us);
}
END_TEST

START_TEST(memory_that_is_written_is_resident) {
    struct process_stats before, after;

    process_stats_read(&before);
    if (!before.resident_bytes)
        return; /* this system does not report it */
    char *memory = malloc(MUCH);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 1, MUCH);
    process_stats_read(&after);
    ck_assert_uint_ge(after.resident_bytes, before.resident_bytes + MUCH / 2);
    if (after.virtual_bytes) /* Windows counts shared pages as resident only */
        ck_assert_uint_ge(after.virtual_bytes, MUCH);
    ck_assert_int_eq(memory[MUCH - 1], 1);
    free(memory);
}
END_TEST

static TCase *numbers(void) {
    TCase *group = tcase_create("numbers");

    tcase_add_test(group, descriptors_and_their_limit_are_counted);
    tcase_add_test(group, time_of_the_processor_grows);
    tcase_add_test(group, memory_that_is_written_is_resident);
    return group;
}

UNIT_MAIN("lib/os/process_stats", numbers)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_aligned: memory begins where it was asked for, and is zero.
 */
#include "config.h"

#include "lib/base/aligned.h"

#include "unit.h"

#include <string.h>

enum { LINE = 64, LINES = 10 };

START_TEST(memory_is_aligned_and_zero) {
    for (size_t lines = 1; lines <= LINES; lines++) {
        unsigned char *memory = aligned_new(LINE, lines * LINE);
        ck_assert_uint_eq((uintptr_t)memory % LINE, 0);
        for (size_t i = 0; i < lines * LINE; i++)
            ck_assert_uint_eq(memory[i], 0);
        memset(memory, 0xff, lines * LINE); /* the next one gets it again */
        aligned_free(memory);
    }
    aligned_free(NULL);
}
END_TEST

static TCase *allocation(void) {
    TCase *group = tcase_create("allocation");
    tcase_add_test(group, memory_is_aligned_and_zero);
    return group;
}

UNIT_MAIN("lib/base/aligned", allocation)

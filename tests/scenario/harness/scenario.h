/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * scenario: the main of a scenario test: its tests, each in a process of its own with a time limit of its own.
 *
 *     START_TEST(a_client_is_served) { ... } END_TEST
 *     SCENARIO_MAIN("bytes", SCENARIO(a_client_is_served, 30), ...)
 *
 * MUNNEL_BIN (or top_builddir) names the folder with the programs. CK_RUN_CASE=a_client_is_served runs one test.
 * Each test has a folder, which is removed when it passes; what a failed one leaves is kept, and named at the end.
 * Runs on: main. Owns: the folder above those of the tests.
 */
#ifndef MUNNEL_SCENARIO_SCENARIO_H
#define MUNNEL_SCENARIO_SCENARIO_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

struct scenario {
    const TTest *test;
    unsigned seconds; /* its limit, before MUNNEL_SLOW stretches it */
    /* Called before the test and, however it ends, after it, in the process that outlives it. NULL: nothing. */
    void (*before)(void), (*after)(void);
};
#define SCENARIO(test, seconds)                       ((struct scenario){(test), (seconds), NULL, NULL})
#define SCENARIO_AROUND(test, seconds, before, after) ((struct scenario){(test), (seconds), (before), (after)})

int scenario_main(const char *name, const struct scenario *scenarios, size_t count);

#define SCENARIO_MAIN(name, ...)                                                                                       \
    int main(void) {                                                                                                   \
        const struct scenario scenarios[] = {__VA_ARGS__};                                                             \
        return scenario_main((name), scenarios, sizeof scenarios / sizeof *scenarios);                                 \
    }

bool scenario_runs_slow(void); /* MUNNEL_SLOW_TESTS=1: tests may take minutes */

/* Where the folders of the tests are made. */
const char *scenario_folder(void);

#endif

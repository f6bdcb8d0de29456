/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_thread: a thread runs what it is given, and its result comes back; test_thread_posix.c has signals and names.
 */
#include "config.h"

#include "lib/os/thread.h"
#include "unit.h"

struct seen { /* by the thread */
    pthread_t thread;
    struct seen *itself;
};

static void *look(void *context) {
    struct seen *seen = context;
    seen->thread = pthread_self();
    seen->itself = seen;
    return seen;
}

START_TEST(a_thread_runs_what_it_is_given) {
    struct seen seen = {.itself = NULL};
    pthread_t thread;
    void *result = NULL;
    ck_assert_int_eq(thread_start(&thread, "fifteen letters", look, &seen), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, &seen);
    ck_assert_ptr_eq(seen.itself, &seen);
    ck_assert(!pthread_equal(seen.thread, pthread_self()));
}
END_TEST

static TCase *threads(void) {
    TCase *group = tcase_create("threads");
    tcase_add_test(group, a_thread_runs_what_it_is_given);
    return group;
}

UNIT_MAIN("lib/os/thread", threads)

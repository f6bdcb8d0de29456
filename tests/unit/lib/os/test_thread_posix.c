/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_thread_posix: which signals a thread leaves to the main thread, and the name that ps shows.
 */
#include "config.h"

#include "lib/os/thread.h"
#include "unit.h"

#include <signal.h>
#include <string.h>

struct seen { /* by the thread */
    sigset_t mask;
};

static void *look(void *context) {
    struct seen *seen = context;
    pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
    return NULL;
}

static struct seen run(void) {
    struct seen seen;
    pthread_t thread;
    ck_assert_int_eq(thread_start(&thread, "fifteen letters", look, &seen), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return seen;
}

START_TEST(a_thread_takes_crashes_and_no_other_signal) {
    static const int taken[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    static const int left[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE, SIGALRM};
    struct seen seen = run();
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        ck_assert_msg(sigismember(&seen.mask, taken[i]) == 0, "%s", strsignal(taken[i]));
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        ck_assert_msg(sigismember(&seen.mask, left[i]) == 1, "%s", strsignal(left[i]));
}
END_TEST

START_TEST(the_starting_threads_signals_stay_as_they_were) {
    sigset_t usr1, before, after;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    run();
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; number++)
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
}
END_TEST

#ifdef __linux__
START_TEST(a_name_is_what_ps_shows) {
    char name[16] = "";
    thread_set_name(pthread_self(), "relay-1");
    ck_assert_int_eq(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    ck_assert_str_eq(name, "relay-1");
}
END_TEST
#endif

static TCase *threads(void) {
    TCase *group = tcase_create("threads");
    tcase_add_test(group, a_thread_takes_crashes_and_no_other_signal);
    tcase_add_test(group, the_starting_threads_signals_stay_as_they_were);
#ifdef __linux__
    tcase_add_test(group, a_name_is_what_ps_shows);
#endif
    return group;
}

UNIT_MAIN("lib/os/thread_posix", threads)

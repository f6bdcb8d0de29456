/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_loop_posix: whom signals find.
 */
#include "config.h"

#include "lib/event/loop.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static atomic_int blocked_signals;
static void look_at_signals(struct message *message) {
    (void)message;
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    atomic_store(&blocked_signals, sigismember(&now, SIGTERM) && sigismember(&now, SIGHUP) &&
                                       sigismember(&now, SIGUSR1) && !sigismember(&now, SIGSEGV));
}

START_TEST(signals_are_left_to_the_main_thread) {
    struct loop *loop = loop_new("signals");
    struct message message = {NULL, look_at_signals};
    ck_assert_int_eq(loop_start(loop), 0);
    loop_post(loop, &message);
    loop_stop(loop);
    loop_join(loop);
    ck_assert(atomic_load(&blocked_signals));
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    ck_assert(!sigismember(&now, SIGTERM));
    loop_free(loop);
}
END_TEST

static TCase *loops(void) {
    TCase *group = tcase_create("loops");
    tcase_add_test(group, signals_are_left_to_the_main_thread);
    return group;
}

UNIT_MAIN("lib/event/loop_posix", loops)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_lock: one program at a time changes the agents file.
 */
#include "config.h"

#include "conf/lock.h"
#include "unit.h"

#include <pthread.h>
#include <string.h>

static bool is_locked(void) {
    bool is_busy = false;
    int lock = lock_try_folder_of(unit_path("agents.json"), &is_busy, NULL);
    lock_release(lock);
    return is_busy;
}

START_TEST(the_folder_is_locked_until_the_lock_is_released) {
    struct error error = {""};
    int lock = lock_folder_of(unit_path("agents.json"), &error); /* the file need not exist */
    ck_assert_msg(lock != LOCK_NONE, "%s", error.text);
    ck_assert(is_locked());
    lock_release(lock);
    ck_assert(!is_locked());
    lock_release(LOCK_NONE);
}
END_TEST

static void *take(void *result) {
    *(int *)result = lock_folder_of(unit_path("other.json"), NULL);
    return NULL;
}

START_TEST(a_second_tool_waits_for_the_first) {
    pthread_t second;
    int got = LOCK_NONE, lock = lock_folder_of(unit_path("agents.json"), NULL);
    unit_path("other.json"); /* made here: the thread only reads */
    ck_assert_int_eq(pthread_create(&second, NULL, take, &got), 0);
    ck_assert(is_locked());
    lock_release(lock);
    ck_assert_int_eq(pthread_join(second, NULL), 0); /* it ends, because the lock was released */
    ck_assert_int_ne(got, LOCK_NONE);
    ck_assert(is_locked());
    lock_release(got);
}
END_TEST

START_TEST(one_who_cannot_wait_learns_that_it_is_busy) {
    struct error error = {""};
    bool is_busy = false;
    int lock = lock_folder_of(unit_path("agents.json"), NULL);
    ck_assert_int_eq(lock_try_folder_of(unit_path("agents.json"), &is_busy, &error), LOCK_NONE);
    ck_assert(is_busy);
    lock_release(lock);
    lock = lock_try_folder_of(unit_path("agents.json"), &is_busy, &error);
    ck_assert(lock != LOCK_NONE && !is_busy && is_locked());
    lock_release(lock);
    ck_assert_int_eq(lock_try_folder_of(unit_path("none/agents.json"), &is_busy, &error), LOCK_NONE);
    ck_assert(!is_busy);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error) {
    struct error error = {""};
    ck_assert_int_eq(lock_folder_of(unit_path("none/agents.json"), &error), LOCK_NONE);
    ck_assert_ptr_nonnull(strstr(error.text, "none/agents.json: No such file"));
}
END_TEST

static TCase *locks(void) {
    TCase *group = tcase_create("locks");
    tcase_add_test(group, the_folder_is_locked_until_the_lock_is_released);
    tcase_add_test(group, a_second_tool_waits_for_the_first);
    tcase_add_test(group, one_who_cannot_wait_learns_that_it_is_busy);
    tcase_add_test(group, a_folder_that_is_not_there_is_an_error);
    return group;
}

UNIT_MAIN("conf/lock", locks)

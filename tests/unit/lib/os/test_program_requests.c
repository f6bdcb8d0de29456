/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program_requests: no request is lost, also one that came before anything received it.
 */
#include "config.h"

#include "lib/os/program_requests.h"
#include "unit.h"

static void count(void *context) {
    unsigned *calls = context;

    ++*calls;
}

START_TEST(a_request_stays_until_it_is_taken) {
    unsigned calls = 0;

    ck_assert(!program_request(PROGRAM_RELOAD));
    program_requests_receive(count, &calls);
    ck_assert_uint_eq(calls, 1);
    ck_assert(program_requests_take(PROGRAM_RELOAD));
    ck_assert(!program_requests_take(PROGRAM_RELOAD));
    ck_assert(!program_requests_take(PROGRAM_STOP));
    program_requests_receive(NULL, NULL);
}
END_TEST

START_TEST(each_request_wakes_its_receiver_and_counts_once) {
    unsigned calls = 0;

    program_requests_receive(count, &calls);
    ck_assert_uint_eq(calls, 0);
    ck_assert(program_request(PROGRAM_STOP));
    ck_assert(program_request(PROGRAM_STOP));
    ck_assert(program_request(PROGRAM_REOPEN_LOG));
    ck_assert_uint_eq(calls, 3);
    ck_assert(program_requests_take(PROGRAM_STOP));
    ck_assert(!program_requests_take(PROGRAM_STOP));
    ck_assert(program_requests_take(PROGRAM_REOPEN_LOG));
    program_requests_receive(NULL, NULL);
    ck_assert(!program_request(PROGRAM_STOP));
    ck_assert_uint_eq(calls, 3);
    ck_assert(program_requests_take(PROGRAM_STOP));
}
END_TEST

static TCase *requests(void) {
    TCase *group = tcase_create("requests");

    tcase_add_test(group, a_request_stays_until_it_is_taken);
    tcase_add_test(group, each_request_wakes_its_receiver_and_counts_once);
    return group;
}

UNIT_MAIN("lib/os/program_requests", requests)

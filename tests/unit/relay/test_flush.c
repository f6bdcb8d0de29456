/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_flush: what a socket does not take stays in the buffer, in order.
 */
#include "config.h"

#include "relay/flush.h"
#include "unit.h"

#include <string.h>

enum { PIECE = 20000, PIECES = 200 };

static evutil_socket_t ends[2];
static struct evbuffer *buffer;

static void set_up(void) {
    unit_tcp_pair(&ends[0], &ends[1]);
    buffer = evbuffer_new();
    ck_assert_ptr_nonnull(buffer);
}

static void tear_down(void) {
    evbuffer_free(buffer);
    evutil_closesocket(ends[0]);
    if (ends[1] >= 0)
        evutil_closesocket(ends[1]);
}

/* Chains of their own, more than one write takes. */
static void fill(void) {
    static uint8_t piece[PIECE];
    for (int i = 0; i < PIECES; i++) {
        memset(piece, i, sizeof piece);
        struct evbuffer *part = evbuffer_new();
        ck_assert_int_eq(evbuffer_add(part, piece, sizeof piece), 0);
        ck_assert_int_eq(evbuffer_add_buffer(buffer, part), 0);
        evbuffer_free(part);
    }
}

static size_t take(size_t seen) {
    static uint8_t bytes[PIECE];
    ptrdiff_t n = unit_receive(ends[1], bytes, sizeof bytes);
    bool is_right = true; /* an assertion for each byte would take seconds */
    for (ptrdiff_t i = 0; i < n; i++)
        is_right &= bytes[i] == (seen + (size_t)i) / PIECE;
    ck_assert(is_right);
    return n > 0 ? (size_t)n : 0;
}

START_TEST(a_full_socket_keeps_the_rest_in_the_buffer) {
    size_t seen = 0;
    fill();
    ck_assert(flush_to_socket(buffer, ends[0], SIZE_MAX));
    size_t left = evbuffer_get_length(buffer);
    ck_assert_uint_gt(left, 0);
    ck_assert(flush_to_socket(buffer, ends[0], SIZE_MAX)); /* full is not broken */
    ck_assert_uint_le(evbuffer_get_length(buffer), left);
    while (seen < (size_t)PIECE * PIECES) {
        size_t taken = take(seen);
        seen += taken;
        ck_assert(flush_to_socket(buffer, ends[0], SIZE_MAX));
    }
    ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
}
END_TEST

START_TEST(no_more_is_flushed_than_is_allowed) {
    fill();
    ck_assert(flush_to_socket(buffer, ends[0], PIECE + 1));
    ck_assert_uint_eq(evbuffer_get_length(buffer), (size_t)PIECE * (PIECES - 1) - 1);
    size_t seen = take(0);
    seen += take(seen);
    ck_assert_uint_eq(seen, PIECE + 1);
    ck_assert(flush_to_socket(buffer, ends[0], 0));
    ck_assert_uint_eq(take(0), 0);
}
END_TEST

START_TEST(nothing_is_flushed_at_once) {
    ck_assert(flush_to_socket(buffer, ends[0], SIZE_MAX));
    ck_assert_uint_eq(take(0), 0);
}
END_TEST

static bool is_broken(void *context) {
    (void)context;
    return !flush_to_socket(buffer, ends[0], SIZE_MAX);
}

START_TEST(a_connection_that_is_gone_is_broken) {
    fill();
    evutil_closesocket(ends[1]);
    ends[1] = -1;
    ck_assert(unit_wait_until(is_broken, NULL, 5000));
}
END_TEST

static TCase *flushing(void) {
    TCase *group = tcase_create("flushing");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_full_socket_keeps_the_rest_in_the_buffer);
    tcase_add_test(group, no_more_is_flushed_than_is_allowed);
    tcase_add_test(group, nothing_is_flushed_at_once);
    tcase_add_test(group, a_connection_that_is_gone_is_broken);
    return group;
}

UNIT_MAIN("relay/flush", flushing)

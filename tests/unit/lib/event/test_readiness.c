/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_readiness: what is awaited is reported, whichever way this build waits for sockets.
 */
#include "config.h"

#include "lib/event/readiness.h"

#include "lib/net/sock.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

enum { SOON_MS = 3000, ROUNDS = 20 };

static struct world {
    struct event_base *base;
    struct readiness readiness;
    evutil_socket_t here, there;
    int readable, writable, closed, maybe_reset;
    bool ends_itself;
} world;

static void on_ready(evutil_socket_t fd, short what, void *context) {
    ck_assert_int_eq(fd, world.here);
    ck_assert_ptr_eq(context, &world);
    world.readable += (what & EV_READ) != 0;
    world.writable += (what & EV_WRITE) != 0;
    world.closed += (what & EV_CLOSED) != 0;
    world.maybe_reset += readiness_may_be_reset(what);
    if (world.ends_itself)
        readiness_end(&world.readiness);
}

static bool adds_fail;
int __real_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit) {
    return adds_fail ? -1 : __real_event_add(event, limit);
}

static bool begin(void) {
    return readiness_begin(&world.readiness, world.base, world.here, on_ready, &world);
}

static void set_up(void) {
    world = (struct world){.base = event_base_new()};
    unit_tcp_pair(&world.here, &world.there);
    ck_assert(begin());
}

static void tear_down(void) {
    readiness_end(&world.readiness);
    sock_close(world.here);
    sock_close(world.there);
    event_base_free(world.base);
}

static void settle(void) {
    unit_run_rounds(world.base, ROUNDS);
}

static bool has_come(void *count) {
    return *(int *)count > 0;
}

/* Returns how many times it was reported. */
static int reported(int *count) {
    ck_assert(unit_run_until(world.base, has_come, count, SOON_MS));
    settle();
    int times = *count;
    *count = 0;
    return times;
}

static void put(evutil_socket_t fd, const char *text) {
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    ck_assert_int_eq(sock_writev(fd, &part, 1), strlen(text));
}

/* All that is there, until EAGAIN. */
static void take(evutil_socket_t fd) {
    static char bytes[65536];
    struct iovec part = {bytes, sizeof bytes};
    while (sock_readv(fd, &part, 1) > 0)
        ;
}

static void fill(evutil_socket_t fd) {
    static char bytes[65536];
    struct iovec part = {bytes, sizeof bytes};
    while (sock_writev(fd, &part, 1) > 0)
        ;
    ck_assert(sock_would_block(errno));
}

/* ---- reading ---- */

START_TEST(what_is_awaited_is_reported_once) {
    if (_i == 0)
        put(world.there, "before");
    readiness_await(&world.readiness, EV_READ);
    ck_assert_int_eq(readiness_sweep(&world.readiness, EV_READ), 0);
    if (_i == 1)
        put(world.there, "after");
    ck_assert_int_eq(reported(&world.readable),
                     1); /* it was not read: reported again and again, it would load a core */
}
END_TEST

/* With edges it is reported in any case. */
START_TEST(what_was_not_awaited_is_reported_from_the_next_sweep_on) {
    put(world.there, "before");
    settle();
    ck_assert(!READINESS_IS_ONESHOT || world.readable == 0);
    ck_assert_int_eq(readiness_sweep(&world.readiness, EV_READ), READINESS_IS_ONESHOT ? EV_READ : 0);
    ck_assert_int_eq(reported(&world.readable), 1);
}
END_TEST

START_TEST(what_follows_is_reported_when_it_is_awaited_again) {
    readiness_await(&world.readiness, EV_READ);
    for (int i = 0; i < 3; i++) {
        put(world.there, "more");
        ck_assert_int_eq(reported(&world.readable), 1);
        take(world.here);
        readiness_await(&world.readiness, EV_READ);
    }
    settle();
    ck_assert_int_eq(world.readable, 0);
}
END_TEST

/* The other side sends between the read that finds nothing and the call. */
START_TEST(what_comes_before_it_is_awaited_is_not_lost) {
    readiness_await(&world.readiness, EV_READ);
    put(world.there, "first");
    ck_assert_int_eq(reported(&world.readable), 1);
    take(world.here);
    put(world.there, "second");
    readiness_await(&world.readiness, EV_READ);
    ck_assert_int_eq(reported(&world.readable), 1);
}
END_TEST

START_TEST(the_end_is_reported) {
    readiness_await(&world.readiness, EV_READ);
    if (_i == 1) {
        put(world.there, "last");
        reported(&world.readable);
        take(world.here);
        readiness_await(&world.readiness, EV_READ);
    }
    ck_assert_int_eq(sock_half_close(world.there), 0);
    ck_assert_int_eq(reported(&world.closed), 1);
}
END_TEST

START_TEST(a_reset_is_reported_as_what_it_may_be) {
    readiness_await(&world.readiness, EV_READ);
    settle();
    sock_close_reset(world.there);
    world.there = -1;
    ck_assert_int_ge(reported(&world.maybe_reset), 1);
    ck_assert_int_eq(sock_connect_result(world.here), ECONNRESET);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_loop_test(group, what_is_awaited_is_reported_once, 0, 2);
    tcase_add_test(group, what_was_not_awaited_is_reported_from_the_next_sweep_on);
    tcase_add_test(group, what_follows_is_reported_when_it_is_awaited_again);
    tcase_add_test(group, what_comes_before_it_is_awaited_is_not_lost);
    tcase_add_loop_test(group, the_end_is_reported, 0, 2);
    tcase_add_test(group, a_reset_is_reported_as_what_it_may_be);
    return group;
}

/* ---- writing ---- */

static bool takes_and_has_room(void *context) {
    (void)context;
    take(world.there);
    return world.writable > 0;
}

START_TEST(room_is_reported_when_there_is_some) {
    settle();
    for (int i = 0; i < 2; i++) {
        fill(world.here);
        world.writable = 0;
        readiness_await(&world.readiness, EV_WRITE);
        settle();
        ck_assert_int_eq(world.writable, 0);
        ck_assert(unit_run_until(world.base, takes_and_has_room, NULL, SOON_MS));
        ck_assert_int_ge(reported(&world.writable), 1);
    }
}
END_TEST

START_TEST(input_is_reported_while_room_is_awaited) {
    fill(world.here);
    settle();
    readiness_await(&world.readiness, EV_READ);
    readiness_await(&world.readiness, EV_WRITE);
    put(world.there, "hello");
    ck_assert_int_eq(reported(&world.readable), 1);
    ck_assert_int_eq(readiness_sweep(&world.readiness, EV_WRITE), 0);
}
END_TEST

static TCase *writing(void) {
    TCase *group = tcase_create("writing");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, room_is_reported_when_there_is_some);
    tcase_add_test(group, input_is_reported_while_room_is_awaited);
    return group;
}

/* ---- ends ---- */

START_TEST(nothing_is_reported_behind_the_end) {
    world.ends_itself = _i == 1;
    readiness_await(&world.readiness, EV_READ | EV_WRITE);
    if (world.ends_itself)
        ck_assert(unit_run_until(world.base, has_come, &world.writable, SOON_MS));
    else
        readiness_end(&world.readiness);
    int before = world.readable + world.writable;
    put(world.there, "late");
    settle();
    ck_assert_int_eq(world.readable + world.writable, before);
    ck_assert_int_eq(event_base_get_num_events(world.base, EVENT_BASE_COUNT_ADDED), 0);
}
END_TEST

/* Either it does not begin, or what could not be awaited is awaited by the next sweep. */
START_TEST(memory_that_lacks_costs_no_report) {
    readiness_end(&world.readiness);
    adds_fail = true;
    bool has_begun = begin();
    if (has_begun)
        readiness_await(&world.readiness, EV_READ);
    adds_fail = false;
    if (!has_begun)
        ck_assert(begin());
    put(world.there, "hello");
    (void)readiness_sweep(&world.readiness, 0);
    ck_assert_int_eq(reported(&world.readable), 1);
}
END_TEST

static TCase *ends(void) {
    TCase *group = tcase_create("ends");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_loop_test(group, nothing_is_reported_behind_the_end, 0, 2);
    tcase_add_test(group, memory_that_lacks_costs_no_report);
    return group;
}

UNIT_MAIN("lib/event/readiness", reading, writing, ends)

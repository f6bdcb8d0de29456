/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_dialer: data links are dialled as asked, no more than 1024 at once, and not after their time.
 */
#include "config.h"

#include "agent/fake_plane.h"
#include "agent/upstream/dialer.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct dialer *dialer;
static struct dialer_source source, other;

/* The plane's events of data links lead to dialer.c alone. */
static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    (void)context, (void)link;
    ck_assert(dialer_made(tag));
    dialer_on_ready(dialer, tag);
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    ck_assert(dialer_made(end->tag));
    dialer_on_gone(dialer, end);
}

static void on_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    ck_assert(greeting->rejected);
    dialer_on_rejected(dialer, greeting->tag, greeting->text, greeting->length);
    plane_reject(fake_plane(), greeting->link, NULL);
}

static const struct plane_events EVENTS = {.on_greeting = on_greeting, .on_idle = on_idle, .on_gone = on_gone};

static struct dialer_source make_source(const char *name) {
    return (struct dialer_source){.who = name,
                                  .trust = fake_trust(),
                                  .server_name = name,
                                  .hello = strdup("{}"),
                                  .session = "00ff",
                                  .key = {1, 2, 3}};
}

static void set_up(void) {
    fake_plane()->options.events = &EVENTS;
    dialer = dialer_new(fake_plane(), NULL);
    source = make_source("one");
    other = make_source("other");
}

static void tear_down(void) {
    trust_free(source.trust);
    trust_free(other.trust);
    free(source.hello);
    free(other.hello);
    dialer_free(dialer);
    fake_plane_forget();
}

static unsigned dialled(void) {
    return fake_plane()->dial_count;
}

/* A request that is over by the time this returns. */
static void want_and_let_expire(struct dialer_source *who, unsigned count) {
    dialer_want(dialer, who, count, 1);
    for (uint64_t end = clock_us() + 2000; clock_us() < end;)
        ;
}

START_TEST(a_request_is_dialled_at_once_with_the_sessions_key) {
    const struct dial_order *order = &fake_plane()->dials[2].order;

    dialer_want(dialer, &source, 3, 10000);
    ck_assert_uint_eq(dialled(), 3);
    ck_assert(!order->is_control);
    ck_assert(order->has_key);
    ck_assert_int_eq(order->proof_role, DIAL_PROOF_DATA);
    ck_assert_mem_eq(order->key, source.key, SECRET_SIZE);
    ck_assert_str_eq(order->identity, "00ff.3"); /* no number twice */
    ck_assert_str_eq(fake_plane()->dials[0].order.identity, "00ff.1");
    ck_assert_uint_ne(order->tag, fake_plane()->dials[1].order.tag);
}
END_TEST

START_TEST(no_more_than_1024_are_under_way) {
    dialer_want(dialer, &source, 100000, 10000);
    ck_assert_uint_eq(dialled(), 1024);
    dialer_want(dialer, &source, 5, 10000);
    ck_assert_uint_eq(dialled(), 1024);
}
END_TEST

START_TEST(a_ready_link_makes_room_for_the_next) {
    dialer_want(dialer, &source, 1000, 10000);
    dialer_want(dialer, &source, 1000, 10000);
    ck_assert_uint_eq(dialled(), 1024);
    fake_idle(17);
    ck_assert_uint_eq(dialled(), 1025);
    fake_idle(17); /* ready again after a relay: that is no dial's end */
    ck_assert_uint_eq(dialled(), 1025);
    fake_gone(17, "closed");
    ck_assert_uint_eq(dialled(), 1025);
}
END_TEST

START_TEST(a_failed_dial_makes_room_for_the_next) {
    dialer_want(dialer, &source, 1000, 10000);
    dialer_want(dialer, &source, 1000, 10000);
    fake_gone(3, "connection refused");
    ck_assert_uint_eq(dialled(), 1025);
}
END_TEST

START_TEST(a_rejected_dial_makes_room_for_one) {
    dialer_want(dialer, &source, 1000, 10000);
    dialer_want(dialer, &source, 1000, 10000);
    fake_reject(3, REJECT_SESSION, "no such session", 0); /* and its end */
    ck_assert_uint_eq(dialled(), 1025);
    fake_greet(4, true, "nonsense");
    ck_assert_uint_eq(dialled(), 1026);
}
END_TEST

START_TEST(slots_are_used_again_and_again) {
    for (unsigned i = 0; i < 3000; i++) {
        dialer_want(dialer, &source, 1, 10000);
        ck_assert_uint_eq(dialled(), i + 1);
        fake_idle(i);
    }
}
END_TEST

START_TEST(an_expired_request_is_not_dialled) {
    dialer_want(dialer, &source, 1024, 10000);
    want_and_let_expire(&source, 7);
    fake_idle(0);
    ck_assert_uint_eq(dialled(), 1024);
    dialer_want(dialer, &source, 1, 10000); /* and does not add to the next */
    ck_assert_uint_eq(dialled(), 1025);
    fake_idle(1);
    ck_assert_uint_eq(dialled(), 1025);
}
END_TEST

START_TEST(servers_take_turns) {
    dialer_want(dialer, &source, 1024, 10000);
    dialer_want(dialer, &source, 10, 10000);
    dialer_want(dialer, &other, 10, 10000);
    for (unsigned i = 0; i < 4; i++)
        fake_idle(i);
    ck_assert_str_eq(fake_plane()->dials[1024].order.server_name, "one");
    ck_assert_str_eq(fake_plane()->dials[1025].order.server_name, "other");
    ck_assert_str_eq(fake_plane()->dials[1026].order.server_name, "one");
    ck_assert_str_eq(fake_plane()->dials[1027].order.server_name, "other");
}
END_TEST

START_TEST(a_session_that_ended_gets_no_more) {
    dialer_want(dialer, &source, 1024, 10000);
    dialer_want(dialer, &source, 10, 10000);
    dialer_want(dialer, &other, 1, 10000);
    dialer_forget(dialer, &source);
    for (unsigned i = 0; i < 5; i++)
        fake_idle(i);
    ck_assert_uint_eq(dialled(), 1025);
    ck_assert_str_eq(fake_plane()->dials[1024].order.server_name, "other");
}
END_TEST

START_TEST(tags_are_never_those_of_control_links) {
    ck_assert(!dialer_made(0));
    ck_assert(!dialer_made(UINT64_MAX >> 1));
}
END_TEST

static TCase *dialling(void) {
    TCase *group = tcase_create("dialling");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_request_is_dialled_at_once_with_the_sessions_key);
    tcase_add_test(group, no_more_than_1024_are_under_way);
    tcase_add_test(group, a_ready_link_makes_room_for_the_next);
    tcase_add_test(group, a_failed_dial_makes_room_for_the_next);
    tcase_add_test(group, a_rejected_dial_makes_room_for_one);
    tcase_add_test(group, slots_are_used_again_and_again);
    tcase_add_test(group, an_expired_request_is_not_dialled);
    tcase_add_test(group, servers_take_turns);
    tcase_add_test(group, a_session_that_ended_gets_no_more);
    tcase_add_test(group, tags_are_never_those_of_control_links);
    return group;
}

UNIT_MAIN("agent/upstream/dialer", dialling)

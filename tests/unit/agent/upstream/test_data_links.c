/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_data_links: shared links are kept, after failures ever more slowly, and for as long as the session lives.
 */
#include "config.h"

#include "agent/harness.h"
#include "agent/upstream/data_links_fixture.h"
#include "lib/base/clock.h"
#include "unit.h"

/* ---- shared links ---- */

/* A server that was restarted has one handshake of each agent to do at a time. */
START_TEST(each_thread_of_the_server_gets_a_shared_link_one_after_the_other) {
    session->threads = 3;
    data_links_add(links, session);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(dialled(), i + 1);
        ck_assert_uint_eq(order(i)->role.session, SESSION);
        ck_assert_uint_eq(order(i)->role.server_thread, i);
        ck_assert(!order(i)->role.is_exclusive);
        fake_link_up(i);
    }
    ck_assert_uint_eq(dialled(), 3);
}
END_TEST

START_TEST(streams_that_lack_a_link_do_not_wait_for_that_of_another_thread) {
    session->threads = 3;
    data_links_add(links, session);
    fake_want_links(&(struct carrier_role){SESSION, 2, false}, 1);
    ck_assert_uint_eq(dialled(), 2);
    ck_assert_uint_eq(order(1)->role.server_thread, 2);
    fake_link_up(1); /* the first one is still under way */
    ck_assert_uint_eq(dialled(), 2);
    fake_link_up(0);
    ck_assert_uint_eq(dialled(), 3);
}
END_TEST

START_TEST(a_lost_shared_link_is_dialled_again) {
    data_links_add(links, session);
    fake_link_up(0);
    unit_run_rounds(loop_base(loop), 3);
    ck_assert_uint_eq(dialled(), 1);
    fake_link_gone(0, "reset");
    await_dials(2);
    fake_link_gone(1, "connection refused");
    await_dials(3);
    fake_link_reject(2, REJECT_BUSY, "no descriptors", 0);
    await_dials(4);
    fake_link_up(3);
    await_dials(4);
}
END_TEST

START_TEST(a_server_that_asks_gets_four_shared_links_and_no_more) {
    data_links_add(links, session);
    fake_link_up(0);
    data_links_order(links, session, 0, false, 1);
    data_links_order(links, session, 0, false, 1); /* the same wish, while its link is on its way */
    ck_assert_uint_eq(dialled(), 2);
    fake_link_up(1);
    data_links_order(links, session, 0, false, 64);
    for (unsigned i = 2; i < 4; i++) {
        ck_assert_uint_eq(dialled(), i + 1);
        fake_link_up(i);
    }
    data_links_order(links, session, 0, false, 64);
    ck_assert_uint_eq(dialled(), 4);
    fake_link_gone(2, "reset"); /* those are kept like the first one */
    await_dials(5);
}
END_TEST

START_TEST(an_order_for_a_thread_that_the_server_does_not_have_is_ignored) {
    data_links_add(links, session);
    data_links_order(links, session, 1, false, 1);
    data_links_order(links, session, 63, true, 1);
    fake_want_links(&(struct carrier_role){SESSION, 1, true}, 1);
    ck_assert_uint_eq(dialled(), 1);
}
END_TEST

/* ---- waiting ---- */

static unsigned failures(void) {
    return session->dialling[false].backoff.failures;
}

START_TEST(after_failures_the_wait_grows_until_a_link_lasts) {
    data_links_add(links, session);
    for (unsigned i = 0; i < 3; i++) {
        fake_link_gone(i, "connection refused");
        ck_assert_uint_eq(failures(), i + 1);
        await_dials(i + 2);
    }
    fake_link_up(3);
    fake_link_gone(3, "reset");
    ck_assert_uint_eq(failures(), 1); /* the wait after a loss is a first one */
}
END_TEST

/* The next wish would come a second later. */
START_TEST(a_link_that_streams_want_before_its_time_is_dialled_when_that_has_come) {
    data_links_add(links, session);
    fake_link_up(0);
    session->is_suspended = true;
    fake_link_gone(0, "reset");
    fake_want_links(&SHARED, 1);
    ck_assert_uint_eq(dialled(), 1);
    session->dialling[false].due_ms = clock_ms();
    data_links_recheck(links);
    ck_assert_uint_eq(dialled(), 2);
    fake_link_gone(1, "connection refused"); /* a wish is fulfilled by one dial */
    session->dialling[false].due_ms = clock_ms();
    data_links_recheck(links);
    ck_assert_uint_eq(dialled(), 2);
}
END_TEST

/* A server that was restarted is not to be dialled in vain for every thread. */
START_TEST(after_all_links_were_lost_one_is_dialled_first) {
    session->threads = 3;
    data_links_add(links, session);
    for (unsigned i = 0; i < 3; i++)
        fake_link_up(i);
    for (unsigned i = 0; i < 3; i++)
        fake_link_gone(i, "reset");
    ck_assert_uint_eq(failures(), 1); /* together they are one */
    session->dialling[false].due_ms = clock_ms();
    data_links_recheck(links);
    ck_assert_uint_eq(dialled(), 4);
    fake_want_links(&(struct carrier_role){SESSION, 1, false}, 1);
    ck_assert_uint_eq(dialled(), 4);
    fake_link_up(3);
    ck_assert_uint_eq(dialled(), 5);
    ck_assert_uint_eq(order(4)->role.server_thread, 1); /* which was wanted */
    fake_link_up(4);
    ck_assert_uint_eq(dialled(), 6);
    for (unsigned i = 4; i < 6; i++)
        ck_assert_uint_ne(order(i)->role.server_thread, order(3)->role.server_thread);
}
END_TEST

START_TEST(failures_of_dials_that_are_under_way_together_are_one) {
    session->threads = 3;
    data_links_add(links, session);
    for (unsigned i = 1; i < 3; i++)
        fake_want_links(&(struct carrier_role){SESSION, i, false}, 1);
    for (unsigned i = 0; i < 3; i++)
        fake_link_gone(i, "connection refused");
    ck_assert_uint_eq(failures(), 1);
}
END_TEST

START_TEST(a_link_that_does_not_last_counts_as_a_failure) {
    data_links_add(links, session);
    for (unsigned i = 0; i < 3; i++) {
        fake_link_up(i);
        fake_link_gone(i, "reset");
        ck_assert_uint_eq(failures(), i + 1);
        await_dials(i + 2);
    }
}
END_TEST

START_TEST(a_busy_server_is_not_dialled_before_the_time_that_it_asked_for) {
    uint64_t before_ms = clock_ms();

    data_links_add(links, session);
    fake_link_reject(0, REJECT_BUSY, "no descriptors", 7);
    ck_assert_uint_ge(session->dialling[false].due_ms, before_ms + 7000);
    data_links_retry_now(links); /* another network is no reason either */
    unit_run_rounds(loop_base(loop), 5);
    ck_assert_uint_eq(dialled(), 1);
}
END_TEST

START_TEST(no_server_puts_a_link_off_for_longer_than_a_minute) {
    data_links_add(links, session);
    fake_link_reject(0, REJECT_BUSY, "no descriptors", 80000);
    ck_assert_uint_le(session->dialling[false].due_ms, clock_ms() + 60000);
}
END_TEST

/* Proxies lock accounts after some wrong passwords. */
START_TEST(a_proxy_that_refuses_is_not_asked_again_within_a_minute) {
    uint64_t before_ms = clock_ms();

    data_links_add(links, session);
    fake_link_met_proxy(0, PROXY_FAULT_CANNOT_CONNECT, "answered 502");
    ck_assert_uint_lt(session->dialling[false].due_ms, before_ms + 60000);
    await_dials(2);
    fake_link_met_proxy(1, PROXY_FAULT_AUTHENTICATION, "answered 407");
    ck_assert_uint_ge(session->dialling[false].due_ms, before_ms + 60000);
}
END_TEST

START_TEST(a_change_of_the_network_ends_the_wait_after_a_failure) {
    data_links_add(links, session);
    fake_link_gone(0, "network is unreachable");
    ck_assert_uint_eq(dialled(), 1);
    data_links_retry_now(links);
    ck_assert_uint_eq(dialled(), 2);
}
END_TEST

START_TEST(changes_of_the_network_bring_no_more_than_a_dial_a_second) {
    data_links_add(links, session);
    fake_link_gone(0, "network is unreachable");
    for (int i = 0; i < 10; i++)
        data_links_retry_now(links);
    ck_assert_uint_eq(dialled(), 1);
    ck_assert_uint_lt(session->dialling[false].due_ms, clock_ms() + NEVER_MS); /* though sooner than it would be */
}
END_TEST

static void lose_first(void) {
    fake_link_gone(0, "reset");
}

START_TEST(a_timer_that_cannot_be_set_does_not_end_the_dialling) {
    data_links_add(links, session);
    fake_link_up(0);
    harness_call_without_timers(loop, lose_first);
    session->dialling[false].due_ms = clock_ms();
    run_past_due();
    ck_assert_uint_eq(dialled(), 1);
    data_links_recheck(links);
    ck_assert_uint_eq(dialled(), 2);
}
END_TEST

/* ---- sessions ---- */

START_TEST(a_session_that_the_server_does_not_know_is_not_dialled_until_it_is_resumed) {
    data_links_add(links, session);
    session->is_suspended = true;
    fake_link_reject(0, REJECT_SESSION, "no such session", 0);
    fake_want_links(&EXCLUSIVE, 1);
    fake_want_links(&SHARED, 1);
    data_links_order(links, session, 0, false, 2);
    data_links_retry_now(links);
    run_past_due();
    ck_assert_uint_eq(dialled(), 1);
    session->is_suspended = false;
    data_links_resume(links, session);
    ck_assert_uint_eq(dialled(), 2);
    fake_link_up(1);
    ck_assert_uint_eq(dialled(), 3); /* two were asked for */
}
END_TEST

/* A balancer in front of several servers has led the link to another one than the control link. */
START_TEST(a_session_with_a_control_link_is_dialled_again_though_a_server_does_not_know_it) {
    data_links_add(links, session);
    fake_link_reject(0, REJECT_SESSION, "no such session", 0);
    await_dials(2);
}
END_TEST

START_TEST(a_retired_session_gets_a_shared_link_only_when_its_streams_lack_one) {
    data_links_add(links, session);
    fake_link_up(0);
    data_links_retire(session);
    fake_link_gone(0, "reset");
    run_past_due();
    ck_assert_uint_eq(dialled(), 1);
    fake_want_links(&SHARED, 1);
    ck_assert_uint_eq(dialled(), 2);
    fake_want_links(&SHARED, 1); /* it is on its way */
    ck_assert_uint_eq(dialled(), 2);
}
END_TEST

/* All agents of a server that was restarted would dial for sessions that it does not know. */
START_TEST(a_suspended_session_gets_a_shared_link_only_when_its_streams_lack_one) {
    session->threads = 2;
    data_links_add(links, session);
    fake_link_up(0);
    fake_link_up(1);
    session->is_suspended = true;
    fake_link_gone(0, "reset");
    fake_link_gone(1, "reset");
    run_past_due();
    ck_assert_uint_eq(dialled(), 2);
    fake_want_links(&(struct carrier_role){SESSION, 1, false}, 1);
    ck_assert_uint_eq(dialled(), 3);
    ck_assert_uint_eq(order(2)->role.server_thread, 1);
    session->is_suspended = false;
    data_links_resume(links, session);
    ck_assert_uint_eq(dialled(), 3); /* after that which is under way */
    fake_link_up(2);
    ck_assert_uint_eq(dialled(), 4);
}
END_TEST

START_TEST(a_session_that_ended_gets_no_more) {
    data_links_add(links, session);
    fake_link_up(0);
    data_links_order(links, session, 0, false, 1);
    data_links_remove(links, session);
    fake_link_gone(0, "closed");
    fake_want_links(&SHARED, 1);
    fake_want_links(&EXCLUSIVE, 1);
    run_past_due();
    ck_assert_uint_eq(dialled(), 2);
    fake_link_up(1); /* was on its way */
    ck_assert_uint_eq(fake_plane()->disconnected, SESSION);
    fake_link_gone(1, "the session is over");
    ck_assert_uint_eq(dialled(), 2);
}
END_TEST

START_TEST(nothing_is_dialled_while_the_plane_stops) {
    data_links_add(links, session);
    fake_link_up(0);
    data_links_stop(links);
    fake_link_gone(0, "the agent stops");
    fake_want_links(&EXCLUSIVE, 1);
    run_past_due();
    ck_assert_uint_eq(dialled(), 1);
}
END_TEST

static TCase *shared(void) {
    TCase *group = tcase_create("shared");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, each_thread_of_the_server_gets_a_shared_link_one_after_the_other);
    tcase_add_test(group, streams_that_lack_a_link_do_not_wait_for_that_of_another_thread);
    tcase_add_test(group, a_lost_shared_link_is_dialled_again);
    tcase_add_test(group, a_server_that_asks_gets_four_shared_links_and_no_more);
    tcase_add_test(group, an_order_for_a_thread_that_the_server_does_not_have_is_ignored);
    tcase_add_test(group, a_proxy_that_refuses_is_not_asked_again_within_a_minute);
    tcase_add_test(group, after_failures_the_wait_grows_until_a_link_lasts);
    tcase_add_test(group, no_server_puts_a_link_off_for_longer_than_a_minute);
    tcase_add_test(group, a_busy_server_is_not_dialled_before_the_time_that_it_asked_for);
    return group;
}

static void set_up_unsettled(void) {
    set_up_with(&(struct data_links_times){.first_ms = 1, .longest_ms = 4, .settled_ms = NEVER_MS});
}

static TCase *unsettled(void) {
    TCase *group = tcase_create("unsettled");

    tcase_add_checked_fixture(group, set_up_unsettled, tear_down);
    tcase_add_test(group, a_link_that_does_not_last_counts_as_a_failure);
    return group;
}

static TCase *waiting(void) {
    TCase *group = tcase_create("waiting");

    tcase_add_checked_fixture(group, set_up_patient, tear_down);
    tcase_add_test(group, a_link_that_streams_want_before_its_time_is_dialled_when_that_has_come);
    tcase_add_test(group, after_all_links_were_lost_one_is_dialled_first);
    tcase_add_test(group, failures_of_dials_that_are_under_way_together_are_one);
    tcase_add_test(group, a_timer_that_cannot_be_set_does_not_end_the_dialling);
    tcase_add_test(group, a_change_of_the_network_ends_the_wait_after_a_failure);
    return group;
}

static void set_up_flapping(void) {
    set_up_with(&(struct data_links_times){.first_ms = NEVER_MS, .longest_ms = NEVER_MS, .hurry_ms = 60000});
}

static TCase *flapping(void) {
    TCase *group = tcase_create("flapping");

    tcase_add_checked_fixture(group, set_up_flapping, tear_down);
    tcase_add_test(group, changes_of_the_network_bring_no_more_than_a_dial_a_second);
    return group;
}

static TCase *sessions(void) {
    TCase *group = tcase_create("sessions");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_session_that_the_server_does_not_know_is_not_dialled_until_it_is_resumed);
    tcase_add_test(group, a_session_with_a_control_link_is_dialled_again_though_a_server_does_not_know_it);
    tcase_add_test(group, a_retired_session_gets_a_shared_link_only_when_its_streams_lack_one);
    tcase_add_test(group, a_suspended_session_gets_a_shared_link_only_when_its_streams_lack_one);
    tcase_add_test(group, a_session_that_ended_gets_no_more);
    tcase_add_test(group, nothing_is_dialled_while_the_plane_stops);
    return group;
}

UNIT_MAIN("agent/upstream/data_links", shared, unsettled, waiting, flapping, sessions)

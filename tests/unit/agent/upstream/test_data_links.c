/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_data_links: shared links are kept, exclusive ones are dialled when they are wanted, and no more than a limit at
 * once.
 */
#include "config.h"

#include "agent/harness.h"
#include "agent/upstream/data_links.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <stdlib.h>

enum { LIMIT_MS = 5000, SESSION = 17, OTHER = 18, NEVER_MS = 3600000 };

static struct loop *loop;
static struct data_links *links;
static struct session_links *session, *other;
static const struct carrier_role SHARED = {SESSION, 0, false}, EXCLUSIVE = {SESSION, 0, true};

/* The plane's events of data links lead to data_links.c alone. */
static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context;
    ck_assert(data_dials_made(tag));
    data_links_on_carrier(links, tag, role);
}

static void on_want_carriers(void *context, const struct carrier_role *role, unsigned count) {
    (void)context;
    data_links_on_want(links, role, count);
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    ck_assert(data_dials_made(end->tag));
    data_links_on_gone(links, end);
}

static void on_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    ck_assert(greeting->rejected);
    data_links_on_rejected(links, greeting->tag, greeting->text, greeting->length);
    plane_reject(fake_plane(), greeting->link, NULL);
}

static const struct plane_events EVENTS = {.on_greeting = on_greeting,
                                           .on_carrier = on_carrier,
                                           .on_want_carriers = on_want_carriers,
                                           .on_gone = on_gone};

static struct session_links *make_session(uint64_t tag, const char *name) {
    struct session_links *made = calloc(1, sizeof *made);

    ck_assert_ptr_nonnull(made);
    made->threads = 1;
    made->target = (struct data_target){.who = name,
                                        .session = tag,
                                        .id = "00112233445566778899aabbccddeeff",
                                        .name = "tester",
                                        .instance = "ffeeddccbbaa99887766554433221100",
                                        .trust = fake_trust(),
                                        .server_name = name,
                                        .key = {1, 2, 3},
                                        .resume_ms = 30000};
    return made;
}

static void set_up_with(const struct data_links_times *times) {
    fake_plane()->options.events = &EVENTS;
    loop = loop_new("test");
    links = data_links_new(loop, fake_plane(), NULL, times);
    ck_assert_ptr_nonnull(links);
    session = make_session(SESSION, "one");
    other = make_session(OTHER, "other");
}

static void set_up(void) {
    set_up_with(&(struct data_links_times){.first_ms = 1, .longest_ms = 4});
}

/* A wait is a random part of an hour, so that no dial of a test comes by itself. */
static void set_up_patient(void) {
    set_up_with(&(struct data_links_times){.first_ms = NEVER_MS, .longest_ms = NEVER_MS});
}

static void set_up_unsettled(void) {
    set_up_with(&(struct data_links_times){.first_ms = 1, .longest_ms = 4, .settled_ms = NEVER_MS});
}

static void set_up_flapping(void) {
    set_up_with(&(struct data_links_times){.first_ms = NEVER_MS, .longest_ms = NEVER_MS, .hurry_ms = 60000});
}

static void tear_down(void) {
    struct session_links *all[] = {session, other};

    for (size_t i = 0; i < 2; i++) {
        data_links_remove(links, all[i]);
        trust_free(all[i]->target.trust);
        free(all[i]);
    }
    data_links_free(links);
    loop_free(loop);
    fake_plane_forget();
}

static unsigned dialled(void) {
    return fake_plane()->link_count;
}

static const struct dial_order *order(unsigned index) {
    ck_assert_uint_lt(index, dialled());
    return &fake_plane()->links[index].order;
}

static bool are_dialled(void *context) {
    const unsigned *count = context;

    return dialled() >= *count;
}

static void await_dials(unsigned count) {
    ck_assert_msg(unit_run_until(loop_base(loop), are_dialled, &count, LIMIT_MS), "%u dials, not %u", dialled(), count);
    unit_run_rounds(loop_base(loop), 5);
    ck_assert_uint_eq(dialled(), count);
}

/* Until what failed or was lost would be dialled again. */
static void run_past_due(void) {
    while (clock_ms() < session->dialling[false].due_ms || clock_ms() < session->dialling[true].due_ms)
        ;
    unit_run_rounds(loop_base(loop), 10);
}

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

/* ---- exclusive links ---- */

START_TEST(exclusive_links_are_dialled_when_they_are_wanted_and_not_again) {
    data_links_add(links, session);
    fake_want_links(&EXCLUSIVE, 2);
    ck_assert_uint_eq(dialled(), 3);
    ck_assert(order(2)->role.is_exclusive);
    data_links_order(links, session, 0, true, 3); /* by the server: two are on their way */
    ck_assert_uint_eq(dialled(), 4);
    fake_link_up(1);
    fake_link_gone(1, "not used for a minute");
    run_past_due();
    ck_assert_uint_eq(dialled(), 4);
}
END_TEST

START_TEST(an_exclusive_link_that_failed_is_not_wanted_again_before_its_wait_is_over) {
    data_links_add(links, session);
    fake_want_links(&EXCLUSIVE, 1);
    fake_link_gone(1, "connection refused");
    fake_want_links(&EXCLUSIVE, 1);
    ck_assert_uint_eq(dialled(), 2);
    session->dialling[true].due_ms = 0;
    fake_want_links(&EXCLUSIVE, 1); /* as each second */
    ck_assert_uint_eq(dialled(), 3);
}
END_TEST

START_TEST(a_thread_has_no_more_than_60_exclusive_links) {
    data_links_add(links, session);
    for (unsigned i = 0; i < 3; i++) {
        fake_want_links(&EXCLUSIVE, 64);
        ck_assert_uint_eq(dialled(), 61);
    }
    for (unsigned i = 1; i < 61; i++)
        fake_link_up(i);
    fake_want_links(&EXCLUSIVE, 1);
    ck_assert_uint_eq(dialled(), 61);
    fake_link_gone(1, "closed");
    fake_want_links(&EXCLUSIVE, 2);
    ck_assert_uint_eq(dialled(), 62);
}
END_TEST

/* ---- no more than a limit at once ---- */

static void want_as_many_as_possible(void) {
    for (unsigned i = 0; i < PROTO_THREADS_MAX; i++)
        fake_want_links(&(struct carrier_role){SESSION, i, true}, CARRIERS_EXCLUSIVE_MAX);
}

START_TEST(dials_for_exclusive_links_leave_room_for_shared_ones) {
    session->threads = PROTO_THREADS_MAX;
    data_links_add(links, session);
    want_as_many_as_possible();
    ck_assert_uint_eq(dialled(), 1 + DATA_DIALS_EXCLUSIVE_MAX);
    data_links_add(links, other);
    ck_assert_uint_eq(dialled(), 1 + DATA_DIALS_EXCLUSIVE_MAX + 1);
    fake_link_up(1); /* the first exclusive one makes room for another */
    want_as_many_as_possible();
    ck_assert_uint_eq(dialled(), 1 + DATA_DIALS_EXCLUSIVE_MAX + 2);
}
END_TEST

enum { CROWD = 8 };

static struct session_links *crowd[CROWD]; /* each with streams that lack a link on every thread */

static void make_crowd(void) {
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i] = make_session(100 + i, "crowd");
        crowd[i]->threads = PROTO_THREADS_MAX;
        data_links_add(links, crowd[i]);
        for (unsigned k = 0; k < PROTO_THREADS_MAX; k++)
            fake_want_links(&(struct carrier_role){100 + i, k, false}, 1);
    }
}

static void free_crowd(void) {
    for (unsigned i = 0; i < CROWD; i++) {
        data_links_remove(links, crowd[i]);
        trust_free(crowd[i]->target.trust);
        free(crowd[i]);
    }
}

START_TEST(no_more_than_1024_are_under_way_and_sessions_take_turns) {
    session->threads = PROTO_THREADS_MAX;
    data_links_add(links, session);
    want_as_many_as_possible();
    make_crowd();
    ck_assert_uint_eq(dialled(), DATA_DIALS_MAX);
    data_links_add(links, other);
    ck_assert_uint_eq(dialled(), DATA_DIALS_MAX);
    fake_link_up(0); /* makes room for one more, as the next two */
    fake_link_up(DATA_DIALS_EXCLUSIVE_MAX + 1);
    fake_link_reject(DATA_DIALS_EXCLUSIVE_MAX + 2, REJECT_BUSY, "full", 60);
    ck_assert_uint_eq(dialled(), DATA_DIALS_MAX + 3);
    unsigned of_other = 0;
    for (unsigned i = DATA_DIALS_MAX; i < dialled(); i++)
        of_other += order(i)->role.session == OTHER;
    ck_assert_uint_eq(of_other, 1); /* though the others were there first */
    free_crowd();
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
    tcase_add_test(group, after_failures_the_wait_grows_until_a_link_lasts);
    tcase_add_test(group, no_server_puts_a_link_off_for_longer_than_a_minute);
    tcase_add_test(group, a_busy_server_is_not_dialled_before_the_time_that_it_asked_for);
    return group;
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

static TCase *exclusive(void) {
    TCase *group = tcase_create("exclusive");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, exclusive_links_are_dialled_when_they_are_wanted_and_not_again);
    tcase_add_test(group, a_thread_has_no_more_than_60_exclusive_links);
    tcase_add_test(group, dials_for_exclusive_links_leave_room_for_shared_ones);
    tcase_add_test(group, no_more_than_1024_are_under_way_and_sessions_take_turns);
    return group;
}

static TCase *failed(void) {
    TCase *group = tcase_create("failed");

    tcase_add_checked_fixture(group, set_up_patient, tear_down);
    tcase_add_test(group, an_exclusive_link_that_failed_is_not_wanted_again_before_its_wait_is_over);
    return group;
}

UNIT_MAIN("agent/upstream/data_links", shared, unsettled, waiting, flapping, sessions, exclusive, failed)

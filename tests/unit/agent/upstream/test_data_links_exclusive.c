/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_data_links_exclusive: exclusive links are dialled when they are wanted, and no more dials than a limit are under
 * way at once.
 */
#include "config.h"

#include "agent/fake_plane.h"
#include "agent/upstream/data_links_fixture.h"
#include "unit.h"

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
    for (unsigned i = 0; i < CROWD; i++)
        free_session(crowd[i]);
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

UNIT_MAIN("agent/upstream/data_links_exclusive", exclusive, failed)

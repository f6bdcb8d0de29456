/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_thread_session: what a session is to its streams: it outlives its links, wants others, and goes on until the
 * program stops.
 */
#include "config.h"

#include "relay/sessions.h"

#include "relay/plane_priv.h"

#include <stdlib.h>

enum { OTHER = 2 /* another session */, BULK = 6 * MUCH, MANY = 20, STEPS = 60 };

/* ---- a session outlives its links ---- */

/* In each direction some bytes are taken, some are on their way, and some not sent. */
START_TEST(streams_outlive_all_links) {
    struct relayed *all[MANY];
    sessions_begin_with_link();
    for (int i = 0; i < MANY; i++) {
        all[i] = relayed_open(&sessions.planes);
        sessions_exchange(all[i]);
        if (i % 2)
            relayed_carry(&sessions.planes);
    }
    for (int times = 0; times < 3; times++) {
        for (int i = 0; i < MANY; i++) {
            sessions_exchange(all[i]);
            memory_carry(memory_peer(all[i]->ends[i % 2]), MUCH);
        }
        two_planes_settle(&sessions.planes);
        memory_carry(sessions.planes.wires[times].agent, 12345);
        two_planes_settle(&sessions.planes);
        sessions_cut_links();
        sessions_pass(1000);
        two_planes_add_link(&sessions.planes);
    }
    for (int i = 0; i < MANY; i++)
        sessions_expect_whole(all[i]);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 3);
    ck_assert(!sessions.sides[SERVER].end.misbehaved && !sessions.sides[AGENT].end.misbehaved);
    sessions_go_on();
    ck_assert_uint_eq(sessions_unconfirmed(SERVER) + sessions_unconfirmed(AGENT), 0);
    sessions_finish();
}
END_TEST

/* Nothing of it had reached the agent; another one gets it. */
START_TEST(a_client_whose_OPEN_was_lost_comes_back_unanswered) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_serve(&sessions.planes, &(struct service_terms_plan){0});
    relayed_send(relayed, RELAYED_UP, SESSIONS_PIECE * _i);
    memory_carry(memory_peer(relayed->ends[0]), MUCH);
    two_planes_settle(&sessions.planes);
    sessions_cut_links();
    two_planes_add_link(&sessions.planes);
    sessions_go_on();
    ck_assert_ptr_null(relayed->client);
    ck_assert_int_eq(relayed->outcome, CLIENT_UNANSWERED);
    ck_assert_int_lt(relayed->ends[1], 0);
    sessions_finish();
}
END_TEST

START_TEST(streams_that_wait_too_long_for_a_link_are_reset) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_cut_links();
    sessions_pass(TWO_PLANES_RESUME_MS - 100);
    relayed_carry(&sessions.planes);
    ck_assert_ptr_nonnull(relayed->client);
    sessions_pass(200);
    relayed_carry(&sessions.planes);
    relayed_assert_reset(relayed);
    ck_assert_int_eq(relayed->reason, REASON_LINK_LOST);
    sessions_finish();
}
END_TEST

START_TEST(streams_of_a_session_that_does_not_resume_are_reset_at_once) {
    sessions_begin(MUCH);
    sessions.planes.resume_ms = 0;
    two_planes_add_link(&sessions.planes);
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_exchange(relayed);
    relayed_carry(&sessions.planes);
    sessions_cut_links();
    relayed_carry(&sessions.planes);
    relayed_assert_reset(relayed);
    ck_assert_int_eq(relayed->outcome, CLIENT_ENDED);
    ck_assert_int_eq(relayed->reason, REASON_LINK_LOST);
    sessions_finish();
}
END_TEST

START_TEST(a_client_of_a_session_without_links_is_not_started) {
    sessions_begin_with_link();
    if (_i == 1)
        sessions_cut_links();
    else
        sessions.planes.role.session = OTHER;
    struct relayed *relayed = relayed_serve(&sessions.planes, &(struct service_terms_plan){0});
    two_planes_settle(&sessions.planes);
    ck_assert_ptr_null(relayed->client);
    ck_assert_int_eq(relayed->outcome, CLIENT_NOT_STARTED);
    ck_assert_int_eq(relayed->reason, REASON_LINK_LOST);
    sessions_finish();
}
END_TEST

static TCase *resumption(void) {
    TCase *group = tcase_create("resumption");
    tcase_add_test(group, streams_outlive_all_links);
    tcase_add_loop_test(group, a_client_whose_OPEN_was_lost_comes_back_unanswered, 0, 2);
    tcase_add_test(group, streams_that_wait_too_long_for_a_link_are_reset);
    tcase_add_test(group, streams_of_a_session_that_does_not_resume_are_reset_at_once);
    tcase_add_loop_test(group, a_client_of_a_session_without_links_is_not_started, 0, 2);
    return group;
}

/* ---- what it wants ---- */

static void expect_want(const struct sessions_side *side, unsigned which, bool is_exclusive, unsigned count) {
    ck_assert_uint_gt(side->want_count, which);
    ck_assert_uint_eq(side->wants[which].role.session, TWO_PLANES_SESSION);
    ck_assert_uint_eq(side->wants[which].role.server_thread, 0);
    ck_assert(side->wants[which].role.is_exclusive == is_exclusive);
    ck_assert_uint_eq(side->wants[which].count, count);
}

START_TEST(streams_without_a_shared_link_want_one_each_second) {
    sessions_begin_with_link();
    relayed_open(&sessions.planes);
    sessions_cut_links();
    for (int i = 0; i < 2; i++) {
        expect_want(&sessions.sides[i], 0, false, 1);
        ck_assert_uint_eq(sessions.sides[i].want_count, 1);
    }
    for (int i = 0; i < 7; i++) /* each half second, and a little more, as sweeps come */
        sessions_pass(501);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(sessions.sides[i].want_count, 4);
    two_planes_add_link(&sessions.planes);
    sessions_go_on();
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(sessions.sides[i].want_count, 4);
    sessions_finish();
}
END_TEST

/* 0: they are lost. 1: the session is over. */
START_TEST(a_session_without_streams_wants_no_links) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    if (_i == 1)
        ck_assert(plane_retire_session(sessions.planes.agent, TWO_PLANES_SESSION));
    sessions_expect_whole(relayed);
    sessions_go_on();
    sessions_cut_links();
    sessions_pass(1100);
    ck_assert_uint_eq(sessions.sides[AGENT].over, (unsigned)_i);
    ck_assert_uint_eq(sessions.sides[SERVER].want_count + sessions.sides[AGENT].want_count, 0);
    sessions_finish();
}
END_TEST

/* Each end for what it sends itself. */
START_TEST(streams_that_send_much_want_exclusive_links) {
    struct relayed *all[3];
    sessions_begin_with_link();
    for (int i = 0; i < 3; i++) {
        all[i] = relayed_open(&sessions.planes);
        relayed_send(all[i], _i, BULK);
    }
    struct sessions_side *sender = &sessions.sides[_i == RELAYED_UP ? SERVER : AGENT];
    for (int i = 0; i < STEPS && sender->want_count == 0; i++)
        relayed_carry(&sessions.planes);
    ck_assert_uint_eq(sender->want_count, 1); /* no more in the same tenth of a second */
    for (int i = 0; i < STEPS && sender->wants[sender->want_count - 1].count < 3; i++) {
        relayed_carry(&sessions.planes);
        sessions_pass(50);
    }
    expect_want(sender, sender->want_count - 1, true, 3);
    ck_assert_uint_eq(sessions.sides[_i == RELAYED_UP ? AGENT : SERVER].want_count, 0);
    sessions_finish();
}
END_TEST

static TCase *wants(void) {
    TCase *group = tcase_create("wants");
    tcase_add_test(group, streams_without_a_shared_link_want_one_each_second);
    tcase_add_loop_test(group, a_session_without_streams_wants_no_links, 0, 2);
    tcase_add_loop_test(group, streams_that_send_much_want_exclusive_links, 0, 2);
    return group;
}

/* ---- a program that stops ---- */

static void stop(int side) {
    struct relay_thread *thread = sessions_thread(side);
    thread->stopping = true;
    thread->ops->end(thread);
    two_planes_settle(&sessions.planes);
    relayed_carry(&sessions.planes);
}

START_TEST(a_program_that_is_stopped_resets_its_streams) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_exchange(relayed);
    relayed_carry(&sessions.planes);
    stop(_i);
    relayed_assert_reset(relayed); /* at the other end, too, by RESET and not by a lost link */
    ck_assert_int_eq(relayed->outcome, CLIENT_ENDED);
    ck_assert_int_eq(relayed->reason, _i == SERVER ? REASON_STOPPED : REASON_PEER_RESET);
    ck_assert_uint_eq(sessions_links(_i), 0);
    sessions_finish();
}
END_TEST

/* Its bytes wait at the agent, and nothing has reached the destination. */
START_TEST(a_client_goes_to_another_agent_when_one_is_stopped_while_it_dials) {
    sessions_begin_with_link();
    memory_connect_will(MEMORY_LATER);
    struct relayed *relayed = relayed_serve(&sessions.planes, &(struct service_terms_plan){0});
    relayed_send(relayed, RELAYED_UP, SESSIONS_PIECE);
    relayed_carry(&sessions.planes);
    ck_assert_int_ge(relayed->ends[1], 0);
    stop(AGENT);
    ck_assert_ptr_null(relayed->client);
    ck_assert_int_eq(relayed->outcome, CLIENT_REFUSED);
    sessions_finish();
}
END_TEST

static bool is_done(int side) {
    struct plane_counts counts;
    plane_count(sessions.sides[side].plane, &counts);
    return counts.relays + counts.unconfirmed == 0;
}

/* It would close its links with them. A little is carried at a time, and not each time to both ends. */
START_TEST(a_program_whose_counts_are_zero_has_nothing_left_to_deliver) {
    bool was_done = false;
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_exchange(relayed);
    relayed_finish(relayed);
    for (int i = 0; i < 400 && !was_done; i++) {
        memory_carry(memory_peer(relayed->ends[i % 2]), 700);
        memory_carry(i % 3 ? sessions.planes.wires[0].server : sessions.planes.wires[0].agent, 700);
        relayed_carry_plain(relayed, 700);
        two_planes_settle(&sessions.planes);
        sessions_pass(10);
        was_done = is_done(_i);
    }
    ck_assert(was_done);
    stop(_i);
    sessions_go_on();
    ck_assert(relayed_has_all(relayed));
    ck_assert_int_eq(relayed->reason, REASON_DONE);
    for (int i = 0; i < 2; i++)
        ck_assert(memory_got_end(relayed->ends[i]) && !memory_got_reset(relayed->ends[i]));
    sessions_finish();
}
END_TEST

static TCase *stops(void) {
    TCase *group = tcase_create("stops");
    tcase_add_loop_test(group, a_program_that_is_stopped_resets_its_streams, 0, 2);
    tcase_add_test(group, a_client_goes_to_another_agent_when_one_is_stopped_while_it_dials);
    tcase_add_loop_test(group, a_program_whose_counts_are_zero_has_nothing_left_to_deliver, 0, 2);
    return group;
}

UNIT_MAIN("relay/thread_session", resumption, wants, stops)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_sessions: a session is retired or disconnected, and clients are taken back from it. Each end does so, in
 * turn.
 */
#include "config.h"

#include "relay/sessions.h"

#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "relay/thread_session.h"

#include <stdlib.h>

enum { OTHER = 2 /* another session */ };

static int allocations_left = -1; /* -1: there is memory */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    if (allocations_left == 0)
        return NULL;
    allocations_left -= allocations_left > 0;
    return __real_malloc(size);
}

/* ---- plane_retire_session ---- */

static void retire(int side) {
    ck_assert(plane_retire_session(sessions.sides[side].plane, TWO_PLANES_SESSION));
    two_planes_settle(&sessions.planes);
}

static void expect_over(int side) {
    ck_assert_uint_eq(sessions.sides[side].over, 1);
    ck_assert_uint_eq(sessions.sides[side].over_session, TWO_PLANES_SESSION);
    ck_assert_uint_eq(sessions_links(side), 0);
    sessions_go_on();
    ck_assert_uint_eq(sessions.sides[side].over, 1);
}

START_TEST(a_session_is_over_once_its_last_stream_is) {
    sessions_begin_with_link();
    two_planes_add_exclusive(&sessions.planes);
    struct relayed *relayed = relayed_open(&sessions.planes);
    retire(_i);
    sessions_exchange(relayed);
    sessions_go_on();
    ck_assert(relayed_has_all(relayed));
    ck_assert_uint_eq(sessions.sides[_i].over + sessions.sides[_i].gone, 0);
    sessions_expect_whole(relayed);
    sessions_go_on();
    expect_over(_i);
    ck_assert_str_eq(sessions.sides[_i].end.detail, "its session is over");
    ck_assert_uint_eq(sessions.sides[1 - _i].gone, 2);
    sessions_finish();
}
END_TEST

/* The peer may not know yet how a stream has ended. */
START_TEST(a_session_is_not_over_before_the_end_of_its_last_stream_is_confirmed) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    int end = _i == SERVER ? 0 : 1;
    memory_reset(relayed->ends[end]);
    relayed->ends[end] = -1;
    two_planes_settle(&sessions.planes); /* RESET is on its way */
    ck_assert_uint_eq(sessions_unconfirmed(_i), 1);
    retire(_i);
    sessions_sweep(_i);
    ck_assert_uint_eq(sessions.sides[_i].over + sessions.sides[_i].gone, 0);
    sessions_go_on();
    expect_over(_i);
    ck_assert_uint_eq(sessions_unconfirmed(_i), 0);
    ck_assert_ptr_null(relayed->client);
    sessions_finish();
}
END_TEST

START_TEST(a_session_without_links_or_streams_is_over_at_once) {
    sessions_begin(MUCH);
    if (_i >= 2) {
        two_planes_add_link(&sessions.planes);
        sessions_cut_links();
    }
    retire(_i % 2);
    expect_over(_i % 2);
    sessions_finish();
}
END_TEST

START_TEST(a_session_with_idle_links_is_over_at_once) {
    sessions_begin_with_link();
    two_planes_add_exclusive(&sessions.planes);
    retire(_i);
    ck_assert_uint_eq(sessions.sides[_i].gone, 2);
    expect_over(_i);
    sessions_finish();
}
END_TEST

START_TEST(streams_of_a_session_that_retires_have_their_time_to_resume) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_exchange(relayed);
    retire(_i);
    sessions_cut_links();
    sessions_pass(TWO_PLANES_RESUME_MS - 1000);
    ck_assert_uint_eq(sessions.sides[_i].over, 0);
    two_planes_add_link(&sessions.planes);
    sessions_expect_whole(relayed);
    sessions_go_on();
    expect_over(_i);
    sessions_finish();
}
END_TEST

START_TEST(a_session_that_retires_without_links_is_over_in_time) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    retire(_i);
    sessions_cut_links();
    sessions_pass(TWO_PLANES_RESUME_MS - 100);
    ck_assert_uint_eq(sessions.sides[_i].over, 0);
    sessions_pass(200);
    relayed_carry(&sessions.planes);
    relayed_assert_reset(relayed);
    expect_over(_i);
    sessions_finish();
}
END_TEST

START_TEST(other_sessions_go_on_when_one_is_over) {
    sessions_begin_with_link();
    sessions.planes.role.session = OTHER;
    two_planes_add_link(&sessions.planes);
    struct relayed *relayed = relayed_open(&sessions.planes);
    retire(_i);
    sessions_go_on();
    ck_assert_uint_eq(sessions.sides[_i].over, 1);
    ck_assert_uint_eq(sessions_links(_i), 1);
    sessions_exchange(relayed);
    sessions_expect_whole(relayed);
    sessions_finish();
}
END_TEST

static void count_part(struct thread_session *session, void *context) {
    (void)session;
    ++*(unsigned *)context;
}

static unsigned count_parts(int side) {
    unsigned count = 0;
    thread_session_each(sessions_thread(side), count_part, &count);
    return count;
}

/* It was dialled before. A new part of the session would not know which streams the last one has seen, and a client
 * whose bytes have reached its destination would go to another agent. */
START_TEST(a_link_that_comes_when_its_session_is_over_finds_no_part_of_it) {
    const struct carrier_role role = {.session = TWO_PLANES_SESSION};
    sessions_begin_with_link();
    retire(_i);
    expect_over(_i);
    ck_assert_ptr_null(thread_session_get(sessions_thread(_i), &role, "late", 1000));
    ck_assert(plane_disconnect(sessions.sides[_i].plane, TWO_PLANES_SESSION, REASON_DENIED, "its session is over"));
    two_planes_settle(&sessions.planes);
    ck_assert_ptr_null(thread_session_get(sessions_thread(_i), &role, "late", 1000));
    sessions_pass((LINK_ANSWER_DEADLINES + 2) * sessions.sides[_i].plane->options.greeting_ms + 1000);
    ck_assert_uint_eq(count_parts(_i), 0);
    sessions_finish();
}
END_TEST

START_TEST(a_session_stays_when_memory_lacks_for_the_order_to_retire_it) {
    sessions_begin_with_link();
    for (int i = 0; i < 2; i++) {
        allocations_left = i;
        bool is_ordered = plane_retire_session(sessions.sides[_i].plane, TWO_PLANES_SESSION);
        allocations_left = -1;
        ck_assert(!is_ordered);
        sessions_go_on();
        ck_assert_uint_eq(sessions.sides[_i].over + sessions.sides[_i].gone, 0);
    }
    retire(_i);
    expect_over(_i);
    sessions_finish();
}
END_TEST

static TCase *retirement(void) {
    TCase *group = tcase_create("retirement");
    tcase_add_loop_test(group, a_session_is_over_once_its_last_stream_is, 0, 2);
    tcase_add_loop_test(group, a_session_is_not_over_before_the_end_of_its_last_stream_is_confirmed, 0, 2);
    tcase_add_loop_test(group, a_session_without_links_or_streams_is_over_at_once, 0, 4);
    tcase_add_loop_test(group, a_session_with_idle_links_is_over_at_once, 0, 2);
    tcase_add_loop_test(group, streams_of_a_session_that_retires_have_their_time_to_resume, 0, 2);
    tcase_add_loop_test(group, a_session_that_retires_without_links_is_over_in_time, 0, 2);
    tcase_add_loop_test(group, other_sessions_go_on_when_one_is_over, 0, 2);
    tcase_add_loop_test(group, a_link_that_comes_when_its_session_is_over_finds_no_part_of_it, 0, 2);
    tcase_add_loop_test(group, a_session_stays_when_memory_lacks_for_the_order_to_retire_it, 0, 2);
    return group;
}

/* ---- plane_disconnect ---- */

static void disconnect(int side) {
    ck_assert(plane_disconnect(sessions.sides[side].plane, TWO_PLANES_SESSION, REASON_DENIED, "revoked"));
    two_planes_settle(&sessions.planes);
}

START_TEST(disconnection_resets_streams_and_closes_all_links) {
    sessions_begin_with_link();
    two_planes_add_exclusive(&sessions.planes);
    two_planes_add_control(&sessions.planes);
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_exchange(relayed);
    relayed_carry(&sessions.planes);
    disconnect(_i);
    ck_assert_uint_eq(sessions.sides[_i].gone, 3);
    ck_assert_str_eq(sessions.sides[_i].end.detail, "revoked");
    two_planes_carry_all(&sessions.planes);
    memory_carry(_i == SERVER ? sessions.planes.wires[2].agent : sessions.planes.wires[2].server, MUCH);
    relayed_carry(&sessions.planes);
    relayed_assert_reset(relayed);
    ck_assert_int_eq(relayed->outcome, CLIENT_ENDED);
    ck_assert_uint_eq(sessions.sides[1 - _i].gone, 3);
    ck_assert_uint_eq(two_planes_relays(sessions.planes.server) + two_planes_relays(sessions.planes.agent), 0);
    ck_assert_uint_eq(sessions.sides[SERVER].want_count + sessions.sides[AGENT].want_count, 0);
    sessions_finish();
}
END_TEST

START_TEST(disconnection_ends_streams_that_wait_for_a_link) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_cut_links();
    disconnect(SERVER);
    relayed_carry(&sessions.planes);
    ck_assert_ptr_null(relayed->client);
    ck_assert(memory_got_reset(relayed->ends[0]));
    disconnect(AGENT);
    relayed_carry(&sessions.planes);
    relayed_assert_reset(relayed);
    sessions_finish();
}
END_TEST

START_TEST(a_client_of_a_session_that_was_disconnected_can_go_elsewhere) {
    sessions_begin_with_link();
    memory_connect_will(MEMORY_LATER);
    struct relayed *opening = relayed_serve(&sessions.planes, &(struct service_terms_plan){0});
    two_planes_settle(&sessions.planes);
    disconnect(SERVER);
    ck_assert_ptr_null(opening->client);
    ck_assert_int_eq(opening->outcome, CLIENT_UNANSWERED);
    struct relayed *later = relayed_serve(&sessions.planes, &(struct service_terms_plan){0});
    two_planes_settle(&sessions.planes);
    ck_assert_ptr_null(later->client);
    ck_assert_int_eq(later->outcome, CLIENT_NOT_STARTED);
    sessions_finish();
}
END_TEST

START_TEST(other_sessions_go_on_when_one_is_disconnected) {
    sessions_begin_with_link();
    sessions.planes.role.session = OTHER;
    two_planes_add_link(&sessions.planes);
    struct relayed *relayed = relayed_open(&sessions.planes);
    disconnect(_i);
    sessions_go_on();
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 1);
    ck_assert_uint_eq(sessions.sides[AGENT].gone, 1);
    sessions_exchange(relayed);
    sessions_expect_whole(relayed);
    sessions_finish();
}
END_TEST

START_TEST(a_session_stays_when_memory_lacks_for_the_order_to_disconnect_it) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    allocations_left = 0;
    bool is_ordered = plane_disconnect(sessions.planes.server, TWO_PLANES_SESSION, REASON_DENIED, "revoked");
    allocations_left = -1;
    ck_assert(!is_ordered);
    sessions_exchange(relayed);
    sessions_expect_whole(relayed);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 0);
    sessions_finish();
}
END_TEST

/* The session that retires is disconnected after all. */
START_TEST(disconnection_ends_a_session_that_retires) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    retire(_i);
    disconnect(_i);
    relayed_carry(&sessions.planes);
    relayed_assert_reset(relayed);
    sessions_go_on();
    expect_over(_i);
    sessions_finish();
}
END_TEST

static TCase *disconnection(void) {
    TCase *group = tcase_create("disconnection");
    tcase_add_loop_test(group, disconnection_resets_streams_and_closes_all_links, 0, 2);
    tcase_add_test(group, disconnection_ends_streams_that_wait_for_a_link);
    tcase_add_test(group, a_client_of_a_session_that_was_disconnected_can_go_elsewhere);
    tcase_add_loop_test(group, other_sessions_go_on_when_one_is_disconnected, 0, 2);
    tcase_add_test(group, a_session_stays_when_memory_lacks_for_the_order_to_disconnect_it);
    tcase_add_loop_test(group, disconnection_ends_a_session_that_retires, 0, 2);
    return group;
}

/* ---- plane_recall ---- */

/* The agent never answers OPEN: the destination's connection stays under way. */
static struct relayed *serve_unanswered_by(const struct service_terms_plan *plan, size_t early) {
    memory_connect_will(MEMORY_LATER);
    struct relayed *relayed = relayed_serve(&sessions.planes, plan);
    relayed_send(relayed, RELAYED_UP, early);
    memory_carry(memory_peer(relayed->ends[0]), MUCH);
    relayed_carry(&sessions.planes);
    ck_assert_ptr_nonnull(relayed->client);
    return relayed;
}

static struct relayed *serve_unanswered(size_t early) {
    return serve_unanswered_by(&(struct service_terms_plan){0}, early);
}

static void recall(uint64_t session, const struct relayed *relayed) {
    plane_recall(sessions.planes.server, session, relayed->client->terms);
    two_planes_settle(&sessions.planes);
}

START_TEST(clients_of_another_service_stay_where_they_are) {
    sessions_begin_with_link();
    struct relayed *stays = serve_unanswered(0), *comes = serve_unanswered(0);
    recall(TWO_PLANES_SESSION, comes);
    ck_assert_ptr_null(comes->client);
    ck_assert_int_eq(comes->outcome, CLIENT_UNANSWERED);
    sessions_go_on();
    ck_assert_ptr_nonnull(stays->client);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 0);
    sessions_finish();
}
END_TEST

/* A reload changes the terms of a service while the agent of its clients is already silent. */
START_TEST(clients_that_came_before_their_service_has_changed_come_back_too) {
    sessions_begin_with_link();
    struct service_counts *counts = service_counts_new(1);
    struct relayed *before = serve_unanswered_by(&(struct service_terms_plan){.counts = counts}, 0);
    struct relayed *after = serve_unanswered_by(&(struct service_terms_plan){.counts = counts, .idle_timeout_s = 7}, 0);
    recall(TWO_PLANES_SESSION, after);
    ck_assert_ptr_null(after->client);
    ck_assert_ptr_null(before->client);
    ck_assert_int_eq(before->outcome, CLIENT_UNANSWERED);
    service_counts_release(counts);
    sessions_finish();
}
END_TEST

START_TEST(clients_of_another_agent_stay_where_they_are) {
    sessions_begin_with_link();
    struct relayed *stays = serve_unanswered(0);
    recall(OTHER, stays);
    ck_assert_ptr_nonnull(stays->client);
    sessions_finish();
}
END_TEST

/* The destination may have seen what was sent: another one must not get it again. */
START_TEST(clients_whose_bytes_are_sent_stay_where_they_are) {
    sessions_begin_with_link();
    struct relayed *stays = serve_unanswered(SESSIONS_PIECE);
    recall(TWO_PLANES_SESSION, stays);
    ck_assert_ptr_nonnull(stays->client);
    sessions_finish();
}
END_TEST

START_TEST(clients_that_are_served_stay_where_they_are) {
    sessions_begin_with_link();
    struct relayed *stays = relayed_open(&sessions.planes);
    recall(TWO_PLANES_SESSION, stays);
    sessions_exchange(stays);
    sessions_expect_whole(stays);
    sessions_finish();
}
END_TEST

static TCase *recalls(void) {
    TCase *group = tcase_create("recalls");
    tcase_add_test(group, clients_of_another_service_stay_where_they_are);
    tcase_add_test(group, clients_that_came_before_their_service_has_changed_come_back_too);
    tcase_add_test(group, clients_of_another_agent_stay_where_they_are);
    tcase_add_test(group, clients_whose_bytes_are_sent_stay_where_they_are);
    tcase_add_test(group, clients_that_are_served_stay_where_they_are);
    return group;
}

UNIT_MAIN("relay/plane_sessions", retirement, disconnection, recalls)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session_threads: a session with links and streams on two relay threads of the server: an order about it concerns
 * both.
 */
#include "config.h"

#include "relay/plane_priv.h"
#include "relay/two_threads.h"

static bool is_over(void *context) {
    (void)context;
    return world.over > 0;
}

START_TEST(a_session_is_over_when_its_streams_on_all_threads_are) {
    begin();
    for (unsigned i = 0; i < THREADS; i++)
        add_link(i);
    struct served *first = open_stream(0), *last = open_stream(1);
    ck_assert(plane_retire_session(world.planes.server, TWO_PLANES_SESSION));
    exchange(last);
    end_stream(first);
    ck_assert(!unit_run_until(loop_base(world.planes.loop), is_over, NULL, 3 * A_WHILE_MS));
    exchange(last);
    end_stream(last);
    ck_assert(run_until(is_over, NULL));
    ck_assert_uint_eq(world.gone, THREADS);
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    ck_assert_uint_eq(world.over, 1);
    finish();
    ck_assert_uint_eq(world.over, 1);
}
END_TEST

static bool is_late(void *context) {
    (void)context;
    return world.over == 1 && world.carriers[1] == 1;
}

/* The order to retire the session has overtaken it. It is reported, so that the control plane can end it, too. */
START_TEST(a_link_that_comes_when_its_session_is_over_is_reported) {
    begin();
    world.holds_source = true;
    dial(1);
    ck_assert(run_until(is_greeted, NULL));
    ck_assert(plane_retire_session(world.planes.server, TWO_PLANES_SESSION));
    sem_post(&world.block.left);
    ck_assert(run_until(is_late, NULL));
    ck_assert(plane_disconnect(world.planes.server, TWO_PLANES_SESSION, REASON_DENIED, "its session is over"));
    ck_assert(run_until(agent_lost_it, NULL));
    sync_with_threads();
    ck_assert_uint_eq(links_of(world.planes.server), 0);
    finish();
    ck_assert_uint_eq(world.over, 1);
}
END_TEST

START_TEST(a_session_without_a_link_on_any_thread_is_over_at_once) {
    begin();
    ck_assert(plane_retire_session(world.planes.server, TWO_PLANES_SESSION));
    ck_assert(run_until(is_over, NULL));
    finish();
    ck_assert_uint_eq(world.over, 1);
}
END_TEST

static bool all_are_gone(void *context) {
    (void)context;
    int back = 0;
    for (int i = 0; i < world.stream_count; i++)
        back += !world.streams[i].lent;
    return back == world.stream_count && world.gone == THREADS && world.agents_gone == THREADS;
}

START_TEST(a_session_is_disconnected_on_all_threads) {
    begin();
    for (unsigned i = 0; i < THREADS; i++)
        add_link(i);
    for (unsigned i = 0; i < STREAMS; i++)
        exchange(open_stream(i % THREADS));
    ck_assert(plane_disconnect(world.planes.server, TWO_PLANES_SESSION, REASON_DENIED, "revoked"));
    ck_assert(run_until(all_are_gone, NULL));
    for (int i = 0; i < STREAMS; i++)
        ck_assert_int_eq(world.streams[i].outcome, CLIENT_ENDED);
    finish();
}
END_TEST

/* A program that is forced to stop resets what still runs, and every client comes back before plane_free returns. */
START_TEST(all_clients_come_back_when_the_program_is_stopped) {
    char byte;
    begin();
    for (unsigned i = 0; i < THREADS; i++)
        add_link(i);
    for (unsigned i = 0; i < STREAMS; i++)
        exchange(open_stream(i % THREADS));
    plane_free(world.planes.server);
    world.planes.server = NULL;
    ck_assert_uint_eq(world.gone, THREADS);
    for (int i = 0; i < STREAMS; i++) {
        ck_assert_ptr_null(world.streams[i].lent);
        ck_assert_int_eq(world.streams[i].outcome, CLIENT_ENDED);
        ck_assert_int_le(unit_receive(world.streams[i].client, &byte, 1), 0);
    }
    finish();
}
END_TEST

static TCase *sessions(void) {
    TCase *group = tcase_create("sessions");
    tcase_add_test(group, a_session_is_over_when_its_streams_on_all_threads_are);
    tcase_add_test(group, a_link_that_comes_when_its_session_is_over_is_reported);
    tcase_add_test(group, a_session_without_a_link_on_any_thread_is_over_at_once);
    tcase_add_test(group, a_session_is_disconnected_on_all_threads);
    tcase_add_test(group, all_clients_come_back_when_the_program_is_stopped);
    return group;
}

UNIT_MAIN("relay/session_threads", sessions)

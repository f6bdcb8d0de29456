/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_orders: a server with two relay threads. HELLO comes to one of them, and the link may be for the other one
 * that carries the streams.
 */
#include "config.h"

#include "relay/plane_priv.h"
#include "relay/two_threads.h"

enum { STEPS_MOST = 60 };

/* The server's threads take connections in turn: four links, of which the first two are for the other thread. */
START_TEST(a_link_goes_to_the_thread_of_its_role) {
    static const unsigned roles[] = {1, 0, 0, 1};
    begin();
    for (int i = 0; i < 4; i++)
        add_link(roles[i]);
    ck_assert_uint_eq(world.carriers[0], 2);
    ck_assert_uint_eq(world.carriers[1], 2);
    for (unsigned i = 0; i < 4; i++)
        exchange(open_stream(i % THREADS));
    for (int i = 0; i < 4; i++)
        end_stream(&world.streams[i]);
    ck_assert_uint_eq(world.gone, 0);
    finish();
    ck_assert_uint_eq(world.gone, 4);
    ck_assert_uint_eq(world.gone_by_thread[0], 2); /* by the name that they have there */
    ck_assert_uint_eq(world.gone_by_thread[1], 2);
}
END_TEST

/* The name that a link had on the thread that took HELLO leads to nothing, or to its successor there. */
START_TEST(an_order_by_the_old_name_of_a_link_is_ignored) {
    begin();
    add_link(1);
    struct link_ref old = world.greeted;
    ck_assert_uint_eq(old.thread, 0);
    plane_close(world.planes.server, old, "enough");
    struct carrier_role role = world.planes.role;
    plane_accept_data(world.planes.server, old, &role, "{}", "agent test", 0);
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    ck_assert_uint_eq(world.gone, 0);
    ck_assert_uint_eq(world.carriers[1], 1);
    ck_assert_uint_eq(world.accept_failed, 1);
    exchange(open_stream(1));
    finish();
}
END_TEST

static bool is_known_to_both(void *context) {
    (void)context;
    return world.gone + world.carriers[1] > 0 && world.agents_gone + world.agents_carriers > 0;
}

/* Each allocation of the order and of both threads in turn, until none fails. What was accepted is always answered. */
START_TEST(a_link_that_moves_without_memory_is_closed) {
    unsigned closed = 0;
    for (int steps = 0;; steps++) {
        ck_assert_int_lt(steps, STEPS_MOST);
        begin();
        world.steps = steps;
        dial(1);
        bool is_known = run_until(is_known_to_both, NULL);
        int left = atomic_exchange(&allocations_left, -1);
        ck_assert_msg(is_known, "after %d allocations", steps);
        sync_with_threads();
        closed += world.gone;
        ck_assert_uint_eq(links_of(world.planes.server) + world.gone, 1);
        ck_assert_uint_eq(world.carriers[1] + world.accept_failed, world.accepted);
        world.steps = -1;
        if (world.gone) {
            ck_assert(run_until(agent_lost_it, NULL));
            add_link(1); /* there is memory again */
        }
        exchange(open_stream(1));
        finish();
        if (left > 0)
            break;
    }
    ck_assert_uint_gt(closed, 5);
}
END_TEST

/* 0: it leaves its thread when the other one has ended already. 1: it waits in the mailbox of the other one, which the
 * end of its own unblocks. */
START_TEST(a_link_is_closed_that_is_on_its_way_when_the_program_stops) {
    begin();
    world.unblocking = 1 - _i;
    world.holds_source = _i == 0;
    dial(1);
    if (_i == 1)
        block(1);
    ck_assert(run_until(is_greeted, NULL));
    plane_free(world.planes.server);
    ck_assert_uint_eq(world.gone, 1);
    ck_assert_uint_eq(world.carriers[1] + world.accept_failed, 1);
    ck_assert(run_until(agent_lost_it, NULL));
    world.planes.server = NULL;
    finish();
}
END_TEST

static TCase *moves(void) {
    TCase *group = tcase_create("moves");
    tcase_add_test(group, a_link_goes_to_the_thread_of_its_role);
    tcase_add_test(group, an_order_by_the_old_name_of_a_link_is_ignored);
    tcase_add_test(group, a_link_that_moves_without_memory_is_closed);
    tcase_add_loop_test(group, a_link_is_closed_that_is_on_its_way_when_the_program_stops, 0, 2);
    return group;
}

UNIT_MAIN("relay/plane_orders", moves)

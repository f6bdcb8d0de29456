/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_link: the states of a link: which may follow which, and what goes with them.
 */
#include "config.h"

#include "relay/link/link_priv.h"
#include "unit.h"

/* From, to: one step of the life in the heads of dial.c, handshake.c and greeting.c. */
static const uint8_t steps[][2] = {
    {LINK_NEW, LINK_CONNECTING},     {LINK_NEW, LINK_HANDSHAKE},    {LINK_CONNECTING, LINK_HANDSHAKE},
    {LINK_HANDSHAKE, LINK_GREETING}, {LINK_GREETING, LINK_VERDICT}, {LINK_VERDICT, LINK_CONTROL},
    {LINK_VERDICT, LINK_CARRIER},    {LINK_VERDICT, LINK_LEAVING},  {LINK_CONNECTING, LINK_PROXY},
    {LINK_PROXY, LINK_CONNECTING},   {LINK_PROXY, LINK_HANDSHAKE},
};
enum { STEPS = sizeof steps / sizeof *steps, ALL_STEPS = LINK_STATE_COUNT * LINK_STATE_COUNT };

static struct relay_thread thread;

static struct link in_state(enum link_state state) {
    static const struct plane_options options = {.log = NULL};
    thread.options = &options;
    return (struct link){.thread = &thread, .state = (uint8_t)state, .deadline_us = 1000};
}

static bool is_step(int from, int to) {
    if (to == LINK_CLOSED && from != LINK_CLOSED)
        return true;
    for (int i = 0; i < STEPS; i++)
        if (steps[i][0] == from && steps[i][1] == to)
            return true;
    return false;
}

START_TEST(a_link_goes_from_state_to_state) {
    int from = _i / LINK_STATE_COUNT, to = _i % LINK_STATE_COUNT;
    if (!is_step(from, to))
        return;
    struct link link = in_state((enum link_state)from);
    link_set_state(&link, (enum link_state)to);
    ck_assert_uint_eq(link.state, (unsigned)to);
}
END_TEST

#ifndef NDEBUG
enum { OTHER_STEPS = ALL_STEPS - STEPS - (LINK_STATE_COUNT - 1) };

static void find_other_step(int number, int *from, int *to) {
    for (int i = 0; i < ALL_STEPS; i++) {
        *from = i / LINK_STATE_COUNT;
        *to = i % LINK_STATE_COUNT;
        if (!is_step(*from, *to) && number-- == 0)
            return;
    }
    ck_abort_msg("there are fewer");
}

START_TEST(any_other_step_of_a_link_is_a_bug) {
    int from = 0, to = 0;
    find_other_step(_i, &from, &to);
    struct link link = in_state((enum link_state)from);
    link_set_state(&link, (enum link_state)to);
}
END_TEST
#endif

/* The states up to the verdict share one absolute deadline. */
START_TEST(the_verdict_ends_the_deadline_of_the_greeting) {
    struct link link = in_state(LINK_GREETING);
    link_set_state(&link, LINK_VERDICT);
    ck_assert_uint_eq(link.deadline_us, 1000);
    link_set_state(&link, _i == 0 ? LINK_CONTROL : LINK_CARRIER);
    ck_assert_uint_eq(link.deadline_us, 0);
}
END_TEST

static TCase *states(void) {
    TCase *group = tcase_create("states");
    tcase_add_loop_test(group, a_link_goes_from_state_to_state, 0, ALL_STEPS);
#ifndef NDEBUG
    unit_add_abort_test(group, any_other_step_of_a_link_is_a_bug, OTHER_STEPS);
#endif
    tcase_add_loop_test(group, the_verdict_ends_the_deadline_of_the_greeting, 0, 2);
    return group;
}

UNIT_MAIN("relay/link/link", states)

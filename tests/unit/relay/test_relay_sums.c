/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_sums: what the relays of each agent carry, however many agents there are.
 */
#include "config.h"

#include "unit.h"

#include "relay/relay_sums.h"

#include <stdio.h>
#include <string.h>

enum { AGENTS = 300 };

static struct relay_view view_of(int agent) {
    struct relay_view view = {.up_rate = 10, .down_rate = 1000};
    snprintf(view.agent, sizeof view.agent, "agent-%d", agent);
    return view;
}

static struct relay_sum sum_of(const struct relay_sums *sums, int agent) {
    struct relay_view view = view_of(agent);
    for (size_t i = 0; i < sums->count; i++)
        if (strcmp(sums->items[i].agent, view.agent) == 0)
            return sums->items[i];
    return (struct relay_sum){.relays = 0};
}

static void add(struct relay_sums *sums, int agent) {
    struct relay_view view = view_of(agent);
    ck_assert(relay_sums_add(sums, &view));
}

START_TEST(relays_are_added_up_by_their_agents) {
    struct relay_sums sums = {0};
    for (int round = 0; round < 2; round++)
        for (int agent = 0; agent < AGENTS; agent++)
            add(&sums, agent);
    add(&sums, 7);
    ck_assert_uint_eq(sums.count, AGENTS);
    for (int agent = 0; agent < AGENTS; agent++)
        ck_assert_uint_eq(sum_of(&sums, agent).relays, agent == 7 ? 3 : 2);
    ck_assert_uint_eq(sum_of(&sums, 7).up_rate, 30);
    ck_assert_uint_eq(sum_of(&sums, 7).down_rate, 3000);
    relay_sums_done(&sums);
    ck_assert_uint_eq(sums.count, 0);
}
END_TEST

START_TEST(sums_of_threads_are_added_up) {
    struct relay_sums one = {0}, other = {0}, none = {0};
    for (int agent = 0; agent < AGENTS; agent++)
        add(agent % 2 ? &one : &other, agent);
    add(&one, 0);
    ck_assert(relay_sums_add_all(&one, &other));
    ck_assert(relay_sums_add_all(&one, &none));
    ck_assert_uint_eq(one.count, AGENTS);
    ck_assert_uint_eq(sum_of(&one, 0).relays, 2);
    ck_assert_uint_eq(sum_of(&one, 2).down_rate, 1000);
    relay_sums_done(&one);
    relay_sums_done(&other);
}
END_TEST

static TCase *sums(void) {
    TCase *group = tcase_create("sums");
    tcase_add_test(group, relays_are_added_up_by_their_agents);
    tcase_add_test(group, sums_of_threads_are_added_up);
    return group;
}

UNIT_MAIN("relay/relay_sums", sums)

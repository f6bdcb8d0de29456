/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reply_budget: how much an address may be sent for what came from there.
 */
#include "config.h"

#include "lib/net/source_key.h"
#include "relay/datagram/reply_budget.h"
#include "unit.h"

#include <stdio.h>

static const uint64_t second_us = 1000000;

static struct addr address(const char *host) {
    struct error error = {""};
    struct addr addr;

    ck_assert_msg(source_parse(&addr, host, &error) == 0, "%s", error.text);
    return addr;
}

static struct reply_budget *get(struct reply_budgets *budgets, const char *host, uint64_t now_us) {
    const struct addr addr = address(host);
    struct reply_budget *budget = reply_budget_get(budgets, &addr, now_us);

    ck_assert_ptr_nonnull(budget);
    return budget;
}

START_TEST(an_address_gets_what_is_free_and_what_it_earns) {
    struct reply_budgets budgets = {.count = 0};
    struct reply_budget *budget = get(&budgets, "192.0.2.1", second_us);

    ck_assert(reply_budget_spend(budget, REPLY_BUDGET_BURST, second_us));
    ck_assert(!reply_budget_spend(budget, 1, second_us));
    reply_budget_earn(budget, 100, 10);
    ck_assert(!reply_budget_spend(budget, 1001, second_us));
    ck_assert(reply_budget_spend(budget, 1000, second_us));
    ck_assert(!reply_budget_spend(budget, REPLY_BUDGET_FREE + 1, 2 * second_us));
    ck_assert(reply_budget_spend(budget, REPLY_BUDGET_FREE, 2 * second_us));
    ck_assert(!reply_budget_spend(budget, 1, 2 * second_us));
    ck_assert(!reply_budget_spend(budget, REPLY_BUDGET_BURST + 1, 1000 * second_us)); /* it does not save up */
    ck_assert(reply_budget_spend(budget, REPLY_BUDGET_BURST, 1000 * second_us));
    reply_budgets_free(&budgets);
}
END_TEST

START_TEST(small_steps_of_time_add_up) {
    struct reply_budgets budgets = {.count = 0};
    struct reply_budget *budget = get(&budgets, "192.0.2.1", 0);
    size_t got = 0;

    ck_assert(reply_budget_spend(budget, REPLY_BUDGET_BURST, 0));
    for (uint64_t now_us = 0; now_us <= second_us; now_us += 10)
        got += reply_budget_spend(budget, 1, now_us);
    ck_assert_uint_ge(got, REPLY_BUDGET_FREE - 300);
    ck_assert_uint_le(got, REPLY_BUDGET_FREE);
    reply_budgets_free(&budgets);
}
END_TEST

START_TEST(what_was_earned_is_not_lost_to_what_is_free) {
    struct reply_budgets budgets = {.count = 0};
    struct reply_budget *budget = get(&budgets, "192.0.2.1", second_us);

    reply_budget_earn(budget, 1000000, 10);
    ck_assert(reply_budget_spend(budget, 10000000, 5 * second_us));
    ck_assert(reply_budget_spend(budget, REPLY_BUDGET_BURST, 5 * second_us));
    ck_assert(!reply_budget_spend(budget, 1, 5 * second_us));
    reply_budgets_free(&budgets);
}
END_TEST

START_TEST(an_address_has_one_whatever_its_sessions) {
    struct reply_budgets budgets = {.count = 0};
    struct reply_budget *budget = get(&budgets, "2001:db8::1", second_us);

    ck_assert_ptr_eq(get(&budgets, "2001:db8::ffff", second_us), budget); /* of one /64 */
    ck_assert_ptr_ne(get(&budgets, "2001:db8:0:1::1", second_us), budget);
    ck_assert(reply_budget_spend(budget, REPLY_BUDGET_BURST, second_us));
    reply_budget_leave(budget);
    reply_budget_leave(budget);
    reply_budgets_sweep(&budgets, second_us);
    ck_assert_ptr_eq(get(&budgets, "2001:db8::1", second_us), budget); /* a new session does not begin anew */
    ck_assert(!reply_budget_spend(budget, 1, second_us));
    reply_budgets_free(&budgets);
}
END_TEST

START_TEST(one_without_sessions_goes_once_it_is_full) {
    struct reply_budgets budgets = {.count = 0};
    struct reply_budget *budget = get(&budgets, "192.0.2.1", second_us);

    ck_assert(reply_budget_spend(budget, 1, second_us));
    reply_budgets_sweep(&budgets, 100 * second_us);
    ck_assert_uint_eq(budgets.count, 1); /* it has a session */
    reply_budget_leave(budget);
    reply_budgets_sweep(&budgets, 100 * second_us);
    ck_assert_uint_eq(budgets.count, 0);
    reply_budgets_free(&budgets);
}
END_TEST

static size_t used(const struct reply_budgets *budgets) {
    size_t count = 0;

    for (size_t i = 0; i < budgets->room; i++)
        count += budgets->buckets[i] ? 1 : 0;
    return count;
}

/* A client may have, or forge, all addresses that would be of one bucket without the secret. */
START_TEST(addresses_that_are_chosen_fill_no_bucket) {
    enum { CHOSEN = 1000, MASK = 255 };
    struct reply_budgets budgets = {.count = 0};
    char text[16];
    size_t count = 0;

    for (unsigned number = 0; count < CHOSEN; number++) {
        snprintf(text, sizeof text, "10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255, number & 255);
        const struct addr addr = address(text);
        if ((source_key_of(&addr) & MASK) != 7)
            continue;
        struct reply_budget *budget = get(&budgets, text, second_us);
        ck_assert_ptr_eq(get(&budgets, text, second_us), budget);
        count++;
    }
    ck_assert_uint_eq(budgets.count, CHOSEN);
    ck_assert_uint_ge(budgets.room, CHOSEN);
    ck_assert_uint_gt(used(&budgets), CHOSEN / 4);
    reply_budgets_free(&budgets);
}
END_TEST

static TCase *budgets(void) {
    TCase *group = tcase_create("budgets");
    tcase_add_test(group, an_address_gets_what_is_free_and_what_it_earns);
    tcase_add_test(group, small_steps_of_time_add_up);
    tcase_add_test(group, what_was_earned_is_not_lost_to_what_is_free);
    tcase_add_test(group, an_address_has_one_whatever_its_sessions);
    tcase_add_test(group, one_without_sessions_goes_once_it_is_full);
    tcase_add_test(group, addresses_that_are_chosen_fill_no_bucket);
    return group;
}

UNIT_MAIN("relay/reply_budget", budgets)

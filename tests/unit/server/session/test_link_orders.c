/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_link_orders: links are expected until they arrive, are given up or expire.
 */
#include "config.h"

#include "server/session/link_orders.h"
#include "unit.h"

START_TEST(orders_are_filled_or_expire) {
    struct link_orders orders = {0};

    link_orders_add(&orders, 5, 0);
    link_orders_add(&orders, 3, 1000000);
    link_orders_arrived(&orders);
    ck_assert_uint_eq(link_orders_acceptable(&orders, 2000000), 7);
    ck_assert_uint_eq(link_orders_acceptable(&orders, 10000000), 3); /* the four of the first are void */
    for (int i = 0; i < 4; i++)
        link_orders_arrived(&orders); /* one more than was asked for */
    ck_assert_uint_eq(link_orders_acceptable(&orders, 10000000), 0);
}
END_TEST

START_TEST(given_up_orders_are_still_accepted) {
    struct link_orders orders = {0};

    link_orders_add(&orders, 5, 0);
    link_orders_add(&orders, 3, 1000000);
    link_orders_give_up(&orders, 3000, 2999999);
    ck_assert_uint_eq(link_orders_expected(&orders, 2999999), 8);
    link_orders_give_up(&orders, 3000, 3000000);
    ck_assert_uint_eq(link_orders_expected(&orders, 3000000), 3);
    ck_assert_uint_eq(link_orders_acceptable(&orders, 3000000), 8); /* they may come nevertheless */
    for (int i = 0; i < 4; i++)
        link_orders_arrived(&orders);
    ck_assert_uint_eq(link_orders_expected(&orders, 3000000), 0);
    ck_assert_uint_eq(link_orders_acceptable(&orders, 3000000), 4);
    ck_assert_uint_eq(link_orders_acceptable(&orders, 10000000), 0);
}
END_TEST

START_TEST(merged_batches_lose_no_order) {
    struct link_orders orders = {0};

    for (unsigned i = 0; i < 100; i++)
        link_orders_add(&orders, 1, i);
    ck_assert_uint_eq(link_orders_acceptable(&orders, 100), 100);
    ck_assert_uint_eq(link_orders_acceptable(&orders, 10000000 + 99), 0);
}
END_TEST

static TCase *link_orders_cases(void) {
    TCase *group = tcase_create("link_orders");

    tcase_add_test(group, orders_are_filled_or_expire);
    tcase_add_test(group, given_up_orders_are_still_accepted);
    tcase_add_test(group, merged_batches_lose_no_order);
    return group;
}

UNIT_MAIN("server/session/link_orders", link_orders_cases)

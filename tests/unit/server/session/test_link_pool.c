/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_link_pool: the small tables behind an agent's idle links: the pool, what was asked for, what its busiest second
 * needed.
 */
#include "config.h"

#include "server/session/link_demand.h"
#include "server/session/link_orders.h"
#include "server/session/link_pool.h"
#include "unit.h"

static struct link_ref link_of(uint32_t slot) {
    return (struct link_ref){.slot = slot, .generation = 1};
}

START_TEST(last_used_link_is_taken_first) {
    struct link_pool *pool = link_pool_new();
    struct link_ref link;

    for (uint32_t i = 0; i < 100; i++)
        ck_assert(link_pool_put(pool, link_of(i), i));
    ck_assert(link_pool_take(pool, &link) && link.slot == 99);
    ck_assert(link_pool_remove(pool, link_of(98)));
    ck_assert(!link_pool_remove(pool, link_of(98)));
    ck_assert(link_pool_take(pool, &link) && link.slot == 97);
    ck_assert(!link_pool_take_oldest(pool, 0, &link) || link.slot == 0);
    ck_assert(!link_pool_take_oldest(pool, 0, &link)); /* the next oldest is younger than that */
    ck_assert(link_pool_take_oldest(pool, 1, &link) && link.slot == 1);
    ck_assert_uint_eq(link_pool_count(pool), 95);
    while (link_pool_take(pool, &link))
        ;
    ck_assert_uint_eq(link_pool_count(pool), 0);
    link_pool_free(pool);
}
END_TEST

START_TEST(requests_are_answered_or_expire) {
    struct link_orders requests = {0};

    link_orders_add(&requests, 5, 0);
    link_orders_add(&requests, 3, 1000000);
    link_orders_arrived(&requests);
    ck_assert_uint_eq(link_orders_open(&requests, 2000000), 7);
    ck_assert_uint_eq(link_orders_open(&requests, 10000000), 3); /* the four of the first are void */
    for (int i = 0; i < 4; i++)
        link_orders_arrived(&requests); /* one more than was asked for */
    ck_assert_uint_eq(link_orders_open(&requests, 10000000), 0);
}
END_TEST

START_TEST(many_requests_are_none_too_few) {
    struct link_orders requests = {0};

    for (unsigned i = 0; i < 100; i++)
        link_orders_add(&requests, 1, i);
    ck_assert_uint_eq(link_orders_open(&requests, 100), 100);
    ck_assert_uint_eq(link_orders_open(&requests, 10000000 + 99), 0);
}
END_TEST

START_TEST(requests_are_given_up) {
    struct link_orders requests = {0};

    link_orders_add(&requests, 5, 0);
    link_orders_add(&requests, 3, 1000000);
    link_orders_give_up(&requests, 3000, 2999999);
    ck_assert_uint_eq(link_orders_expected(&requests, 2999999), 8);
    link_orders_give_up(&requests, 3000, 3000000);
    ck_assert_uint_eq(link_orders_expected(&requests, 3000000), 3);
    ck_assert_uint_eq(link_orders_open(&requests, 3000000), 8); /* they may come nevertheless */
    for (int i = 0; i < 4; i++)
        link_orders_arrived(&requests);
    ck_assert_uint_eq(link_orders_expected(&requests, 3000000), 0);
    ck_assert_uint_eq(link_orders_open(&requests, 3000000), 4);
    ck_assert_uint_eq(link_orders_open(&requests, 10000000), 0);
}
END_TEST

START_TEST(returns_are_forgotten_soon) {
    struct link_pool *pool = link_pool_new();
    uint64_t start = 1000000000;

    ck_assert_uint_eq(link_pool_returns(pool, start), 0);
    for (int i = 0; i < 20; i++)
        link_pool_note_return(pool, start);
    ck_assert_uint_eq(link_pool_returns(pool, start + 99999), 200); /* twenty in a tenth of a second */
    ck_assert_uint_eq(link_pool_returns(pool, start + 199999), 200);
    ck_assert_uint_eq(link_pool_returns(pool, start + 200000), 100);
    ck_assert_uint_eq(link_pool_returns(pool, start + 300000), 50);
    ck_assert_uint_eq(link_pool_returns(pool, start + 1000000), 0);
    link_pool_free(pool);
}
END_TEST

START_TEST(demand_remembers_the_busiest_second_for_ten_minutes) {
    struct link_demand demand = {0};
    uint64_t second = 1000000, start = 1000 * second;

    for (int i = 0; i < 30; i++)
        link_demand_note(&demand, start + 10);
    for (int i = 0; i < 20; i++)
        link_demand_note(&demand, start + second); /* another second, not one of fifty */
    ck_assert_uint_eq(link_demand_peak(&demand, start + second), 30);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 9 * 60 * second), 30);
    for (uint64_t minute = 1; minute < 11; minute++)
        link_demand_note(&demand, start + minute * 60 * second);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 10 * 60 * second), 1);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 100 * 60 * second), 0);
}
END_TEST

static TCase *tables(void) {
    TCase *group = tcase_create("tables");

    tcase_add_test(group, last_used_link_is_taken_first);
    tcase_add_test(group, requests_are_answered_or_expire);
    tcase_add_test(group, requests_are_given_up);
    tcase_add_test(group, returns_are_forgotten_soon);
    tcase_add_test(group, many_requests_are_none_too_few);
    tcase_add_test(group, demand_remembers_the_busiest_second_for_ten_minutes);
    return group;
}

UNIT_MAIN("server/pool", tables)

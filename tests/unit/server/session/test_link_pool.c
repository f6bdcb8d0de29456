/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_link_pool: an agent's idle links come out newest first, and the rate of links that return decays.
 */
#include "config.h"

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

static TCase *pool_cases(void) {
    TCase *group = tcase_create("pool");

    tcase_add_test(group, last_used_link_is_taken_first);
    tcase_add_test(group, returns_are_forgotten_soon);
    return group;
}

UNIT_MAIN("server/session/link_pool", pool_cases)

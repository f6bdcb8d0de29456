/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_slot_table: items are found by their tags while they are there, and no tag finds another item.
 */
#include "config.h"

#include "lib/base/slot_table.h"
#include "unit.h"

enum { MANY = 1000, LIMIT = 5000 };

static int items[MANY];

static uint64_t add(struct slot_table *table, void *item) {
    uint64_t tag = slot_table_new_tag(table);

    ck_assert_uint_ne(tag, 0);
    slot_table_put(table, tag, item);
    return tag;
}

START_TEST(empty_table_finds_nothing) {
    struct slot_table table = {.limit = LIMIT};
    size_t slot = 0;

    ck_assert_ptr_null(slot_table_find(&table, 0));
    ck_assert_ptr_null(slot_table_find(&table, UINT64_MAX));
    ck_assert_ptr_null(slot_table_next(&table, &slot));
    add(&table, items);
    ck_assert_ptr_null(slot_table_find(&table, 0));
    ck_assert_ptr_null(slot_table_find(&table, UINT64_MAX));
    slot_table_done(&table);
}
END_TEST

START_TEST(old_tag_does_not_find_the_next_item_of_its_slot) {
    struct slot_table table = {.limit = LIMIT};
    uint64_t old = add(&table, &items[0]), tag;

    slot_table_remove(&table, old);
    do {
        ck_assert_ptr_null(slot_table_find(&table, old));
        tag = add(&table, &items[1]);
        slot_table_remove(&table, tag);
    } while (slot_table_slot_of(tag) != slot_table_slot_of(old));
    slot_table_put(&table, tag, &items[1]);
    ck_assert_ptr_eq(slot_table_find(&table, tag), &items[1]);
    ck_assert_uint_ne(tag, old);
    ck_assert_ptr_null(slot_table_find(&table, old));
    slot_table_done(&table);
}
END_TEST

/* With `MANY / 2` others in the table. */
START_TEST(slot_that_was_left_is_not_taken_soon) {
    struct slot_table table = {.limit = LIMIT};

    for (int i = 0; i < MANY / 2; i++)
        add(&table, &items[i]);
    uint64_t left = add(&table, items);
    slot_table_remove(&table, left);
    for (int i = 0; i < MANY / 2 - 1; i++) {
        uint64_t tag = add(&table, items);
        ck_assert_uint_ne(slot_table_slot_of(tag), slot_table_slot_of(left));
        slot_table_remove(&table, tag);
    }
    slot_table_done(&table);
}
END_TEST

START_TEST(items_are_found_by_tag_and_in_turn_while_the_table_grows) {
    struct slot_table table = {.limit = LIMIT};
    uint64_t tags[MANY];
    size_t slot = 0, seen = 0;

    for (int i = 0; i < MANY; i++)
        tags[i] = add(&table, &items[i]);
    for (int i = 0; i < MANY; i += 2)
        slot_table_remove(&table, tags[i]);
    for (int i = 0; i < MANY; i++)
        ck_assert_ptr_eq(slot_table_find(&table, tags[i]), i % 2 ? &items[i] : NULL);
    for (int *item; (item = slot_table_next(&table, &slot)); seen++) {
        ck_assert_int_eq((item - items) % 2, 1);
        ck_assert_uint_eq(slot, slot_table_slot_of(tags[item - items]) + 1);
    }
    ck_assert_uint_eq(seen, MANY / 2);
    ck_assert_uint_eq(table.count, MANY / 2);
    slot_table_done(&table);
}
END_TEST

START_TEST(limit_is_of_items_at_a_time) {
    struct slot_table table = {.limit = 3};
    uint64_t first = add(&table, &items[0]);

    add(&table, &items[1]);
    add(&table, &items[2]);
    ck_assert_uint_eq(slot_table_new_tag(&table), 0);
    slot_table_remove(&table, first);
    add(&table, &items[3]);
    ck_assert_uint_eq(slot_table_new_tag(&table), 0);
    slot_table_done(&table);
}
END_TEST

/* Of an item that could not be made. */
START_TEST(tag_that_is_not_used_takes_no_slot) {
    struct slot_table table = {.limit = 1};
    uint64_t unused = slot_table_new_tag(&table);

    uint64_t tag = add(&table, items);
    ck_assert_uint_ne(tag, unused);
    ck_assert_ptr_null(slot_table_find(&table, unused));
    ck_assert_ptr_eq(slot_table_find(&table, tag), items);
    slot_table_done(&table);
}
END_TEST

static TCase *slot_table_cases(void) {
    TCase *group = tcase_create("slot_table");

    tcase_add_test(group, empty_table_finds_nothing);
    tcase_add_test(group, old_tag_does_not_find_the_next_item_of_its_slot);
    tcase_add_test(group, slot_that_was_left_is_not_taken_soon);
    tcase_add_test(group, items_are_found_by_tag_and_in_turn_while_the_table_grows);
    tcase_add_test(group, limit_is_of_items_at_a_time);
    tcase_add_test(group, tag_that_is_not_used_takes_no_slot);
    return group;
}

UNIT_MAIN("lib/base/slot_table", slot_table_cases)

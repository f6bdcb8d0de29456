/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_number_map: against a plain array.
 */
#include "config.h"

#include "lib/base/number_map.h"

#include "unit.h"

enum { NUMBERS = 500, STEPS = 100000 };

static bool memory_is_out;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return memory_is_out ? NULL : __real_calloc(count, size);
}

START_TEST(what_was_added_is_found_until_it_is_removed) {
    static int objects[NUMBERS + 1];
    void *there[NUMBERS + 1] = {NULL};
    struct number_map map = {0};
    uint32_t seed = (uint32_t)_i + 1;
    size_t count = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        uint32_t number = 1 + unit_any(&seed, NUMBERS);
        bool adds = unit_any(&seed, 3) < (step / 10000 % 2 ? 1u : 2u); /* grows, and shrinks again */
        ck_assert_ptr_eq(number_map_find(&map, number), there[number]);
        if (adds && !there[number]) {
            there[number] = &objects[number];
            ck_assert(number_map_add(&map, number, there[number]));
            count++;
        } else if (!adds) {
            count -= there[number] ? 1 : 0;
            ck_assert_ptr_eq(number_map_remove(&map, number), there[number]);
            there[number] = NULL;
        }
        ck_assert_uint_eq(map.count, count);
    }
    for (uint32_t number = 1; number <= NUMBERS; number++)
        ck_assert_ptr_eq(number_map_find(&map, number), there[number]);
    number_map_clear(&map);
}
END_TEST

/* Half full it would grow. */
START_TEST(without_memory_to_grow_it_is_fuller) {
    static int object;
    struct number_map map = {0};
    for (uint32_t number = 1; number <= 8; number++)
        ck_assert(number_map_add(&map, number, &object));
    ck_assert_uint_eq(map.room, 16);
    memory_is_out = true;
    uint32_t number = 9;
    while (number_map_add(&map, number, &object))
        number++;
    memory_is_out = false;
    ck_assert_uint_eq(map.count, 12);
    for (uint32_t i = 1; i <= 20; i++)
        ck_assert_ptr_eq(number_map_find(&map, i), i < number ? &object : NULL);
    ck_assert(number_map_add(&map, number, &object));
    ck_assert_uint_eq(map.room, 32);
    number_map_clear(&map);
    memory_is_out = true;
    ck_assert(!number_map_add(&map, 1, &object));
}
END_TEST

START_TEST(an_empty_one_has_nothing_and_no_memory) {
    struct number_map map = {0};
    ck_assert_ptr_null(number_map_find(&map, 1));
    ck_assert_ptr_null(number_map_remove(&map, 1));
    ck_assert_ptr_null(map.entries);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_loop_test(group, what_was_added_is_found_until_it_is_removed, 0, 10);
    tcase_add_test(group, without_memory_to_grow_it_is_fuller);
    tcase_add_test(group, an_empty_one_has_nothing_and_no_memory);
    return group;
}

UNIT_MAIN("lib/base/number_map", all)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_strlist: a list of strings owns copies of them, in their order.
 */
#include "config.h"

#include "lib/base/strlist.h"
#include "unit.h"

#include <stdio.h>

START_TEST(strings_are_copied_in_order) {
    struct strlist list = {0};
    char text[16];

    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "item %d", i);
        ck_assert_int_eq(strlist_add(&list, text), 0);
    }
    ck_assert_uint_eq(list.count, 20);
    ck_assert_str_eq(list.items[0], "item 0");
    ck_assert_str_eq(list.items[19], "item 19");
    ck_assert(strlist_has(&list, "item 7"));
    ck_assert(!strlist_has(&list, "item"));
    strlist_done(&list);
    ck_assert_uint_eq(list.count, 0);
    ck_assert(!strlist_has(&list, "item 7"));
}
END_TEST

START_TEST(a_copy_outlives_the_list_that_it_is_of) {
    struct strlist list = {0}, copy = {0};

    ck_assert_int_eq(strlist_copy(&copy, &list), 0);
    ck_assert_uint_eq(copy.count, 0);
    ck_assert_int_eq(strlist_add(&list, "one"), 0);
    ck_assert_int_eq(strlist_add(&list, "two"), 0);
    ck_assert_int_eq(strlist_copy(&copy, &list), 0);
    strlist_done(&list);
    ck_assert_uint_eq(copy.count, 2);
    ck_assert_str_eq(copy.items[0], "one");
    ck_assert_str_eq(copy.items[1], "two");
    strlist_done(&copy);
}
END_TEST

START_TEST(lists_are_the_same_if_their_strings_are) {
    struct strlist list = {0}, other = {0};

    ck_assert(strlist_same(&list, &other));
    ck_assert_int_eq(strlist_add(&list, "one"), 0);
    ck_assert(!strlist_same(&list, &other));
    ck_assert_int_eq(strlist_add(&other, "two"), 0);
    ck_assert(!strlist_same(&list, &other));
    ck_assert_int_eq(strlist_add(&list, "two"), 0);
    ck_assert_int_eq(strlist_add(&other, "one"), 0);
    ck_assert(!strlist_same(&list, &other));
    strlist_done(&other);
    ck_assert_int_eq(strlist_copy(&other, &list), 0);
    ck_assert(strlist_same(&list, &other));
    strlist_done(&list);
    strlist_done(&other);
}
END_TEST

START_TEST(a_list_can_be_used_again_after_done) {
    struct strlist list = {0};

    ck_assert_int_eq(strlist_add(&list, "one"), 0);
    strlist_done(&list);
    ck_assert_int_eq(strlist_add(&list, "two"), 0);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq(list.items[0], "two");
    strlist_done(&list);
}
END_TEST

static TCase *lists(void) {
    TCase *group = tcase_create("lists");

    tcase_add_test(group, strings_are_copied_in_order);
    tcase_add_test(group, a_copy_outlives_the_list_that_it_is_of);
    tcase_add_test(group, lists_are_the_same_if_their_strings_are);
    tcase_add_test(group, a_list_can_be_used_again_after_done);
    return group;
}

UNIT_MAIN("lib/base/strlist", lists)

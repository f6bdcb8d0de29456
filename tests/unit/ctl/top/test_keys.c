/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_keys: what each key does. */
#include "config.h"

#include "ctl/top/keys.h"

#include "ctl/answer.h"
#include "ctl/top/fixture.h"
#include "unit.h"

#include <stdlib.h>

static struct top top;

static void set_up(void) {
    fixture_begin(&top);
    free(fixture_draw(&top, 80, 24));
}

static void tear_down(void) {
    fixture_end(&top);
}

static void press(int key) {
    ck_assert_int_eq(keys_press(&top, key), KEYS_DONE);
}

static const char *chosen(void) {
    return answer_text(top_chosen(&top), "name", "");
}

START_TEST(tabs_by_number_and_by_steps) {
    press('3');
    ck_assert_int_eq(top.tab, TABLE_RELAYS);
    press(TOP_KEY_NEXT_TAB);
    ck_assert_int_eq(top.tab, TABLE_EVENTS);
    press(TOP_KEY_CURSOR_RIGHT);
    ck_assert_int_eq(top.tab, TABLE_SERVICES);
    press(TOP_KEY_CURSOR_LEFT);
    ck_assert_int_eq(top.tab, TABLE_EVENTS);
    press(TOP_KEY_TAB_BEFORE);
    ck_assert_int_eq(top.tab, TABLE_RELAYS);
}
END_TEST

START_TEST(the_cursor_stays_in_the_table) {
    press(TOP_KEY_CURSOR_UP);
    ck_assert_str_eq(chosen(), "ssh");
    press(TOP_KEY_CURSOR_DOWN);
    press('j');
    ck_assert_str_eq(chosen(), "build-cache");
    press('k');
    ck_assert_str_eq(chosen(), "web");
    press(TOP_KEY_LAST);
    ck_assert_str_eq(chosen(), "vnc-東京");
    press(TOP_KEY_PAGE_ON);
    ck_assert_str_eq(chosen(), "vnc-東京");
    press(TOP_KEY_FIRST);
    ck_assert_str_eq(chosen(), "ssh");
    press(TOP_KEY_PAGE_BACK);
    ck_assert_str_eq(chosen(), "ssh");
}
END_TEST

START_TEST(escape_leaves_one_thing_after_the_other) {
    press('/');
    fixture_press(&top, "web");
    press(TOP_KEY_OPEN);
    fixture_answer(&top);
    press(TOP_KEY_OPEN);
    ck_assert_int_eq(top.page, TOP_DETAIL);
    press(TOP_KEY_ESCAPE);
    ck_assert_int_eq(top.page, TOP_LIST);
    ck_assert(top_is_held(&top.tabs[0]));
    press(TOP_KEY_ESCAPE);
    ck_assert(!top_is_held(&top.tabs[0]));
    ck_assert_str_eq(top.tabs[0].filter, "web");
    press(TOP_KEY_ESCAPE);
    ck_assert_str_eq(top.tabs[0].filter, "");
    press(TOP_KEY_ESCAPE);
}
END_TEST

START_TEST(typing_a_filter) {
    press('/');
    fixture_press(&top, "wq?1"); /* no key means anything else now */
    press(TOP_KEY_ERASE);
    press(0xc3), press(0xbc); /* the bytes of u with two dots */
    ck_assert_str_eq(top.tabs[0].filter, "wq?ü");
    press(TOP_KEY_ERASE);
    ck_assert_str_eq(top.tabs[0].filter, "wq?");
    press(TOP_KEY_CURSOR_DOWN);
    press(TOP_KEY_OPEN);
    ck_assert(!top.is_editing);
    ck_assert_str_eq(top.tabs[0].filter, "wq?");
    press('/');
    press(TOP_KEY_ESCAPE);
    ck_assert_str_eq(top.tabs[0].filter, "");
    for (unsigned i = 0; i < 2 * TOP_FILTER; i++) {
        press('/');
        press('x');
    }
}
END_TEST

START_TEST(sorting_makes_the_order_anew) {
    press(TOP_KEY_CURSOR_DOWN);
    press('s');
    ck_assert_str_eq(top.tabs[0].sort->name, "name");
    ck_assert(!top_is_held(&top.tabs[0]));
    press('S');
    press('S');
    ck_assert_str_eq(top.tabs[0].sort->name, "first-byte");
    press('s');
    ck_assert_str_eq(top.tabs[0].sort->name, "state");
}
END_TEST

START_TEST(spans_take_turns) {
    press('t');
    ck_assert_int_eq(top.span, TABLE_60S);
    press('t');
    ck_assert_int_eq(top.span, TABLE_1S);
}
END_TEST

START_TEST(pause_and_going_on) {
    top.must_ask = false;
    press('p');
    ck_assert(top.is_paused && !top.must_ask);
    press('2'); /* a tab that is opened is asked for once */
    ck_assert(top.must_ask);
    press(' ');
    ck_assert(!top.is_paused && top.must_ask);
}
END_TEST

START_TEST(relays_of_a_service) {
    press(TOP_KEY_CURSOR_DOWN);
    press('l');
    ck_assert_int_eq(top.tab, TABLE_RELAYS);
    ck_assert_str_eq(top.tabs[TABLE_RELAYS].filter, "service:ssh");
}
END_TEST

START_TEST(only_y_confirms) {
    press(TOP_KEY_CURSOR_DOWN);
    press('P');
    ck_assert_str_ne(top.deed.question, "");
    press(TOP_KEY_OPEN);
    ck_assert_str_eq(top.deed.question, "");
    ck_assert_str_eq(top.doing.method, "");
    ck_assert_str_eq(top.message.text, "Nothing was changed");
    press('P');
    press('q'); /* does not quit */
    press('P');
    ck_assert_int_eq(keys_press(&top, 'y'), KEYS_DEED);
    ck_assert_str_eq(top.doing.target, "/v1/services/ssh/pause");
}
END_TEST

START_TEST(a_message_stays_until_the_next_key) {
    press('e');
    ck_assert_str_ne(top.message.text, "");
    press(TOP_KEY_NONE);
    ck_assert_str_ne(top.message.text, "");
    press(TOP_KEY_OTHER);
    ck_assert_str_eq(top.message.text, "");
}
END_TEST

START_TEST(pages_come_and_go) {
    press('?');
    ck_assert_int_eq(top.page, TOP_HELP);
    press('?');
    ck_assert_int_eq(top.page, TOP_LIST);
    press('!');
    ck_assert_int_eq(top.page, TOP_PROBLEMS);
    press('1');
    ck_assert_int_eq(top.page, TOP_LIST);
    ck_assert_int_eq(keys_press(&top, 'q'), KEYS_QUIT);
}
END_TEST

START_TEST(keys_on_an_empty_table) {
    fixture_answer_with(&top, json_array(), 0);
    press(TOP_KEY_CURSOR_DOWN);
    press(TOP_KEY_OPEN);
    press(TOP_KEY_LAST);
    ck_assert_int_eq(top.page, TOP_LIST);
    ck_assert_ptr_null(top_chosen(&top));
}
END_TEST

/* The rows that a cursor was on may become fewer. */
START_TEST(cursor_beyond_the_last_row_comes_back) {
    press('4');
    fixture_answer(&top);
    press(TOP_KEY_LAST);
    press('/');
    fixture_press(&top, "none");
    fixture_answer(&top);
    press(TOP_KEY_OPEN);
    press(TOP_KEY_CURSOR_DOWN);
    ck_assert_ptr_null(top_chosen(&top));
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, tabs_by_number_and_by_steps);
    tcase_add_test(group, the_cursor_stays_in_the_table);
    tcase_add_test(group, escape_leaves_one_thing_after_the_other);
    tcase_add_test(group, typing_a_filter);
    tcase_add_test(group, sorting_makes_the_order_anew);
    tcase_add_test(group, spans_take_turns);
    tcase_add_test(group, pause_and_going_on);
    tcase_add_test(group, relays_of_a_service);
    tcase_add_test(group, only_y_confirms);
    tcase_add_test(group, a_message_stays_until_the_next_key);
    tcase_add_test(group, pages_come_and_go);
    tcase_add_test(group, keys_on_an_empty_table);
    tcase_add_test(group, cursor_beyond_the_last_row_comes_back);
    return group;
}

UNIT_MAIN("ctl/top/keys", keys)

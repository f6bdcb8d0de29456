/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_top: what is chosen, and what showing another tab forgets. */
#include "config.h"

#include "ctl/top/top.h"

#include "ctl/answer.h"
#include "ctl/top/fixture.h"
#include "ctl/top/keys.h"
#include "unit.h"

static struct top top;

static void set_up(void) {
    fixture_begin(&top);
}

static void tear_down(void) {
    fixture_end(&top);
}

START_TEST(the_row_under_the_cursor_is_chosen) {
    ck_assert_ptr_null(top_chosen(&top));
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    ck_assert_str_eq(answer_text(top_chosen(&top), "name", ""), "ssh");
    top.page = TOP_HELP;
    ck_assert_ptr_null(top_chosen(&top));
}
END_TEST

START_TEST(another_tab_begins_at_its_top_and_is_asked_for) {
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    unsigned generation = top.generation;
    top.must_ask = false;
    top_show(&top, TABLE_EVENTS);
    ck_assert(top.must_ask);
    ck_assert_uint_ne(top.generation, generation);
    top_show(&top, TABLE_SERVICES);
    ck_assert(!top_is_held(top_tab_now(&top)));
}
END_TEST

START_TEST(an_agent_has_servers_instead_of_agents) {
    ck_assert(!top_is_agent(&top));
    ck_assert_str_eq(top.tabs[TABLE_AGENTS].table->name, "agents");
    fixture_end(&top);
    fixture_begin_agent(&top);
    ck_assert(top_is_agent(&top));
    ck_assert_str_eq(top.tabs[TABLE_AGENTS].table->name, "servers");
}
END_TEST

START_TEST(the_order_is_that_of_the_tab) {
    struct top_tab *tab = top_tab_now(&top);
    struct rows_order order = top_order(&top, tab);

    ck_assert_ptr_eq(order.table, tables[TABLE_SERVICES]);
    ck_assert(!order.is_held);
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    ck_assert(top_order(&top, tab).is_held);
}
END_TEST

START_TEST(a_message_is_kept) {
    top_say(&top, true, "%s is %d", "web", 1);
    ck_assert_str_eq(top.message.text, "web is 1");
    ck_assert(top.is_fault);
}
END_TEST

static TCase *choosing(void) {
    TCase *group = tcase_create("choosing");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, the_row_under_the_cursor_is_chosen);
    tcase_add_test(group, another_tab_begins_at_its_top_and_is_asked_for);
    tcase_add_test(group, an_agent_has_servers_instead_of_agents);
    tcase_add_test(group, the_order_is_that_of_the_tab);
    tcase_add_test(group, a_message_is_kept);
    return group;
}

UNIT_MAIN("ctl/top/top", choosing)

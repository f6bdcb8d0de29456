/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_rows: filter, order, and rows that keep their places. */
#include "config.h"

#include "ctl/top/rows.h"

#include "ctl/top/fixture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct rows rows;
static struct rows_order order;

static void set_up(void) {
    rows = (struct rows){0};
    order = (struct rows_order){tables[TABLE_SERVICES], tables[TABLE_SERVICES]->sorts, TABLE_10S, "", false};
}

static void tear_down(void) {
    rows_done(&rows);
}

static void update(const char *json) {
    json_t *list = fixture_json(json);

    ck_assert(rows_update(&rows, list, &order));
    json_decref(list);
}

/* The keys in order, "-" in front of those that are gone. */
static void expect(const char *wanted) {
    char text[256] = "", key[ROWS_KEY];
    size_t used = 0;

    for (size_t i = 0; i < rows.count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", i ? " " : "",
                                 rows.items[i].is_gone ? "-" : "", rows_key(key, order.table, rows.items[i].item));
    ck_assert_str_eq(text, wanted);
}

static void sort_by(const char *name) {
    for (size_t i = 0; i < order.table->sort_count; i++)
        if (strcmp(order.table->sorts[i].name, name) == 0)
            order.sort = &order.table->sorts[i];
}

static const char services[] = "[{'name': 'b', 'state': 'ok', 'relays': 3, 'in_rate': {'s1': 1, 's10': 9}, 'groups': "
                               "['web']}, {'name': 'a', 'state': 'ok', 'relays': 7, 'in_rate': {'s1': 5, 's10': 2}}, "
                               "{'name': 'c', 'state': 'unreachable', 'relays': null, 'in_rate': null}]";

START_TEST(the_worst_is_first_then_the_order_of_the_answer) {
    update(services);
    expect("c b a");
}
END_TEST

START_TEST(by_name_number_and_rate) {
    sort_by("name");
    update(services);
    expect("a b c");
    sort_by("relays");
    update(services);
    expect("a b c");
    sort_by("in");
    update(services);
    expect("b a c");
    order.span = TABLE_1S;
    update(services);
    expect("a b c");
}
END_TEST

START_TEST(every_word_of_a_filter_must_be_there) {
    order.filter = "WEB";
    update(services);
    expect("b");
    order.filter = "  state:ok  a";
    update(services);
    expect("a");
    order.filter = "name:a";
    update(services);
    expect("a");
    order.filter = "ok nothing";
    update(services);
    expect("");
    ck_assert_uint_eq(rows.known, 3);
}
END_TEST

START_TEST(held_rows_keep_their_places) {
    sort_by("relays");
    update("[{'name': 'a', 'relays': 3}, {'name': 'b', 'relays': 2}, {'name': 'c', 'relays': 1}]");
    order.is_held = true;
    update("[{'name': 'd', 'relays': 9}, {'name': 'c', 'relays': 8}, {'name': 'a', 'relays': 1}]");
    expect("a -b c d");
    ck_assert_int_eq(json_integer_value(json_object_get(rows.items[2].item, "relays")), 8); /* numbers change */
    update("[{'name': 'b', 'relays': 5}]");                                                 /* it is back */
    expect("-a b -c -d");
    order.is_held = false;
    update("[{'name': 'd', 'relays': 9}, {'name': 'c', 'relays': 8}]");
    expect("d c");
}
END_TEST

START_TEST(new_events_wait_while_rows_are_held) {
    order.table = tables[TABLE_EVENTS];
    order.sort = order.table->sorts;
    update("[{'id': 1, 'time': '2026-01-01T00:00:01Z'}, {'id': 2, 'time': '2026-01-01T00:00:02Z'}]");
    expect("2 1");
    order.is_held = true;
    update("[{'id': 2, 'time': '2026-01-01T00:00:02Z'}, {'id': 3, 'time': '2026-01-01T00:00:03Z'}]");
    expect("2 1"); /* an event that is no longer listed is no other event */
    ck_assert_uint_eq(rows.waiting, 1);
    order.is_held = false;
    update("[{'id': 2, 'time': '2026-01-01T00:00:02Z'}, {'id': 3, 'time': '2026-01-01T00:00:03Z'}]");
    expect("3 2");
    ck_assert_uint_eq(rows.waiting, 0);
}
END_TEST

START_TEST(services_of_two_servers_are_two) {
    order.table = tables_of_agent[TABLE_SERVICES];
    update("[{'name': 'web', 'server': 'a'}, {'name': 'web', 'server': 'b'}]");
    order.is_held = true;
    update("[{'name': 'web', 'server': 'b'}]");
    expect("-a web b web");
}
END_TEST

static TCase *ordering(void) {
    TCase *group = tcase_create("ordering");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, the_worst_is_first_then_the_order_of_the_answer);
    tcase_add_test(group, by_name_number_and_rate);
    tcase_add_test(group, every_word_of_a_filter_must_be_there);
    tcase_add_test(group, held_rows_keep_their_places);
    tcase_add_test(group, services_of_two_servers_are_two);
    tcase_add_test(group, new_events_wait_while_rows_are_held);
    return group;
}

UNIT_MAIN("ctl/top/rows", ordering)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_ban_list: what an agent keeps of its bans, and for how long it remembers that one was lifted.
 */
#include "config.h"

#include "agent/upstream/ban_list.h"
#include "unit.h"

#include <stdio.h>

#define SECOND 1000000ull

static struct addr host(const char *text) {
    struct error error;
    struct addr addr;

    ck_assert_int_eq(source_parse(&addr, text, &error), 0);
    return addr;
}

static enum ban_list_result add(struct ban_list *list, const char *address, const char *service, unsigned seconds,
                                uint64_t now_us) {
    const struct ban_list_order order = {host(address), service, "user 0", "a reason", seconds};
    const struct ban_entry *entry;

    return ban_list_add(list, &order, now_us, &entry);
}

static size_t lift(struct ban_list *list, const char *address, const char *service, uint64_t now_us) {
    struct addr addr = host(address);

    return ban_list_lift(list, &addr, service, now_us);
}

static size_t length(const struct ban_list *list) {
    size_t count = 0;

    for (const struct ban_entry *entry = ban_list_newest(list); entry; entry = ban_list_older(entry))
        count++;
    return count;
}

START_TEST(each_change_comes_first_with_a_higher_serial) {
    struct ban_list *list = ban_list_new();

    ck_assert_int_eq(add(list, "192.0.2.1", "ssh", 60, 0), BAN_LIST_ADDED);
    ck_assert_int_eq(add(list, "192.0.2.2", NULL, 60, 0), BAN_LIST_ADDED);
    ck_assert_int_eq(add(list, "192.0.2.1", "ssh", 90, 0), BAN_LIST_CHANGED);
    ck_assert_uint_eq(ban_list_count(list), 2);
    const struct ban_entry *entry = ban_list_newest(list);
    ck_assert_str_eq(entry->service, "ssh");
    ck_assert_str_eq(entry->by, "user 0");
    ck_assert_str_eq(entry->reason, "a reason");
    ck_assert_uint_eq(entry->until_us, 90 * SECOND);
    ck_assert_uint_gt(entry->serial, ban_list_older(entry)->serial);
    ban_list_free(list);
}
END_TEST

START_TEST(lifted_ban_is_remembered_until_it_would_have_ended) {
    struct ban_list *list = ban_list_new();

    add(list, "192.0.2.1", "ssh", 3600, 0);
    ck_assert_uint_eq(lift(list, "192.0.2.1", "ssh", 0), 1);
    ck_assert_uint_eq(lift(list, "192.0.2.1", "ssh", 0), 0);
    ck_assert_uint_eq(ban_list_count(list), 0);
    ck_assert(ban_list_newest(list)->is_lifted);
    ban_list_tick(list, 3599 * SECOND);
    ck_assert_uint_eq(length(list), 1);
    ban_list_tick(list, 3600 * SECOND);
    ck_assert_uint_eq(length(list), 0);
    ban_list_free(list);
}
END_TEST

START_TEST(lifting_all_of_an_address_lifts_each_service_too) {
    struct ban_list *list = ban_list_new();

    add(list, "192.0.2.1", "ssh", 60, 0);
    add(list, "192.0.2.1", "web", 60, 0);
    add(list, "192.0.2.2", "ssh", 60, 0);
    ck_assert_uint_eq(lift(list, "192.0.2.1", NULL, 0), 2);
    ck_assert_uint_eq(ban_list_count(list), 1);
    ck_assert_ptr_null(ban_list_newest(list)->service); /* so that servers lift what this process does not know of */
    ck_assert(ban_list_newest(list)->is_lifted);
    ban_list_free(list);
}
END_TEST

/* Else the ban of all would be sent for it again once the note is gone. */
START_TEST(service_that_is_taken_out_of_a_ban_of_all_stays_out_as_long_as_that_lasts) {
    struct ban_list *list = ban_list_new();

    add(list, "192.0.2.1", NULL, 86400, 0);
    add(list, "192.0.2.1", "ssh", 60, 0);
    ck_assert_uint_eq(lift(list, "192.0.2.1", "ssh", 0), 2);
    ck_assert_uint_eq(lift(list, "192.0.2.1", "web", 0), 1);
    ban_list_tick(list, 86399 * SECOND);
    ck_assert_uint_eq(length(list), 3);
    ck_assert_uint_eq(ban_list_count(list), 1);
    ban_list_free(list);
}
END_TEST

START_TEST(full_list_forgets_what_was_lifted_and_nothing_else) {
    struct ban_list *list = ban_list_new();
    char address[ADDR_TEXT];

    for (unsigned i = 0; i < BAN_LIST_MOST; i++) {
        snprintf(address, sizeof address, "10.0.%u.%u", i / 256, i % 256);
        ck_assert_int_eq(add(list, address, "ssh", 60, 0), BAN_LIST_ADDED);
    }
    ck_assert_int_eq(add(list, "192.0.2.1", "ssh", 60, 0), BAN_LIST_FULL);
    ck_assert_int_eq(add(list, "10.0.0.0", "ssh", 90, 0), BAN_LIST_CHANGED);
    lift(list, "192.0.2.9", NULL, 0); /* there is no room to remember it */
    ck_assert_uint_eq(ban_list_count(list), BAN_LIST_MOST);
    lift(list, "10.0.0.1", "ssh", 0);
    ck_assert_int_eq(add(list, "192.0.2.1", "ssh", 60, 0), BAN_LIST_ADDED);
    ck_assert_uint_eq(length(list), BAN_LIST_MOST);
    ck_assert_uint_eq(ban_list_count(list), BAN_LIST_MOST);
    ban_list_free(list);
}
END_TEST

static TCase *entries(void) {
    TCase *group = tcase_create("entries");

    tcase_add_test(group, each_change_comes_first_with_a_higher_serial);
    tcase_add_test(group, lifted_ban_is_remembered_until_it_would_have_ended);
    tcase_add_test(group, lifting_all_of_an_address_lifts_each_service_too);
    tcase_add_test(group, service_that_is_taken_out_of_a_ban_of_all_stays_out_as_long_as_that_lasts);
    tcase_add_test(group, full_list_forgets_what_was_lifted_and_nothing_else);
    return group;
}

UNIT_MAIN("agent/upstream/ban_list", entries)

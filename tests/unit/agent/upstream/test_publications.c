/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publications: what is published and leased, and when it is forgotten.
 */
#include "config.h"

#include "agent/upstream/publications.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct publications *list;
static struct publication *entry;
static unsigned withdrawn;

static void on_withdrawn(void *context, const char *name) {
    ck_assert_ptr_eq(context, &withdrawn);
    ck_assert_uint_gt(strlen(name), 0);
    withdrawn++;
}

static void begin(void) {
    const struct publications_owner owner = {.on_withdrawn = on_withdrawn, .context = &withdrawn};
    list = publications_new(2, &owner);
    ck_assert_ptr_nonnull(list);
}

static void end(void) {
    publications_free(list);
}

static enum publications_result add(const char *name, unsigned lease_ms) {
    const struct publication_order order = {.name = name, .to = "localhost:80", .host = "", .lease_ms = lease_ms};
    return publications_add(list, &order, 1000, &entry);
}

START_TEST(name_is_taken_once_until_it_is_withdrawn) {
    ck_assert_int_eq(add("web", 0), PUBLICATIONS_ADDED);
    struct publication *first = entry;
    ck_assert_int_eq(add("web", 500), PUBLICATIONS_TAKEN);
    ck_assert_ptr_eq(entry, first);
    publications_withdraw(list, first);
    ck_assert_int_eq(add("web", 500), PUBLICATIONS_ADDED);
    ck_assert_ptr_ne(entry, first);
    ck_assert_ptr_eq(publications_find(list, "web"), entry);
    ck_assert_uint_eq(publications_count(list), 1);
}
END_TEST

START_TEST(there_are_not_more_than_a_server_takes) {
    char name[16];
    for (unsigned i = 0; i < PUBLICATIONS_MOST; i++) {
        snprintf(name, sizeof name, "s%u", i);
        ck_assert_int_eq(add(name, 0), PUBLICATIONS_ADDED);
    }
    ck_assert_int_eq(add("more", 0), PUBLICATIONS_FULL);
}
END_TEST

START_TEST(lease_ends_when_it_is_not_renewed) {
    ck_assert_int_eq(add("web", 0), PUBLICATIONS_ADDED);
    ck_assert_int_eq(add("lap", 500), PUBLICATIONS_ADDED);
    ck_assert_uint_eq(strlen(entry->lease), PUBLICATION_LEASE_HEX - 1);
    ck_assert_ptr_eq(publications_find_lease(list, entry->lease), entry);
    ck_assert_ptr_null(publications_find_lease(list, "")); /* of the configuration */
    ck_assert_uint_eq(publications_end(list, 1499, PUBLICATIONS_EXPIRED), 0);
    entry->lease_until_ms = 3000;
    ck_assert_uint_eq(publications_end(list, 1500, PUBLICATIONS_EXPIRED), 0);
    ck_assert_uint_eq(publications_end(list, 3000, PUBLICATIONS_EXPIRED), 1);
    ck_assert_uint_eq(withdrawn, 1);
    ck_assert_ptr_null(publications_find_lease(list, entry->lease));
    ck_assert_ptr_nonnull(publications_find(list, "web"));
}
END_TEST

START_TEST(leases_end_with_the_agent_and_what_is_configured_stays) {
    ck_assert_int_eq(add("web", 0), PUBLICATIONS_ADDED);
    ck_assert_int_eq(add("lap", 500), PUBLICATIONS_ADDED);
    ck_assert_uint_eq(publications_end(list, 0, PUBLICATIONS_LEASED), 1);
    ck_assert_uint_eq(publications_end(list, 0, PUBLICATIONS_LEASED), 0);
    ck_assert_uint_eq(publications_end(list, 0, PUBLICATIONS_ALL), 1);
    ck_assert_uint_eq(publications_count(list), 0);
}
END_TEST

START_TEST(withdrawn_one_is_kept_until_no_server_may_know_it) {
    ck_assert_int_eq(add("web", 0), PUBLICATIONS_ADDED);
    entry->at[1].may_be_known = true;
    publications_sweep(list);
    ck_assert_ptr_eq(publications_first(list), entry); /* not withdrawn */
    publications_withdraw(list, entry);
    publications_sweep(list);
    ck_assert_ptr_eq(publications_first(list), entry);
    ck_assert(!publications_are_told(list));
    entry->at[1].is_asked = true;
    ck_assert(publications_are_told(list));
    entry->at[1].may_be_known = false;
    publications_sweep(list);
    ck_assert_ptr_null(publications_first(list));
}
END_TEST

START_TEST(leases_that_come_and_go_are_bounded_until_servers_have_heard_of_them) {
    unsigned added = 0;
    while (added < 10000 && add("web", 500) == PUBLICATIONS_ADDED) {
        entry->at[0].may_be_known = true;
        publications_withdraw(list, entry);
        added++;
    }
    ck_assert_uint_eq(added, 4 * PUBLICATIONS_MOST);
    publications_first(list)->at[0].may_be_known = false;
    publications_sweep(list);
    ck_assert_int_eq(add("web", 500), PUBLICATIONS_ADDED);
}
END_TEST

START_TEST(offer_is_ours_by_its_name_to_its_destination_alone) {
    static const struct service_offer offers[] = {
        {.name = "web", .to = {"localhost:80"}, .to_count = 1},
        {.name = "web", .to = {"localhost:81"}, .to_count = 1},
        {.name = "web", .to = {"localhost:80", "10.0.0.1:22"}, .to_count = 2},
        {.name = "db", .to = {"localhost:80"}, .to_count = 1},
        {.name = "web", .to = {"localhost:80"}, .to_count = 1, .protocol = SERVICE_UDP},
        {.name = "web", .to_count = 0}};
    ck_assert_int_eq(add("web", 0), PUBLICATIONS_ADDED);
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++)
        ck_assert_ptr_eq(publications_of_offer(list, &offers[i]), i == 0 ? entry : NULL);
    publications_withdraw(list, entry);
    ck_assert_ptr_null(publications_of_offer(list, &offers[0]));
}
END_TEST

static TCase *kept(void) {
    TCase *group = tcase_create("kept");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, name_is_taken_once_until_it_is_withdrawn);
    tcase_add_test(group, there_are_not_more_than_a_server_takes);
    tcase_add_test(group, lease_ends_when_it_is_not_renewed);
    tcase_add_test(group, leases_end_with_the_agent_and_what_is_configured_stays);
    tcase_add_test(group, withdrawn_one_is_kept_until_no_server_may_know_it);
    tcase_add_test(group, leases_that_come_and_go_are_bounded_until_servers_have_heard_of_them);
    tcase_add_test(group, offer_is_ours_by_its_name_to_its_destination_alone);
    return group;
}

UNIT_MAIN("agent/upstream/publications", kept)

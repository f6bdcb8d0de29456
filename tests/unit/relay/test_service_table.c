/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_table: an agent's table of services: found by id, changed by parts, held by who uses it.
 */
#include "config.h"

#include "lib/net/acl.h"
#include "relay/service_table.h"
#include "unit.h"

#include <string.h>

static const struct services_part nothing = {.version = 1};

static struct service_table *add(struct service_table *old, uint32_t from, uint32_t to) {
    struct served_service *added[SERVICES_PART_MAX] = {NULL};
    size_t count = 0;
    for (uint32_t id = from; id <= to; id++) {
        struct service_offer offer = {.id = id, .name = "s", .to = {"a:1", "b:2"}, .to_count = 2};
        added[count++] = served_service_new(&offer);
    }
    struct service_table *table = service_table_change(old, "00112233445566778899aabbccddeeff", &nothing, added, count);
    for (size_t i = 0; i < count; i++)
        served_service_release(added[i]);
    service_table_release(old);
    return table;
}

START_TEST(services_are_found_by_their_ids) {
    struct service_table *table = add(add(NULL, 5, 9), 100, 200);
    ck_assert_uint_eq(table->count, 5 + 101);
    ck_assert_str_eq(table->server, "00112233");
    for (uint32_t id = 0; id < 300; id++) {
        bool is_there = (id >= 5 && id <= 9) || (id >= 100 && id <= 200);
        struct served_service *found = service_table_find(table, id);
        ck_assert_msg(!found == !is_there, "%u", id);
        ck_assert(!found || found->id == id);
    }
    ck_assert_str_eq(service_table_find(table, 7)->to[1], "b:2");
    ck_assert_ptr_null(service_table_find(NULL, 1));
    service_table_release(table);
}
END_TEST

START_TEST(removed_services_are_gone_and_their_ids_may_be_unknown) {
    struct service_table *old = add(NULL, 1, 4);
    json_t *remove = json_pack("[i, i, i]", 4, 2, 77);
    struct services_part part = {.remove = remove, .remove_count = 3};
    struct service_table *table = service_table_change(old, "00112233", &part, NULL, 0);
    ck_assert_uint_eq(table->count, 2);
    ck_assert(service_table_find(table, 1) && service_table_find(table, 3));
    ck_assert(!service_table_find(table, 2) && !service_table_find(table, 4));
    ck_assert(service_table_find(old, 2)); /* a table that is in use does not change */
    ck_assert_uint_lt(table->size, old->size);
    service_table_release(old);
    service_table_release(table);
    json_decref(remove);
}
END_TEST

START_TEST(service_outlives_its_table_for_who_holds_it) {
    struct service_table *table = add(NULL, 1, 2);
    struct served_service *held = served_service_hold(service_table_find(table, 2));
    service_table_hold(table);
    service_table_release(table);
    service_table_release(table);
    ck_assert_str_eq(held->to[0], "a:1");
    served_service_release(held);
}
END_TEST

static bool permits(const struct acl *rules, const char *destination) {
    struct endpoint endpoint;
    struct addr addr;
    ck_assert_int_eq(endpoint_parse(&endpoint, destination, NULL), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return acl_permits(rules, &addr, endpoint.host);
}

START_TEST(published_service_has_rules_for_its_destinations_alone) {
    struct service_offer offer = {.id = 1, .name = "s", .to = {"10.0.0.1:80", "unix:/run/x"}, .to_count = 2};
    struct served_service *service = served_service_new(&offer);
    struct acl *agents = acl_new();
    ck_assert_ptr_eq(served_service_rules(service, agents), agents);
    ck_assert(served_service_permit(service));
    const struct acl *rules = served_service_rules(service, agents);
    ck_assert(permits(rules, "10.0.0.1:80"));
    ck_assert(!permits(rules, "10.0.0.1:81"));
    ck_assert(!permits(rules, "10.0.0.2:80"));
    ck_assert(permits(rules, "unix:/run/x"));
    ck_assert(!permits(rules, "unix:/run/x2"));
    acl_free(agents);
    served_service_release(service);
}
END_TEST

static TCase *table(void) {
    TCase *group = tcase_create("table");
    tcase_add_test(group, services_are_found_by_their_ids);
    tcase_add_test(group, removed_services_are_gone_and_their_ids_may_be_unknown);
    tcase_add_test(group, service_outlives_its_table_for_who_holds_it);
    tcase_add_test(group, published_service_has_rules_for_its_destinations_alone);
    return group;
}

UNIT_MAIN("relay/service_table", table)

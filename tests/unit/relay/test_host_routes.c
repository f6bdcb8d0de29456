/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_host_routes: the longest name wins, in any order of the services.
 */
#include "config.h"

#include "unit.h"

#include "relay/host_routes.h"

#include <stdlib.h>
#include <string.h>

enum { SERVICES = 4, REST = 3 };

static const char *const hosts[SERVICES][3] = {{"Web.example.org", "*.web.example.org"},
                                               {"*.example.org"},
                                               {"other.example", "*.org"},
                                               {NULL}};
static char places[SERVICES]; /* a service is an address here */

static struct service *service_of(int index) {
    return index < 0 ? NULL : (struct service *)(void *)&places[index];
}

static void add(struct host_routes *routes, const char *const *names, int service) {
    struct strlist list = {.count = 0};

    for (; *names; names++)
        ck_assert_int_eq(strlist_add(&list, *names), 0);
    ck_assert_int_eq(host_routes_add(routes, &list, service_of(service)), 0);
    strlist_done(&list);
}

static struct host_routes *make(const int *order, size_t count) {
    struct host_routes *routes = host_routes_new();

    ck_assert_ptr_nonnull(routes);
    for (size_t i = 0; i < count; i++)
        add(routes, hosts[order[i]], order[i]);
    host_routes_sort(routes);
    return routes;
}

static const struct {
    const char *name;
    int service;
} lookups[] = {
    {"web.example.org", 0},
    {"a.web.example.org", 0},
    {"b.a.web.example.org", 0},
    {"a.example.org", 1},
    {"c.a.example.org", 1},
    {"example.org", 2},
    {"a.org", 2},
    {"org", -1},
    {"other.example", 2},
    {"a.other.example", -1},
    {"webexample.org", 2},
    {"", -1},
    {".example.org", 1},
    {"[2001:db8::1]", -1},
    {"*.example.org", 1},
    {"xweb.example.org", 1},
};

START_TEST(the_longest_name_wins_in_any_order) {
    static const int orders[][SERVICES] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}};

    for (size_t o = 0; o < 3; o++) {
        struct host_routes *routes = make(orders[o], SERVICES);
        for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++)
            ck_assert_msg(host_routes_find(routes, lookups[i].name) == service_of(lookups[i].service), "%s",
                          lookups[i].name);
        ck_assert_ptr_eq(host_routes_lead(routes, ""), service_of(REST));
        host_routes_release(routes);
    }
}
END_TEST

START_TEST(without_a_service_for_the_rest_there_is_none) {
    static const int order[] = {0};
    struct host_routes *routes = make(order, 1);

    ck_assert_ptr_null(host_routes_lead(routes, ""));
    ck_assert_ptr_null(host_routes_find(routes, "nothing.example"));
    host_routes_release(routes);
}
END_TEST

START_TEST(a_name_stays_with_the_first_service) {
    static const char *const again[] = {"WEB.EXAMPLE.ORG", NULL};
    static const int order[] = {0};
    struct host_routes *routes = make(order, 1);

    add(routes, again, 1);
    host_routes_sort(routes);
    ck_assert_ptr_eq(host_routes_find(routes, "web.example.org"), service_of(0));
    host_routes_release(routes);
}
END_TEST

START_TEST(no_name_is_too_long) {
    static const int order[] = {0, 1};
    struct host_routes *routes = make(order, 2);
    char name[256];

    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 2 ? '.' : 'a';
    name[sizeof name - 1] = '\0';
    ck_assert_ptr_null(host_routes_find(routes, name));
    memcpy(name + sizeof name - 13, ".example.org", 13);
    ck_assert_ptr_eq(host_routes_find(routes, name), service_of(1));
    host_routes_release(routes);
}
END_TEST

static TCase *routing(void) {
    TCase *group = tcase_create("routing");

    tcase_add_test(group, the_longest_name_wins_in_any_order);
    tcase_add_test(group, without_a_service_for_the_rest_there_is_none);
    tcase_add_test(group, a_name_stays_with_the_first_service);
    tcase_add_test(group, no_name_is_too_long);
    return group;
}

UNIT_MAIN("relay/host_routes", routing)

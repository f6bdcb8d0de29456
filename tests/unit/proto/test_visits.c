/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visits: what one end writes of visits the other reads, and what is malformed is refused.
 */
#include "config.h"

#include "lib/net/addr.h"
#include "proto/frame.h"
#include "proto/visits.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static json_t *json_of(char *text) {
    json_t *json = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(json);
    ck_assert_uint_lt(strlen(text), FRAME_JSON_MAX);
    free(text);
    return json;
}

static struct open_address address(const char *text) {
    struct endpoint endpoint;
    struct addr addr;

    ck_assert(endpoint_parse(&endpoint, text, NULL) == 0 && addr_from_endpoint(&addr, &endpoint));
    return open_address_of(&addr);
}

START_TEST(names_that_are_written_are_read) {
    static const struct visit_name written[] = {{1, "vnc"}, {7, "a \"b\""}};
    struct visit_name names[VISITS_MAX];
    size_t count = 0;
    json_t *json = json_of(visit_names_format(written, 2));

    ck_assert_int_eq(visit_names_parse(names, &count, json, NULL), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(names[1].id, 7);
    ck_assert_str_eq(names[1].name, "a \"b\"");
    ck_assert_str_eq(json_string_value(json_object_get(json, "op")), "visit");
    json_decref(json);
}
END_TEST

START_TEST(as_many_visits_as_may_be_fit_a_message) {
    struct visit_name written[VISITS_MAX], names[VISITS_MAX];
    char name[256];
    size_t count = 0;

    memset(name, '"', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (uint32_t i = 0; i < VISITS_MAX; i++)
        written[i] = (struct visit_name){UINT32_MAX - VISITS_MAX + 1 + i, name};
    json_t *json = json_of(visit_names_format(written, VISITS_MAX));
    ck_assert_int_eq(visit_names_parse(names, &count, json, NULL), 0);
    ck_assert_uint_eq(count, VISITS_MAX);
    json_decref(json);
}
END_TEST

START_TEST(states_that_are_written_are_read) {
    static const struct visit_state written[] = {{1, NULL, false}, {2, "no\nagent", false}, {3, NULL, true}};
    struct visit_state states[VISITS_MAX];
    size_t count = 0;
    json_t *json = json_of(visit_states_format(written, 3));

    ck_assert_int_eq(visit_states_parse(states, &count, json, NULL), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert(!states[0].refusal && !states[0].end_to_end);
    ck_assert_str_eq(states[1].refusal, "no?agent");
    ck_assert(!states[2].refusal && states[2].end_to_end);
    json_decref(json);
}
END_TEST

/* As many as may be, and the longest. */
START_TEST(clients_and_refusals_that_are_written_are_read) {
    static struct visit_open written = {.visit = 3, .count = VISIT_CLIENTS_MAX}, open;
    static struct visit_refused refused;
    struct visit_refused no = {.reason = "why", .count = VISIT_CLIENTS_MAX};

    written.local = address("127.0.0.1:5900");
    for (uint32_t i = 0; i < VISIT_CLIENTS_MAX; i++) {
        no.tickets[i] = UINT32_MAX - i;
        written.arrivals[i].ticket = UINT32_MAX - i;
        written.arrivals[i].client = address("[2001:db8:1111:2222:3333:4444:5555:6666]:47111");
        written.arrivals[i].client.port = (uint16_t)(60000 + i);
    }
    json_t *json = json_of(visit_open_format(&written));
    ck_assert_int_eq(visit_open_parse(&open, json, NULL), 0);
    ck_assert_uint_eq(open.visit, 3);
    ck_assert_uint_eq(open.local.port, 5900);
    ck_assert_uint_eq(open.count, VISIT_CLIENTS_MAX);
    for (uint32_t i = 0; i < VISIT_CLIENTS_MAX; i++) {
        ck_assert_uint_eq(open.arrivals[i].ticket, UINT32_MAX - i);
        ck_assert_mem_eq(open.arrivals[i].client.host, written.arrivals[i].client.host, sizeof open.local.host);
        ck_assert_uint_eq(open.arrivals[i].client.port, 60000 + i);
    }
    json_decref(json);
    json = json_of(visit_refused_format(&no));
    ck_assert_int_eq(visit_refused_parse(&refused, json, NULL), 0);
    ck_assert_uint_eq(refused.count, VISIT_CLIENTS_MAX);
    ck_assert_mem_eq(refused.tickets, no.tickets, sizeof no.tickets);
    ck_assert_str_eq(refused.reason, "why");
    json_decref(json);
}
END_TEST

static const char *const bad_lists[] = {
    "{}",
    "{\"visits\":{}}",
    "{\"visits\":[1]}",
    "{\"visits\":[{\"id\":0,\"name\":\"a\"}]}",
    "{\"visits\":[{\"id\":-1,\"name\":\"a\"}]}",
    "{\"visits\":[{\"id\":4294967296,\"name\":\"a\"}]}",
    "{\"visits\":[{\"id\":2,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]}",
    "{\"visits\":[{\"id\":2,\"name\":\"a\"},{\"id\":1,\"name\":\"b\"}]}",
};

START_TEST(malformed_lists_are_refused) {
    struct visit_name names[VISITS_MAX];
    struct visit_state states[VISITS_MAX];
    size_t count = 0;
    json_t *json = json_loads(bad_lists[_i], 0, NULL);

    ck_assert_int_eq(visit_names_parse(names, &count, json, NULL), -1);
    ck_assert_int_eq(visit_states_parse(states, &count, json, NULL), -1);
    ck_assert_uint_eq(count, 0);
    json_decref(json);
}
END_TEST

static const char *const bad_names[] = {"{\"visits\":[{\"id\":1}]}", "{\"visits\":[{\"id\":1,\"name\":\"\"}]}",
                                        "{\"visits\":[{\"id\":1,\"name\":\"a\\u0007\"}]}",
                                        "{\"visits\":[{\"id\":1,\"name\":3}]}"};

START_TEST(malformed_names_are_refused) {
    struct visit_name names[VISITS_MAX];
    size_t count = 0;
    json_t *json = json_loads(bad_names[_i], 0, NULL);

    ck_assert_int_eq(visit_names_parse(names, &count, json, NULL), -1);
    json_decref(json);
}
END_TEST

START_TEST(more_visits_than_may_be_are_refused) {
    struct visit_name names[VISITS_MAX];
    json_t *list = json_array(), *json = json_pack("{s:O}", "visits", list);
    size_t count = 0;

    for (int i = 1; i <= VISITS_MAX + 1; i++)
        json_array_append_new(list, json_pack("{s:i,s:s}", "id", i, "name", "a"));
    ck_assert_int_eq(visit_names_parse(names, &count, json, NULL), -1);
    json_array_remove(list, 0);
    ck_assert_int_eq(visit_names_parse(names, &count, json, NULL), 0);
    json_decref(list);
    json_decref(json);
}
END_TEST

#define OPEN(visit, ticket, client, local)                                                                             \
    "{\"visit\":" visit ",\"local\":\"" local "\",\"clients\":[{\"ticket\":1,\"client\":\"10.0.0.1:1\"},"              \
    "{\"ticket\":" ticket ",\"client\":\"" client "\"}]}"
static const char *const bad_opens[] = {
    OPEN("0", "1", "10.0.0.1:1", "10.0.0.1:2"),
    OPEN("1", "0", "10.0.0.1:1", "10.0.0.1:2"),
    OPEN("1", "4294967296", "10.0.0.1:1", "1.1.1.1:2"),
    OPEN("1", "1", "host:1", "10.0.0.1:2"),
    OPEN("1", "1", "10.0.0.1", "10.0.0.1:2"),
    OPEN("1", "1", "10.0.0.1:1", "unix:/x"),
    OPEN("1", "1", ":1", "10.0.0.1:2"),
    OPEN("1", "1", "10.0.0.1:1", ""),
    OPEN("true", "1", "10.0.0.1:1", "10.0.0.1:2"),
    "{\"visit\":1,\"local\":\"10.0.0.1:1\"}",
    "{\"visit\":1,\"local\":\"10.0.0.1:1\",\"clients\":[]}",
    "{\"visit\":1,\"local\":\"10.0.0.1:1\",\"clients\":{}}",
    "{\"visit\":1,\"local\":\"10.0.0.1:1\",\"clients\":[7]}",
    "{\"visit\":1,\"local\":\"10.0.0.1:1\",\"ticket\":1,\"client\":\"10.0.0.1:1\"}",
    "{}",
};

START_TEST(malformed_clients_are_refused) {
    struct visit_open open;
    json_t *json = json_loads(bad_opens[_i], 0, NULL);

    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(visit_open_parse(&open, json, NULL), -1);
    ck_assert_uint_eq(open.count, 0);
    json_decref(json);
}
END_TEST

static const char *const bad_refusals[] = {
    "{}",
    "{\"ticket\":1}",
    "{\"tickets\":1}",
    "{\"tickets\":[]}",
    "{\"tickets\":[1,0]}",
    "{\"tickets\":[1,-1]}",
    "{\"tickets\":[1,4294967296]}",
    "{\"tickets\":[1,\"2\"]}",
    "{\"tickets\":[1,2.5]}",
    "{\"tickets\":[1],\"reason\":7}",
};

START_TEST(malformed_refusals_are_refused) {
    struct visit_refused refused;
    json_t *json = json_loads(bad_refusals[_i], 0, NULL);

    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(visit_refused_parse(&refused, json, NULL), -1);
    json_decref(json);
}
END_TEST

START_TEST(more_clients_than_may_be_in_a_message_are_refused) {
    struct visit_open open;
    struct visit_refused refused;
    json_t *clients = json_array(), *tickets = json_array();
    json_t *json =
        json_pack("{s:i,s:s,s:O,s:O}", "visit", 1, "local", "10.0.0.1:1", "clients", clients, "tickets", tickets);

    for (int i = 1; i <= VISIT_CLIENTS_MAX + 1; i++) {
        json_array_append_new(clients, json_pack("{s:i,s:s}", "ticket", i, "client", "10.0.0.1:1"));
        json_array_append_new(tickets, json_integer(i));
    }
    ck_assert_int_eq(visit_open_parse(&open, json, NULL), -1);
    ck_assert_int_eq(visit_refused_parse(&refused, json, NULL), -1);
    json_array_remove(clients, 0);
    json_array_remove(tickets, 0);
    ck_assert_int_eq(visit_open_parse(&open, json, NULL), 0);
    ck_assert_int_eq(visit_refused_parse(&refused, json, NULL), 0);
    json_decref(clients);
    json_decref(tickets);
    json_decref(json);
}
END_TEST

static TCase *visits(void) {
    TCase *tests = tcase_create("visits");

    tcase_add_test(tests, names_that_are_written_are_read);
    tcase_add_test(tests, as_many_visits_as_may_be_fit_a_message);
    tcase_add_test(tests, states_that_are_written_are_read);
    tcase_add_test(tests, clients_and_refusals_that_are_written_are_read);
    tcase_add_loop_test(tests, malformed_lists_are_refused, 0, sizeof bad_lists / sizeof *bad_lists);
    tcase_add_loop_test(tests, malformed_names_are_refused, 0, sizeof bad_names / sizeof *bad_names);
    tcase_add_test(tests, more_visits_than_may_be_are_refused);
    tcase_add_loop_test(tests, malformed_clients_are_refused, 0, sizeof bad_opens / sizeof *bad_opens);
    tcase_add_loop_test(tests, malformed_refusals_are_refused, 0, sizeof bad_refusals / sizeof *bad_refusals);
    tcase_add_test(tests, more_clients_than_may_be_in_a_message_are_refused);
    return tests;
}

UNIT_MAIN("proto/visits", visits)

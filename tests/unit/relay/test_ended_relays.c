/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_ended_relays: the last relays that ended are found, by their id and by what is asked for; and relay_view.c,
 * which tells which these are.
 */
#include "config.h"

#include "unit.h"

#include "relay/client.h"
#include "relay/ended_relays.h"

#include <stdio.h>
#include <string.h>

static const char instance[] = "0123abcd0123abcd0123abcd0123abcd";
static struct ended_relays *ended;
static struct service_terms terms = {.service = (char *)"web", .destination = (char *)"localhost:80"};

static void setup(void) {
    ended = ended_relays_new();
    ck_assert_ptr_nonnull(ended);
}

static void teardown(void) {
    ended_relays_free(ended);
}

static struct client make_client(uint64_t number) {
    struct client client = {.number = number,
                            .terms = &terms,
                            .accepted_us = 1000 * number,
                            .dispatched_us = 1000 * number + 1,
                            .ended_us = 1000 * number + 5,
                            .reason = REASON_CLIENT_RESET,
                            .by = "client",
                            .agent = "alpha"};

    return client;
}

static void add(uint64_t number) {
    const struct client client = make_client(number);

    ended_relays_add_client(ended, instance, &client);
}

START_TEST(the_oldest_makes_room_and_the_newest_is_first) {
    for (uint64_t number = 1; number <= ENDED_RELAYS_MOST + 2; number++)
        add(number);
    ck_assert_uint_eq(ended_relays_count(ended), ENDED_RELAYS_MOST);
    ck_assert_uint_eq(ended_relays_at(ended, 0)->number, ENDED_RELAYS_MOST + 2);
    ck_assert_uint_eq(ended_relays_at(ended, ENDED_RELAYS_MOST - 1)->number, 3);
    ck_assert_ptr_null(ended_relays_find(ended, "0123abcd-2"));
    ck_assert_uint_eq(ended_relays_find(ended, "0123abcd-3")->number, 3);
    ck_assert_ptr_null(ended_relays_find(ended, "0123abce-3"));
}
END_TEST

START_TEST(a_view_has_how_its_client_ended) {
    struct client client = make_client(7);

    add(6);
    client.opened_us = 7003;
    client.bytes_up = 5;
    client.bytes_down = 9;
    snprintf(client.detail, sizeof client.detail, "and more");
    ended_relays_add_client(ended, instance, &client);
    const struct relay_view *view = ended_relays_at(ended, 0);
    ck_assert_str_eq(view->id, "0123abcd-7");
    ck_assert_str_eq(view->service, "web");
    ck_assert_str_eq(view->agent, "alpha");
    ck_assert_str_eq(view->address, "localhost:80");
    ck_assert_str_eq(view->by, "client");
    ck_assert_str_eq(view->detail, "and more");
    ck_assert_int_eq(view->reason, REASON_CLIENT_RESET);
    ck_assert_int_eq(view->state, RELAY_VIEW_ENDED);
    ck_assert_uint_eq(view->up, 5);
    ck_assert_uint_eq(view->down, 9);
    ck_assert_uint_eq(view->ended_us, 7005);
    ck_assert_str_eq(ended_relays_at(ended, 1)->address, "");
    ck_assert_str_eq(ended_relays_at(ended, 1)->detail, "");
}
END_TEST

START_TEST(a_client_that_no_agent_got_has_waited_until_its_end) {
    struct client client = make_client(1);

    client.dispatched_us = 0;
    ended_relays_add_client(ended, instance, &client);
    ck_assert_uint_eq(ended_relays_at(ended, 0)->dispatched_us, client.ended_us);
}
END_TEST

static size_t query(struct relay_query query, const struct relay_view **views) {
    size_t matching = 0;

    query.states = 1u << RELAY_VIEW_ENDED;
    query.limit = query.limit ? query.limit : ENDED_RELAYS_MOST;
    size_t count = ended_relays_query(ended, &query, views, &matching);
    ck_assert_uint_eq(count, matching < query.limit ? matching : query.limit);
    return matching;
}

START_TEST(those_that_match_come_in_order) {
    const struct relay_view *views[ENDED_RELAYS_MOST];

    for (uint64_t number = 1; number <= 5; number++)
        add(number);
    ck_assert_uint_eq(query((struct relay_query){.order = RELAY_ORDER_OLDEST, .limit = 2}, views), 5);
    ck_assert_uint_eq(views[0]->number, 1);
    ck_assert_uint_eq(views[1]->number, 2);
    ck_assert_uint_eq(query((struct relay_query){.order = RELAY_ORDER_RATE}, views), 5);
    ck_assert_uint_eq(views[0]->number, 5);
    ck_assert_uint_eq(query((struct relay_query){.agent = "beta"}, views), 0);
    ck_assert_uint_eq(query((struct relay_query){.agent = "alpha", .service = "web"}, views), 5);
}
END_TEST

START_TEST(one_that_ended_is_in_no_list_of_those_that_live) {
    add(1);
    const struct relay_view *view = ended_relays_at(ended, 0);
    ck_assert(!relay_view_matches(view, &(struct relay_query){0}));
    ck_assert(!relay_view_matches(view, &(struct relay_query){.states = 1u << RELAY_VIEW_SHARED}));
    ck_assert(relay_view_matches(view, &(struct relay_query){.id = view->id}));
    ck_assert(relay_view_matches(view, &(struct relay_query){.states = 1u << RELAY_VIEW_ENDED}));
}
END_TEST

static TCase *kept(void) {
    TCase *group = tcase_create("kept");

    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, the_oldest_makes_room_and_the_newest_is_first);
    tcase_add_test(group, a_view_has_how_its_client_ended);
    tcase_add_test(group, a_client_that_no_agent_got_has_waited_until_its_end);
    tcase_add_test(group, those_that_match_come_in_order);
    tcase_add_test(group, one_that_ended_is_in_no_list_of_those_that_live);
    return group;
}

UNIT_MAIN("relay/ended_relays", kept)

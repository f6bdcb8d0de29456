/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visit_tickets: a client that waits is taken once, by its ticket and its session alone.
 */
#include "config.h"

#include "proto/visits.h"
#include "relay/visit_tickets.h"
#include "unit.h"

static struct served_service *service;

static void begin(void) {
    service = served_service_new(&(struct service_offer){.name = "vnc", .to = {"visitor"}, .to_count = 1});
}

static void end(void) {
    served_service_release(service);
}

static uint32_t put(struct visit_tickets *tickets, uint64_t session) {
    const struct visit_client client = {-1, served_service_hold(service), "00112233"};
    uint32_t ticket = visit_tickets_put(tickets, &client, session);

    if (!ticket)
        served_service_release(service);
    return ticket;
}

static bool take(struct visit_tickets *tickets, uint32_t ticket, uint64_t session) {
    struct visit_client client;

    if (!visit_tickets_take(tickets, ticket, session, &client))
        return false;
    ck_assert_ptr_eq(client.service, service);
    ck_assert_str_eq(client.server, "00112233");
    served_service_release(client.service);
    return true;
}

START_TEST(client_is_taken_once_and_by_its_session_alone) {
    struct visit_tickets *tickets = visit_tickets_new();
    uint32_t first = put(tickets, 5), second = put(tickets, 6);

    ck_assert(first && second && first != second);
    ck_assert(visit_tickets_waits(tickets, first));
    ck_assert(!take(tickets, first, 6));
    ck_assert(!take(tickets, 0, 5));
    ck_assert(!take(tickets, first + 256, 5)); /* the same slot, another time */
    ck_assert(take(tickets, first, 5));
    ck_assert(!take(tickets, first, 5));
    ck_assert(!visit_tickets_waits(tickets, first));
    ck_assert(take(tickets, second, 0)); /* the control thread takes it back */
    visit_tickets_free(tickets);
}
END_TEST

START_TEST(as_many_wait_as_may_and_no_ticket_comes_again_soon) {
    struct visit_tickets *tickets = visit_tickets_new();
    uint32_t all[VISIT_TICKETS_MAX];

    for (unsigned i = 0; i < VISIT_TICKETS_MAX; i++)
        ck_assert_uint_ne(all[i] = put(tickets, 1), 0);
    ck_assert_uint_eq(put(tickets, 1), 0);
    ck_assert(take(tickets, all[7], 1));
    uint32_t again = put(tickets, 1);
    ck_assert(again && again != all[7]);
    ck_assert(!take(tickets, all[7], 1));
    visit_tickets_free(tickets); /* with those that wait */
}
END_TEST

static TCase *waiting(void) {
    TCase *tests = tcase_create("waiting");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, client_is_taken_once_and_by_its_session_alone);
    tcase_add_test(tests, as_many_wait_as_may_and_no_ticket_comes_again_soon);
    return tests;
}

UNIT_MAIN("relay/visit_tickets", waiting)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visit_relays: a visit is a client of the service and a relay to the visitor, which come and go together.
 */
#include "config.h"

#include "lib/net/sock.h"
#include "server/service/visit_world.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

static struct visit_world world;

static void begin(void) {
    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, "{\"id\":1,\"name\":\"s0\"}");
    fake_forget(FAKE_CONTROL);
}

/* Both clients of the visit with this ticket. */
static void open_one(uint32_t ticket, struct fake_order *service, struct fake_order *visitor) {
    visit_world_open(&world, &world.laptop, 1, ticket, 1);
    ck_assert(server_fixture_wait_for(&world.fixture, FAKE_SERVE, 2));
    ck_assert(fake_take_with(FAKE_SERVE, "office", service) && fake_take_with(FAKE_SERVE, "laptop", visitor));
}

static void expect_running(size_t count) {
    ck_assert_uint_eq(visits_running(visit_world_visits(&world)), count);
}

START_TEST(visit_is_a_client_of_the_service_and_a_relay_to_the_visitor) {
    struct fake_order service, visitor;

    begin();
    open_one(7, &service, &visitor);
    expect_running(1);
    ck_assert_uint_eq(service.tag, world.office.tag);
    ck_assert_uint_eq(visitor.tag, world.laptop.tag);
    ck_assert_uint_eq(service.client->ticket, 0);
    ck_assert_uint_eq(visitor.client->ticket, 7);
    ck_assert_str_eq(service.client->visitor->agent, "laptop");
    for (const struct client *const *client = (const struct client *const[]){service.client, visitor.client, NULL};
         *client; client++) { /* as the agent has told */
        ck_assert_uint_eq(addr_port(&(*client)->peer), 1000);
        ck_assert_uint_eq((*client)->local.port, 5900);
    }
    fake_give_back(&service, CLIENT_ENDED);
    fake_give_back(&visitor, CLIENT_ENDED);
    visit_world_end(&world);
}
END_TEST

START_TEST(what_either_end_sends_the_other_gets) {
    struct fake_order service, visitor;
    char text[8] = "";

    begin();
    open_one(7, &service, &visitor);
    ck_assert_int_eq(unit_send(visitor.client->fd, "up", 3), 3);
    ck_assert_int_eq(unit_receive(service.client->fd, text, sizeof text), 3);
    ck_assert_str_eq(text, "up");
    fake_give_back(&visitor, CLIENT_ENDED); /* which closes its end */
    ck_assert(server_fixture_is_closed(&world.fixture, service.client->fd));
    expect_running(1); /* until both are over */
    fake_give_back(&service, CLIENT_ENDED);
    expect_running(0);
    visit_world_end(&world);
}
END_TEST

START_TEST(relay_to_the_visitor_has_its_agent_s_limit_of_bandwidth) {
    struct fake_order service, visitor;

    begin();
    open_one(7, &service, &visitor);
    ck_assert_ptr_eq(visitor.client->via, session_bandwidth(visit_world_session(&world, &world.laptop)));
    ck_assert_ptr_eq(service.client->via, session_bandwidth(visit_world_session(&world, &world.office)));
    fake_give_back(&service, CLIENT_ENDED);
    fake_give_back(&visitor, CLIENT_ENDED);
    visit_world_end(&world);
}
END_TEST

START_TEST(relay_that_finds_no_link_to_the_visitor_refuses_its_client) {
    struct fake_order service, visitor;

    begin();
    open_one(7, &service, &visitor);
    fake_give_back(&visitor, CLIENT_NOT_STARTED);
    const char *refused = visit_world_told(&world, &world.laptop, "visit_refused");
    ck_assert(refused && strstr(refused, "[7]"));
    ck_assert(server_fixture_is_reset(&world.fixture, service.client->fd));
    fake_give_back(&service, CLIENT_ENDED);
    expect_running(0);
    visit_world_end(&world);
}
END_TEST

/* It is judged anew: the permission was there when the message came. */
START_TEST(permission_that_goes_while_a_visit_connects_is_refused) {
    begin();
    visit_world_open(&world, &world.laptop, 1, 7, 1);
    visit_world_permit(&world, "others");
    fake_forget(FAKE_CONTROL);
    server_fixture_run(&world.fixture);
    const char *refused = visit_world_told(&world, &world.laptop, "visit_refused");
    ck_assert(refused && strstr(refused, "there is no such service"));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    expect_running(0);
    visit_world_end(&world);
}
END_TEST

START_TEST(visitor_that_goes_while_a_visit_connects_leaves_nothing) {
    begin();
    visit_world_open(&world, &world.laptop, 1, 7, 1);
    server_fixture_lose(&world.fixture, &world.laptop);
    server_fixture_run(&world.fixture);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    expect_running(0);
    ck_assert(TAILQ_EMPTY(&visit_world_visits(&world)->connecting));
    visit_world_end(&world);
}
END_TEST

START_TEST(whatever_else_comes_to_the_server_s_own_port_is_reset) {
    struct fake_order service, visitor;
    struct addr here;
    bool is_done = false;

    begin();
    open_one(7, &service, &visitor);
    evutil_socket_t fd = sock_connect(&visit_world_visits(&world)->address, &here, &is_done);
    ck_assert(server_fixture_is_reset(&world.fixture, (int)fd));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    expect_running(1);
    close((int)fd);
    fake_give_back(&service, CLIENT_ENDED);
    fake_give_back(&visitor, CLIENT_ENDED);
    visit_world_end(&world);
}
END_TEST

/* All of them were told of before the first could connect. */
START_TEST(more_under_way_than_may_be_are_refused_by_few_messages) {
    begin();
    for (unsigned i = 0; i < VISIT_TICKETS_MAX / VISIT_CLIENTS_MAX; i++)
        visit_world_open(&world, &world.laptop, 1, 1 + i * VISIT_CLIENTS_MAX, VISIT_CLIENTS_MAX);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    visit_world_open(&world, &world.laptop, 1, 500, VISIT_CLIENTS_MAX);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 1);
    const char *refused = visit_world_told(&world, &world.laptop, "visit_refused");
    ck_assert(refused && strstr(refused, "[500,501,") && strstr(refused, "too many visits of this agent"));
    ck_assert(server_fixture_wait_for(&world.fixture, FAKE_SERVE, 2 * VISIT_TICKETS_MAX));
    expect_running(VISIT_TICKETS_MAX);
    visit_world_open(&world, &world.laptop, 1, 600, 1); /* none is under way now */
    ck_assert_ptr_null(visit_world_told(&world, &world.laptop, "visit_refused"));
    visit_world_end(&world);
}
END_TEST

static TCase *relays(void) {
    TCase *group = tcase_create("relays");

    tcase_add_test(group, visit_is_a_client_of_the_service_and_a_relay_to_the_visitor);
    tcase_add_test(group, what_either_end_sends_the_other_gets);
    tcase_add_test(group, relay_to_the_visitor_has_its_agent_s_limit_of_bandwidth);
    tcase_add_test(group, relay_that_finds_no_link_to_the_visitor_refuses_its_client);
    return group;
}

static TCase *connecting(void) {
    TCase *group = tcase_create("connecting");

    tcase_add_test(group, permission_that_goes_while_a_visit_connects_is_refused);
    tcase_add_test(group, visitor_that_goes_while_a_visit_connects_leaves_nothing);
    tcase_add_test(group, whatever_else_comes_to_the_server_s_own_port_is_reset);
    tcase_add_test(group, more_under_way_than_may_be_are_refused_by_few_messages);
    return group;
}

UNIT_MAIN("server/service/visit_relays", relays, connecting)

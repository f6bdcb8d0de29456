/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_agent: OPEN names a service by its id, its destination is dialled, and the server learns what came of it.
 */
#include "config.h"

#include "relay_world.h"

#include "relay/relay_open.h"

#include "lib/base/clock.h"

#include <string.h>

enum { PORT = 1000, UNKNOWN = 999 };

static struct relay_world world;
static struct world_client client;
static const struct service_terms_plan plan = {.half_close_timeout_s = 60};

static void begin(void) {
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
}

static void end(void) {
    world_close(&client);
    world_end(&world);
}

static void serve(void) {
    world_serve(&world, &client);
    world_settle(&world, &client);
}

static void serve_to_deaf(void) {
    memory_connect_will(MEMORY_LATER);
    serve();
    world_accept(&client);
}

static void take_services_away(void) {
    service_table_release(world.services);
    world.services = NULL;
}

static void expect_refused(enum refusal refusal, const char *detail) {
    unsigned port;
    world_expect_over(&world, &client, CLIENT_REFUSED);
    ck_assert_int_eq(client.refusal, refusal);
    ck_assert_str_eq(client.detail, detail);
    ck_assert_int_lt(memory_accepted(&port), 0);
    ck_assert_uint_eq(world.records[AGENT].count, 1);
}

static void end_both(void) {
    memory_finish(client.end);
    memory_finish(client.far);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}

/* ---- services ---- */

START_TEST(unknown_service_is_refused) {
    client.client->terms->id = UNKNOWN;
    serve();
    expect_refused(REFUSAL_UNKNOWN_SERVICE, "the agent does not know the service: its session has ended");
}
END_TEST

START_TEST(service_of_a_session_that_is_over_is_unknown) {
    take_services_away();
    serve();
    expect_refused(REFUSAL_UNKNOWN_SERVICE, "the agent does not know the service: its session has ended");
}
END_TEST

START_TEST(service_that_is_published_no_longer_is_refused) {
    struct served_service *service = service_table_find(world.services, client.client->terms->id);
    ck_assert(served_service_permit(service));
    atomic_store(&service->is_withdrawn, true);
    serve();
    expect_refused(REFUSAL_DENIED, "this agent does not publish the service any more");
}
END_TEST

START_TEST(published_service_leads_where_the_agents_rules_do_not) {
    struct served_service *service = service_table_find(world.services, client.client->terms->id);
    struct acl *nowhere = acl_new();
    struct error error;
    ck_assert_int_eq(acl_add(nowhere, "192.0.2.1:1", &error), 0);
    world.options[AGENT].allow = nowhere;
    ck_assert(served_service_permit(service));
    serve();
    world_accept(&client);
    end_both();
    acl_free(nowhere);
}
END_TEST

/* Also while its destination is still being dialled. */
START_TEST(relay_goes_on_when_its_service_is_taken_away) {
    serve_to_deaf();
    take_services_away();
    memory_connect_done(client.far, false);
    world_settle(&world, &client);
    memory_send(client.far, "hello", 5);
    memory_send(client.end, "there", 5);
    world_settle(&world, &client);
    world_expect(client.end, "hello");
    world_expect(client.far, "there");
    end_both();
}
END_TEST

START_TEST(an_agent_that_stops_refuses_new_clients) {
    atomic_store(&world.threads[AGENT]->draining, true);
    serve();
    expect_refused(REFUSAL_DRAINING, "this agent is stopping");
}
END_TEST

START_TEST(a_malformed_open_ends_the_link_and_opens_nothing) {
    static const uint8_t payload[FRAME_OPEN_SIZE] = {[16] = 0x80};
    struct error error = {""};
    ck_assert_int_eq(relay_open(world.sessions[AGENT], 1, payload, sizeof payload, &error), -1);
    ck_assert_str_eq(error.text, "OPEN has unknown flags: 0x8000");
    ck_assert_uint_eq(world_relays(&world, AGENT), 0);
    world_drop(&client);
}
END_TEST

/* ---- the destination ---- */

START_TEST(first_bytes_wait_until_the_destination_is_reached) {
    world_client_say(&client, "hello");
    memory_finish(client.end);
    serve_to_deaf();
    ck_assert_uint_eq(memory_on_its_way(client.far), 0);
    memory_connect_done(client.far, false);
    world_settle(&world, &client);
    world_expect(client.far, "hello");
    ck_assert(memory_got_end(client.far));
    memory_finish(client.far);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_uint_eq(client.up, 5);
}
END_TEST

/* The second destination of its list; and also when a resumption has to bring OPENED once more. */
START_TEST(the_server_learns_an_address_that_it_does_not_know) {
    world_offer_twice(&world, &client, "127.0.0.1:bad", "127.0.0.1:1000");
    world_client_say(&client, "hello");
    serve_to_deaf();
    if (_i)
        wire_lose(&world.pair.wires[0]);
    memory_connect_done(client.far, false);
    pair_add_wire(&world.pair, false);
    world_settle(&world, &client);
    end_both();
    ck_assert_str_eq(client.address, "127.0.0.1:1000");
    ck_assert_str_eq(world.records[AGENT].address, "127.0.0.1:1000");
}
END_TEST

static size_t on_way_to_server(void) {
    return evbuffer_get_length(world.pair.wires[0].ends[SERVER].in);
}

static void turn(void) {
    for (int i = 0; i < 4; i++)
        event_base_loop(loop_base(world.loop), EVLOOP_NONBLOCK);
}

static bool has_opened(void *context) {
    (void)context;
    return on_way_to_server() > 0;
}

/* A write less for each short request. */
START_TEST(opened_leaves_with_the_first_answer) {
    world_client_say(&client, "hello");
    serve_to_deaf();
    memory_connect_done(client.far, false);
    memory_carry(client.far, MUCH);
    ck_assert_uint_eq(on_way_to_server(), 0);
    memory_send(client.far, "there", 5);
    memory_carry(memory_peer(client.far), MUCH);
    turn();
    ck_assert_uint_ge(on_way_to_server(), FRAME_HEADER + FRAME_HEADER + 5);
    world_settle(&world, &client);
    world_expect(client.end, "there");
    world_expect(client.far, "hello");
    end_both();
}
END_TEST

START_TEST(opened_waits_only_a_moment_for_an_answer) {
    world_client_say(&client, "hello");
    serve_to_deaf();
    memory_connect_done(client.far, false);
    ck_assert(unit_run_until(loop_base(world.loop), has_opened, NULL, 3000));
    ck_assert_uint_eq(on_way_to_server(), FRAME_HEADER);
    end_both();
}
END_TEST

START_TEST(opened_waits_for_no_answer_to_nothing) {
    serve_to_deaf();
    memory_connect_done(client.far, false);
    turn();
    ck_assert_uint_eq(on_way_to_server(), FRAME_HEADER);
    end_both();
}
END_TEST

START_TEST(an_agent_that_stops_refuses_who_has_no_answer_yet) {
    world_client_say(&client, "hello");
    serve_to_deaf();
    relay_end_all(world.threads[AGENT], NULL, REASON_STOPPED, "this program was stopped");
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_REFUSED);
    ck_assert_int_eq(client.refusal, REFUSAL_DRAINING);
    ck_assert_str_eq(client.early, "hello");
    ck_assert(memory_got_reset(client.far));
}
END_TEST

START_TEST(an_agent_that_stops_cuts_who_has_one) {
    serve();
    world_accept(&client);
    relay_end_all(world.threads[AGENT], world.sessions[AGENT], REASON_STOPPED, "this program was stopped");
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_PEER_RESET);
    ck_assert_str_eq(client.detail, reason_text(REASON_STOPPED));
    ck_assert_int_eq(world.records[AGENT].reason, REASON_STOPPED);
    ck_assert_str_eq(world.records[AGENT].by, "agent");
    ck_assert(memory_got_reset(client.far) && memory_got_reset(client.end));
}
END_TEST

START_TEST(a_dial_ends_with_its_client) {
    serve_to_deaf();
    memory_reset(client.end);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(world.records[AGENT].reason, REASON_PEER_RESET);
    ck_assert(memory_got_reset(client.far));
}
END_TEST

/* ---- the log of a server that only wants to fill it ---- */

enum { MANY = 40, RECORDS_A_MINUTE = 10 };

/* Another client, whose service is unknown, or which leaves while its destination is dialled. */
static void serve_in_vain(bool is_refused) {
    struct world_client other = {0};
    world_client(&world, &other, &plan, PORT);
    if (is_refused)
        other.client->terms->id = UNKNOWN;
    memory_connect_will(MEMORY_LATER);
    world_serve(&world, &other);
    world_settle(&world, &other);
    if (!is_refused)
        world_accept(&other);
    if (other.client)
        memory_reset(other.end);
    world_settle(&world, &other);
    ck_assert_uint_eq(other.back, 1);
    world_close(&other);
}

static struct log_limit *used_limit(void) {
    struct log_limit *limits = world.threads[AGENT]->unopened_lines;
    for (int i = 0; i <= REFUSAL_COUNT; i++)
        if (limits[i].used > 0)
            return &limits[i];
    return NULL;
}

/* The minute of the clock may change once while this runs. */
START_TEST(relays_that_reach_nothing_do_not_fill_the_log) {
    const struct world_record *records = &world.records[AGENT];
    for (int i = 0; i < MANY; i++)
        serve_in_vain(_i);
    ck_assert_uint_ge(records->count, RECORDS_A_MINUTE);
    ck_assert_uint_le(records->count, 2 * RECORDS_A_MINUTE);
    used_limit()->minute = 1; /* the next minute */
    serve_in_vain(_i);
    ck_assert_uint_eq(records->count + records->left_out, MANY + 1);
    world_drop(&client);
}
END_TEST

START_TEST(refusals_of_one_kind_do_not_hide_those_of_another) {
    for (int i = 0; i < MANY; i++)
        serve_in_vain(true);
    unsigned before = world.records[AGENT].count;
    atomic_store(&world.threads[AGENT]->draining, true);
    serve();
    ck_assert_uint_eq(world.records[AGENT].count, before + 1);
    ck_assert_str_eq(world.records[AGENT].detail, "this agent is stopping");
}
END_TEST

static TCase *logged(void) {
    TCase *group = tcase_create("logged");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_loop_test(group, relays_that_reach_nothing_do_not_fill_the_log, 0, 2);
    tcase_add_test(group, refusals_of_one_kind_do_not_hide_those_of_another);
    return group;
}

static TCase *services(void) {
    TCase *group = tcase_create("services");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, unknown_service_is_refused);
    tcase_add_test(group, service_of_a_session_that_is_over_is_unknown);
    tcase_add_test(group, service_that_is_published_no_longer_is_refused);
    tcase_add_test(group, published_service_leads_where_the_agents_rules_do_not);
    tcase_add_test(group, relay_goes_on_when_its_service_is_taken_away);
    tcase_add_test(group, an_agent_that_stops_refuses_new_clients);
    tcase_add_test(group, a_malformed_open_ends_the_link_and_opens_nothing);
    return group;
}

static TCase *destinations(void) {
    TCase *group = tcase_create("destinations");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, first_bytes_wait_until_the_destination_is_reached);
    tcase_add_loop_test(group, the_server_learns_an_address_that_it_does_not_know, 0, 2);
    tcase_add_test(group, opened_leaves_with_the_first_answer);
    tcase_add_test(group, opened_waits_only_a_moment_for_an_answer);
    tcase_add_test(group, opened_waits_for_no_answer_to_nothing);
    tcase_add_test(group, an_agent_that_stops_refuses_who_has_no_answer_yet);
    tcase_add_test(group, an_agent_that_stops_cuts_who_has_one);
    tcase_add_test(group, a_dial_ends_with_its_client);
    return group;
}

UNIT_MAIN("relay/stream/relay_agent", services, destinations, logged)

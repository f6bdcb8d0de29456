/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_server: what becomes of a client: served, refused, given back, or cut; and what of its first bytes.
 */
#include "config.h"

#include "relay_world.h"

#include "lib/base/clock.h"

#include <string.h>

enum { PORT = 1000 };

static struct relay_world world;
static struct world_client client;
static const struct service_terms_plan plan = {.half_close_timeout_s = 60};
static const char sent_detail[] =
    "the client's first bytes were already sent to agent alpha, so it was not given to another";

static void begin(void) {
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
}

static void end(void) {
    if (client.end >= 0)
        world_close(&client);
    world_end(&world);
}

static void keep_early(const char *text) {
    client.client->early = evbuffer_new();
    evbuffer_add(client.client->early, text, strlen(text));
}

/* It is served by an agent whose destination does not answer. */
static void serve_to_deaf(void) {
    memory_connect_will(MEMORY_LATER);
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_accept(&client);
    ck_assert_uint_eq(client.back, 0);
}

static void serve(void) {
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_accept(&client);
}

static void end_both(void) {
    memory_finish(client.end);
    memory_finish(client.far);
    world_settle(&world, &client);
    unit_run_rounds(loop_base(world.loop), 1);
}

static void expect_record(int which, enum relay_reason reason, const char *by, const char *detail) {
    ck_assert_uint_eq(world.records[which].count, 1);
    ck_assert_str_eq(reason_text(world.records[which].reason), reason_text(reason));
    ck_assert_str_eq(world.records[which].by, by);
    ck_assert_str_eq(world.records[which].detail, detail);
}

/* ---- served ---- */

START_TEST(a_client_is_served_to_the_end_of_both_directions) {
    world_client_say(&client, "hello");
    serve();
    world_settle(&world, &client);
    world_expect(client.far, "hello");
    memory_send(client.far, "there", 5);
    world_settle(&world, &client);
    world_expect(client.end, "there");
    memory_finish(client.far);
    world_settle(&world, &client);
    ck_assert(memory_got_end(client.end) && !memory_got_reset(client.end));
    memory_finish(client.end);
    world_settle(&world, &client);
    ck_assert(memory_got_end(client.far) && !memory_got_reset(client.far));
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
    expect_record(SERVER, REASON_DONE, "destination", "");
    expect_record(AGENT, REASON_DONE, "destination", "");
    ck_assert_uint_eq(client.up + client.down, 10);
    ck_assert_uint_eq(world.records[AGENT].up + world.records[AGENT].down, 10);
    ck_assert_uint_gt(client.opened_us, 0);
}
END_TEST

START_TEST(bytes_that_were_read_before_go_first) {
    keep_early("early ");
    world_client_say(&client, "late");
    serve();
    world_settle(&world, &client);
    world_expect(client.far, "early late");
    end_both();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_uint_eq(client.up, 10);
    expect_record(SERVER, REASON_DONE, "client", "");
}
END_TEST

START_TEST(an_end_that_was_read_before_is_passed_on) {
    keep_early("all");
    client.client->early_end = true;
    serve();
    world_settle(&world, &client);
    world_expect(client.far, "all");
    ck_assert(memory_got_end(client.far));
    memory_finish(client.far);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
    ck_assert(memory_got_end(client.end) && !memory_got_reset(client.end));
}
END_TEST

START_TEST(a_client_that_holds_its_bytes_is_not_read_before_the_destination_is_reached) {
    client.client->holds_early = true;
    keep_early("early ");
    world_client_say(&client, "late");
    serve_to_deaf();
    ck_assert_uint_eq(memory_on_its_way(client.far), 0);
    memory_connect_done(client.far, false);
    world_settle(&world, &client);
    world_expect(client.far, "early late");
    end_both();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}
END_TEST

START_TEST(no_more_than_the_window_is_sent_before_the_destination_is_reached) {
    static char bytes[3 * MUX_WINDOW_SHARED];
    size_t got = 0;
    memory_send(client.end, bytes, sizeof bytes);
    serve_to_deaf();
    ck_assert_uint_eq(world.threads[SERVER]->opening->pump.in, MUX_WINDOW_SHARED);
    memory_connect_done(client.far, false);
    for (int i = 0; i < 100 && got < sizeof bytes; i++) {
        world_settle(&world, &client);
        got += memory_receive(client.far, bytes, sizeof bytes);
    }
    ck_assert_uint_eq(got, sizeof bytes);
    end_both();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}
END_TEST

/* ---- not served ---- */

START_TEST(without_a_carrier_the_client_comes_back_untouched) {
    wire_lose(&world.pair.wires[0]);
    keep_early("early");
    world_serve(&world, &client);
    world_expect_over(&world, &client, CLIENT_NOT_STARTED);
    ck_assert_int_eq(client.reason, REASON_LINK_LOST);
    ck_assert_str_eq(client.early, "early");
}
END_TEST

START_TEST(a_refused_client_comes_back_with_its_bytes_and_is_served_by_another) {
    world.keeps_clients = true;
    memory_connect_will(MEMORY_REFUSED);
    world_client_say(&client, "hello");
    memory_finish(client.end);
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_REFUSED);
    ck_assert_int_eq(client.refusal, REFUSAL_REFUSED);
    ck_assert_str_eq(client.early, "hello");
    ck_assert(client.early_end);
    expect_record(AGENT, REASON_REFUSED, "agent", "127.0.0.1:1000: Connection refused");
    ck_assert_uint_eq(world.records[SERVER].count, 0);
    memory_connect_will(MEMORY_AT_ONCE);
    serve();
    world_settle(&world, &client);
    world_expect(client.far, "hello");
    ck_assert(memory_got_end(client.far));
    memory_finish(client.far);
    world_settle(&world, &client);
    ck_assert(world_ends(&world));
    ck_assert_int_eq(client.outcome, CLIENT_ENDED);
    ck_assert_uint_eq(client.up, 5);
}
END_TEST

START_TEST(a_client_that_holds_its_bytes_keeps_them_when_it_is_refused) {
    memory_connect_will(MEMORY_REFUSED);
    client.client->holds_early = client.client->early_end = true;
    keep_early("early");
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_REFUSED);
    ck_assert_str_eq(client.early, "early");
    ck_assert(client.early_end);
}
END_TEST

/* As munnel-agent never does it: it would send REFUSED, or OPENED and then RESET. */
static void reset_without_answer(const char *json) {
    struct relay *relay = world.threads[AGENT]->opening;
    pump_reset(&relay->pump, (const uint8_t *)json, strlen(json));
    relay_finish(relay, REASON_STOPPED, "agent", NULL);
    world_settle(&world, &client);
}

START_TEST(a_client_of_which_nothing_was_sent_goes_to_another_when_its_agent_resets_it) {
    static const char *const resets[][2] = {{"", "reset before the destination was reached"},
                                            {"{\"reason\":\"too hot\"}", "too hot"}};
    if (_i == 1) {
        client.client->holds_early = true;
        keep_early("early");
    }
    serve_to_deaf();
    reset_without_answer(resets[_i][0]);
    world_expect_over(&world, &client, CLIENT_REFUSED);
    ck_assert_int_eq(client.refusal, REFUSAL_REFUSED);
    ck_assert_str_eq(client.detail, resets[_i][1]);
    ck_assert_str_eq(client.early, _i == 1 ? "early" : "");
}
END_TEST

START_TEST(a_client_whose_bytes_were_sent_is_cut_when_its_agent_resets_it_before_the_answer) {
    if (_i)
        memory_finish(client.end);
    else
        world_client_say(&client, "hello");
    serve_to_deaf();
    reset_without_answer("");
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_PEER_RESET, "agent", "");
    ck_assert(memory_got_reset(client.end));
}
END_TEST

/* ---- the carrier is lost before the answer ---- */

START_TEST(a_client_of_which_nothing_was_sent_comes_back_when_the_carrier_is_lost) {
    serve_to_deaf();
    wire_lose(&world.pair.wires[0]);
    ck_assert_uint_eq(client.back, 1);
    ck_assert_int_eq(client.outcome, CLIENT_UNANSWERED);
    pair_add_wire(&world.pair, false);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_UNANSWERED);
    ck_assert(memory_got_reset(client.far));
    expect_record(AGENT, REASON_PEER_RESET, "server", "");
}
END_TEST

START_TEST(a_client_whose_bytes_were_sent_waits_for_the_resumption) {
    world_client_say(&client, "hello");
    serve_to_deaf();
    wire_lose(&world.pair.wires[0]);
    memory_connect_done(client.far, false);
    world_settle(&world, &client);
    ck_assert_uint_eq(client.back, 0);
    pair_add_wire(&world.pair, false);
    world_settle(&world, &client);
    world_expect(client.far, "hello");
    end_both();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}
END_TEST

START_TEST(a_client_that_the_agent_never_saw_comes_back_with_its_bytes) {
    world_client_say(&client, "hello");
    world_serve(&world, &client);
    while (evbuffer_get_length(world.pair.wires[0].ends[AGENT].in) < FRAME_OPEN_SIZE + 5)
        event_base_loop(loop_base(world.loop), EVLOOP_ONCE);
    wire_lose(&world.pair.wires[0]);
    ck_assert_uint_eq(client.back, 0);
    pair_add_wire(&world.pair, false);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_UNANSWERED);
    ck_assert_str_eq(client.early, "hello");
}
END_TEST

START_TEST(a_client_whose_bytes_were_sent_is_cut_when_no_carrier_comes) {
    world_client_say(&client, "hello");
    serve_to_deaf();
    wire_lose(&world.pair.wires[0]);
    world_sweep(&world, clock_us() + (WORLD_RESUME_MS + 1000) * 1000ull);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_LINK_LOST);
    expect_record(SERVER, REASON_LINK_LOST, "link", sent_detail);
    expect_record(AGENT, REASON_LINK_LOST, "link", "");
    ck_assert(memory_got_reset(client.end) && memory_got_reset(client.far));
}
END_TEST

START_TEST(without_resumption_a_lost_carrier_cuts_its_relays) {
    world_drop(&client);
    world_end(&world);
    world_begin(&world, MUCH, 0);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
    serve();
    wire_lose(&world.pair.wires[0]);
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_LINK_LOST, "link", "");
    ck_assert(memory_got_reset(client.end) && memory_got_reset(client.far));
}
END_TEST

/* ---- an agent that does not answer ---- */

START_TEST(a_client_of_which_nothing_was_sent_comes_back_after_its_time) {
    serve_to_deaf();
    world_sweep(&world, clock_us() + WORLD_ATTEMPT_MS * 1000ull);
    ck_assert_uint_eq(client.back, 0);
    world_sweep(&world, clock_us() + (WORLD_ATTEMPT_MS + RELAY_GRACE_MS + 100) * 1000ull);
    world_expect_over(&world, &client, CLIENT_UNANSWERED);
    expect_record(AGENT, REASON_PEER_RESET, "server", "the client goes to another agent");
}
END_TEST

START_TEST(a_client_whose_bytes_were_sent_is_cut_after_its_time) {
    world_client_say(&client, "hello");
    serve_to_deaf();
    world_sweep(&world, clock_us() + (WORLD_ATTEMPT_MS + RELAY_GRACE_MS + 100) * 1000ull);
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_TIMEOUT, "server", sent_detail);
    expect_record(AGENT, REASON_PEER_RESET, "server", reason_text(REASON_TIMEOUT));
}
END_TEST

/* The answer can only come once the stream goes on, and then it has some time for that. */
START_TEST(the_time_to_answer_does_not_end_while_the_stream_is_suspended) {
    uint64_t late_us = clock_us() + (WORLD_ATTEMPT_MS + RELAY_GRACE_MS + 100) * 1000ull;
    world_client_say(&client, "hello");
    serve_to_deaf();
    wire_lose(&world.pair.wires[0]);
    relay_sweep_all(world.threads[SERVER], late_us, true);
    pair_add_wire(&world.pair, false);
    world_settle(&world, &client);
    relay_sweep_all(world.threads[SERVER], late_us + 100000, true);
    ck_assert_uint_eq(client.back, 0);
    relay_sweep_all(world.threads[SERVER], late_us + RELAY_GRACE_MS * 1000ull + 100000, true);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_TIMEOUT);
}
END_TEST

/* ---- called back ---- */

START_TEST(clients_are_called_back_as_long_as_nothing_was_sent) {
    struct world_client other;
    struct service_terms *terms = service_terms_hold(client.client->terms);
    world_client(&world, &other, &plan, PORT + 1);
    serve_to_deaf();
    world_serve(&world, &other);
    world_settle(&world, &other);
    world_accept(&other);
    relay_recall(world.threads[SERVER], WORLD_SESSION + 1, terms);
    ck_assert_uint_eq(client.back, 0);
    relay_recall(world.threads[SERVER], WORLD_SESSION, terms);
    ck_assert_uint_eq(client.back, 1);
    ck_assert_int_eq(client.outcome, CLIENT_UNANSWERED);
    ck_assert_uint_eq(other.back, 0); /* of another service */
    world_client_say(&other, "hello");
    world_settle(&world, &other);
    relay_recall(world.threads[SERVER], WORLD_SESSION, other.client->terms);
    ck_assert_uint_eq(other.back, 0); /* its bytes may have arrived */
    relay_end_all(world.threads[SERVER], NULL, REASON_STOPPED, "stopped");
    service_terms_release(terms);
    world_settle(&world, &other);
    world_close(&other);
}
END_TEST

/* ---- cut ---- */

START_TEST(a_reset_of_the_client_is_passed_on) {
    serve();
    memory_reset(client.end);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_CLIENT_RESET, "client", "");
    expect_record(AGENT, REASON_PEER_RESET, "server", reason_text(REASON_CLIENT_RESET));
    ck_assert(memory_got_reset(client.far));
}
END_TEST

START_TEST(a_reset_of_the_destination_is_passed_on) {
    serve();
    memory_reset(client.far);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_PEER_RESET, "agent", reason_text(REASON_DESTINATION_RESET));
    expect_record(AGENT, REASON_DESTINATION_RESET, "destination", "");
    ck_assert(memory_got_reset(client.end));
}
END_TEST

START_TEST(a_client_that_is_gone_when_it_is_served_is_recorded) {
    memory_reset(client.end);
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_CLIENT_RESET, "client", "");
}
END_TEST

START_TEST(a_server_that_stops_cuts_its_relays) {
    serve();
    relay_end_all(world.threads[SERVER], NULL, REASON_STOPPED, "this program was stopped");
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_STOPPED, "server", "");
    expect_record(AGENT, REASON_PEER_RESET, "server", reason_text(REASON_STOPPED));
}
END_TEST

START_TEST(a_session_that_is_disconnected_gives_back_what_was_not_sent) {
    serve_to_deaf();
    relay_end_all(world.threads[SERVER], world.sessions[SERVER], REASON_DENIED, "revoked");
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_UNANSWERED);
}
END_TEST

START_TEST(a_session_that_is_disconnected_cuts_what_was_sent) {
    world_client_say(&client, "hello");
    if (_i)
        serve();
    else
        serve_to_deaf();
    relay_end_all(world.threads[SERVER], world.sessions[SERVER], REASON_DENIED, "revoked");
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    expect_record(SERVER, REASON_DENIED, "link", _i ? "revoked" : sent_detail);
}
END_TEST

static TCase *served(void) {
    TCase *group = tcase_create("served");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_client_is_served_to_the_end_of_both_directions);
    tcase_add_test(group, bytes_that_were_read_before_go_first);
    tcase_add_test(group, an_end_that_was_read_before_is_passed_on);
    tcase_add_test(group, a_client_that_holds_its_bytes_is_not_read_before_the_destination_is_reached);
    tcase_add_test(group, no_more_than_the_window_is_sent_before_the_destination_is_reached);
    return group;
}

static TCase *given_back(void) {
    TCase *group = tcase_create("given back");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, without_a_carrier_the_client_comes_back_untouched);
    tcase_add_test(group, a_refused_client_comes_back_with_its_bytes_and_is_served_by_another);
    tcase_add_test(group, a_client_that_holds_its_bytes_keeps_them_when_it_is_refused);
    tcase_add_test(group, a_client_of_which_nothing_was_sent_comes_back_when_the_carrier_is_lost);
    tcase_add_test(group, a_client_whose_bytes_were_sent_waits_for_the_resumption);
    tcase_add_test(group, a_client_that_the_agent_never_saw_comes_back_with_its_bytes);
    tcase_add_test(group, a_client_of_which_nothing_was_sent_comes_back_after_its_time);
    tcase_add_test(group, the_time_to_answer_does_not_end_while_the_stream_is_suspended);
    tcase_add_test(group, clients_are_called_back_as_long_as_nothing_was_sent);
    tcase_add_loop_test(group, a_client_of_which_nothing_was_sent_goes_to_another_when_its_agent_resets_it, 0, 2);
    return group;
}

static TCase *cut(void) {
    TCase *group = tcase_create("cut");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_client_whose_bytes_were_sent_is_cut_when_no_carrier_comes);
    tcase_add_test(group, without_resumption_a_lost_carrier_cuts_its_relays);
    tcase_add_test(group, a_client_whose_bytes_were_sent_is_cut_after_its_time);
    tcase_add_loop_test(group, a_client_whose_bytes_were_sent_is_cut_when_its_agent_resets_it_before_the_answer, 0, 2);
    tcase_add_test(group, a_reset_of_the_client_is_passed_on);
    tcase_add_test(group, a_reset_of_the_destination_is_passed_on);
    tcase_add_test(group, a_client_that_is_gone_when_it_is_served_is_recorded);
    tcase_add_test(group, a_server_that_stops_cuts_its_relays);
    tcase_add_test(group, a_session_that_is_disconnected_gives_back_what_was_not_sent);
    tcase_add_loop_test(group, a_session_that_is_disconnected_cuts_what_was_sent, 0, 2);
    return group;
}

UNIT_MAIN("relay/stream/relay_server", served, given_back, cut)

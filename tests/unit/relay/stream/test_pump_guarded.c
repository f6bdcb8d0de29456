/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_pump_guarded: a client that asks for another host on its connection, through both relays.
 */
#include "config.h"

#include "relay_world.h"

#include "lib/base/clock.h"
#include "relay/http_guard.h"

#include <stdlib.h>
#include <string.h>

#define GET(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define UPGRADE   "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

enum { PORT = 1000, BODY = 300000 };

static struct relay_world world;
static struct world_client client;
static const struct service_terms_plan plan = {.half_close_timeout_s = 60};
static char service; /* its address is one */

static void guard_client(void) {
    char name[] = "a";
    char *names[] = {name};
    struct host_routes *routes = host_routes_new();

    ck_assert_ptr_nonnull(routes);
    ck_assert_int_eq(host_routes_add(routes, &(struct strlist){names, 1}, (struct service *)(void *)&service), 0);
    host_routes_sort(routes);
    client.client->guard = http_guard_new(routes, (struct service *)(void *)&service);
    ck_assert_ptr_nonnull(client.client->guard);
    host_routes_release(routes);
}

static void begin(void) {
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
    guard_client();
}

static void end(void) {
    if (client.end >= 0)
        world_close(&client);
    world_end(&world);
}

static void serve(const char *first) {
    world_client_say(&client, first);
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_accept(&client);
    world_settle(&world, &client);
}

static void turn(void) {
    for (int i = 0; i < 3; i++) {
        world_settle(&world, &client);
        unit_run_rounds(loop_base(world.loop), 1);
    }
}

static void say(const char *text) {
    world_client_say(&client, text);
    turn();
}

static void respond(const char *text) {
    memory_send(client.far, text, strlen(text));
    turn();
}

static void expect_begin(evutil_socket_t end, const char *text) {
    char got[512] = "";
    size_t length = memory_receive(end, got, sizeof got - 1);

    ck_assert_uint_gt(length, strlen(text));
    ck_assert_msg(strncmp(got, text, strlen(text)) == 0, "%s", got);
}

/* The destination's own end follows that of the requests. */
static void expect_refused_end(const char *detail) {
    ck_assert(memory_got_end(client.far) && !memory_got_reset(client.far));
    ck_assert(memory_got_end(client.end) && !memory_got_reset(client.end));
    memory_finish(client.far);
    turn();
    memory_finish(client.end);
    turn();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
    ck_assert_str_eq(world.records[SERVER].detail, detail);
}

static const char misdirected[] = "a later request is for another host: b";

/* ---- refused ---- */

START_TEST(a_request_for_another_host_is_answered_421) {
    serve(GET("a"));
    world_expect(client.far, GET("a"));
    respond(OK_ANSWER);
    world_expect(client.end, OK_ANSWER);
    say(GET("a"));
    world_expect(client.far, GET("a"));
    respond(OK_ANSWER);
    world_expect(client.end, OK_ANSWER);
    say(GET("b"));
    world_expect(client.far, "");
    expect_begin(client.end, "HTTP/1.1 421 ");
    expect_refused_end(misdirected);
    ck_assert_uint_eq(client.up, 2 * strlen(GET("a")));
}
END_TEST

START_TEST(the_answer_waits_for_the_responses_before_it) {
    serve(GET("a") GET("a") GET("b") GET("a"));
    world_expect(client.far, GET("a") GET("a"));
    ck_assert(!memory_got_end(client.far));
    respond(OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    world_expect(client.end, OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    ck_assert(!memory_got_end(client.far));
    respond("ok");
    expect_begin(client.end, "okHTTP/1.1 421 ");
    expect_refused_end(misdirected);
}
END_TEST

START_TEST(a_head_in_pieces_does_not_pass_in_part) {
    serve(GET("a"));
    respond(OK_ANSWER);
    world_expect(client.far, GET("a"));
    world_expect(client.end, OK_ANSWER);
    say("GET / HTTP/1.1\r\n");
    say("Host: ");
    world_expect(client.far, "");
    say("b\r\n\r\n");
    world_expect(client.far, "");
    expect_begin(client.end, "HTTP/1.1 421 ");
    expect_refused_end(misdirected);
}
END_TEST

START_TEST(what_the_client_still_sends_is_read_away) {
    char *body = calloc(1, BODY);

    ck_assert_ptr_nonnull(body);
    serve(GET("a"));
    respond(OK_ANSWER);
    world_expect(client.far, GET("a"));
    world_expect(client.end, OK_ANSWER);
    say("POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 300000\r\n\r\n");
    memory_finish(client.far);
    memory_send(client.end, body, BODY);
    turn();
    ck_assert(!memory_got_reset(client.end));
    expect_begin(client.end, "HTTP/1.1 421 ");
    world_expect(client.far, "");
    memory_finish(client.end);
    turn();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
    ck_assert_uint_eq(client.up, strlen(GET("a")));
    free(body);
}
END_TEST

START_TEST(a_client_that_stays_is_not_waited_for) {
    uint64_t now_us = clock_us();

    serve(GET("a"));
    respond(OK_ANSWER);
    say(GET("b"));
    memory_finish(client.far);
    turn();
    ck_assert_uint_eq(client.back, 0);
    for (int i = 0; i < 3; i++)
        world_sweep(&world, now_us += 2000000);
    turn();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}
END_TEST

START_TEST(a_destination_that_does_not_answer_is_not_waited_for_longer) {
    uint64_t now_us = clock_us();

    serve(GET("a") GET("b"));
    world_expect(client.far, GET("a"));
    world_sweep(&world, now_us + 59000000);
    ck_assert_uint_eq(client.back, 0);
    for (int i = 0; i < 3; i++)
        world_sweep(&world, now_us += 62000000);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_HALF_CLOSE_TIMEOUT);
    world_expect(client.end, "");
}
END_TEST

START_TEST(a_response_that_is_cut_gets_no_answer_behind_it) {
    serve(GET("a") GET("b"));
    world_expect(client.far, GET("a"));
    respond("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok");
    memory_finish(client.far);
    turn();
    world_expect(client.end, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok");
    ck_assert(memory_got_end(client.end) && !memory_got_reset(client.end));
    ck_assert(memory_got_end(client.far));
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}
END_TEST

START_TEST(a_malformed_body_ends_where_it_is_malformed) {
    serve("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    say("zz\r\n");
    world_expect(client.far, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    ck_assert(memory_got_end(client.far));
    memory_finish(client.far);
    turn();
    expect_begin(client.end, "HTTP/1.1 400 ");
    memory_finish(client.end);
    turn();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}
END_TEST

/* ---- let through ---- */

START_TEST(a_client_ends_as_any_other) {
    serve(GET("a"));
    memory_finish(client.end);
    turn();
    world_expect(client.far, GET("a"));
    ck_assert(memory_got_end(client.far));
    respond(OK_ANSWER);
    world_expect(client.end, OK_ANSWER);
    memory_finish(client.far);
    turn();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
    ck_assert_str_eq(world.records[SERVER].detail, "");
}
END_TEST

START_TEST(behind_an_upgrade_everything_passes) {
    serve(UPGRADE GET("b"));
    world_expect(client.far, UPGRADE);
    respond("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    world_expect(client.far, GET("b"));
    say(GET("b"));
    world_expect(client.far, GET("b"));
    say("\x81\x05hello");
    world_expect(client.far, "\x81\x05hello");
    memory_finish(client.end);
    memory_finish(client.far);
    turn();
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}
END_TEST

static const char upload_head[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n";
static char received[sizeof upload_head + BODY];
static size_t received_length;

static bool is_uploaded(void *context) {
    (void)context;
    world_settle(&world, &client);
    received_length += memory_receive(client.far, received + received_length, sizeof received - received_length);
    return received_length == sizeof upload_head - 1 + BODY;
}

static void upload(void) {
    static char body[BODY];

    memset(body, 'x', sizeof body);
    received_length = 0;
    serve(upload_head);
    memory_send(client.end, body, BODY);
    ck_assert(unit_run_until(loop_base(world.loop), is_uploaded, NULL, 5000));
    ck_assert_mem_eq(received, upload_head, sizeof upload_head - 1);
    ck_assert_mem_eq(received + sizeof upload_head - 1, body, BODY);
}

static bool got_end(void *context) {
    world_settle(&world, &client);
    return memory_got_end(*(evutil_socket_t *)context);
}

START_TEST(a_long_upload_passes_whole) {
    upload();
    respond(OK_ANSWER);
    say(GET("b"));
    expect_begin(client.end, OK_ANSWER "HTTP/1.1 421 ");
    expect_refused_end(misdirected);
}
END_TEST

START_TEST(a_limit_of_bandwidth_holds_for_it) {
    struct bandwidth *limit = bandwidth_new(&(struct bandwidth_limits){300000, 300000, 1});
    struct service_terms_plan limited = plan;
    uint64_t begun_us = clock_us();

    ck_assert_ptr_nonnull(limit);
    limited.bandwidth = limit;
    world_drop(&client);
    world_client(&world, &client, &limited, PORT);
    guard_client();
    upload();
    ck_assert_uint_ge(clock_us() - begun_us, 900000);
    respond(OK_ANSWER);
    say(GET("b"));
    ck_assert(unit_run_until(loop_base(world.loop), got_end, &client.far, 5000));
    expect_begin(client.end, OK_ANSWER "HTTP/1.1 421 ");
    expect_refused_end(misdirected);
    bandwidth_release(limit);
}
END_TEST

/* ---- to another agent ---- */

START_TEST(a_client_takes_what_is_kept_to_its_next_agent) {
    world.keeps_clients = true;
    world_client_say(&client, GET("a") "GET / HTTP/1.1\r\nHo");
    world_serve(&world, &client);
    while (evbuffer_get_length(world.pair.wires[0].ends[AGENT].in) < FRAME_OPEN_SIZE + strlen(GET("a")))
        event_base_loop(loop_base(world.loop), EVLOOP_ONCE);
    wire_lose(&world.pair.wires[0]);
    pair_add_wire(&world.pair, false);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_UNANSWERED);
    ck_assert_str_eq(client.early, GET("a"));
    client.back = 0;
    serve("st: b\r\n");
    world_expect(client.far, GET("a"));
    say("\r\n" GET("a"));
    respond(OK_ANSWER);
    world_expect(client.far, "");
    expect_begin(client.end, OK_ANSWER "HTTP/1.1 421 ");
    expect_refused_end(misdirected);
}
END_TEST

static TCase *guarded(void) {
    TCase *group = tcase_create("guarded");

    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_request_for_another_host_is_answered_421);
    tcase_add_test(group, the_answer_waits_for_the_responses_before_it);
    tcase_add_test(group, a_head_in_pieces_does_not_pass_in_part);
    tcase_add_test(group, what_the_client_still_sends_is_read_away);
    tcase_add_test(group, a_client_that_stays_is_not_waited_for);
    tcase_add_test(group, a_destination_that_does_not_answer_is_not_waited_for_longer);
    tcase_add_test(group, a_response_that_is_cut_gets_no_answer_behind_it);
    tcase_add_test(group, a_malformed_body_ends_where_it_is_malformed);
    tcase_add_test(group, a_client_ends_as_any_other);
    tcase_add_test(group, behind_an_upgrade_everything_passes);
    tcase_add_test(group, a_long_upload_passes_whole);
    tcase_add_test(group, a_limit_of_bandwidth_holds_for_it);
    tcase_add_test(group, a_client_takes_what_is_kept_to_its_next_agent);
    return group;
}

UNIT_MAIN("relay/pump_guarded", guarded)

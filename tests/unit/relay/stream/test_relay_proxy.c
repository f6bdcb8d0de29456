/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_proxy: the PROXY header is what a destination gets first, once, and is none of the client's bytes.
 */
#include "config.h"

#include "relay_world.h"

#include "relay/relay_open.h"

#include <stdlib.h>
#include <string.h>

enum { PORT = 1000, SMALL = 16 };

#define LINE "PROXY TCP4 10.0.0.1 192.0.2.7 4711 22\r\n"

static struct relay_world world;
static struct world_client client;
static const struct service_terms_plan plan = {.half_close_timeout_s = 60, .sends_tlvs = true};

static void begin_by(size_t capacity) {
    world_begin(&world, capacity, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
}

static void begin(void) {
    begin_by(MUCH);
}

static void end(void) {
    world_close(&client);
    world_end(&world);
}

static struct open_address address(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    ck_assert_int_eq(endpoint_parse(&endpoint, text, NULL), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return open_address_of(&addr);
}

static void come_from(const char *peer, const char *local) {
    struct endpoint endpoint;
    ck_assert_int_eq(endpoint_parse(&endpoint, peer, NULL), 0);
    ck_assert(addr_from_endpoint(&client.client->peer, &endpoint));
    client.client->local = address(local);
}

static void want(enum proxy_version version) {
    ck_assert_uint_eq(world.services->count, 1);
    world.services->services[0]->proxy = version;
    come_from("10.0.0.1:4711", "192.0.2.7:22");
}

static void serve(void) {
    world_serve(&world, &client);
    world_settle(&world, &client);
}

static void serve_and_accept(void) {
    serve();
    world_accept(&client);
    world_settle(&world, &client);
}

static void expect_bytes(const char *wanted, size_t length) {
    char got[256];
    ck_assert_uint_eq(memory_receive(client.far, got, sizeof got), length);
    ck_assert_mem_eq(got, wanted, length);
}
#define EXPECT(text) expect_bytes(text, sizeof(text) - 1)

static void end_both(void) {
    memory_finish(client.end);
    memory_finish(client.far);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
}

static uint64_t headers(void) {
    return counter_read(&world.threads[AGENT]->counts.proxy_headers);
}

/* ---- when ---- */

START_TEST(header_comes_before_the_first_bytes_and_their_end) {
    want(PROXY_V1);
    world_client_say(&client, "hello");
    memory_finish(client.end);
    memory_connect_will(_i ? MEMORY_LATER : MEMORY_AT_ONCE);
    serve();
    world_accept(&client);
    if (_i)
        memory_connect_done(client.far, false);
    world_settle(&world, &client);
    EXPECT(LINE "hello");
    ck_assert(memory_got_end(client.far));
    memory_finish(client.far);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
    ck_assert_uint_eq(client.up, 5);
    ck_assert_uint_eq(world.records[AGENT].up, 5);
    ck_assert_uint_eq(headers(), 1);
}
END_TEST

START_TEST(header_does_not_wait_for_a_client_that_says_nothing) {
    want(PROXY_V1);
    serve_and_accept();
    EXPECT(LINE);
    memory_send(client.far, "SSH-2.0", 7);
    world_settle(&world, &client);
    world_expect(client.end, "SSH-2.0");
    end_both();
    ck_assert_uint_eq(client.up, 0);
}
END_TEST

START_TEST(without_the_option_there_is_no_header) {
    want(PROXY_OFF);
    world_client_say(&client, "hello");
    serve_and_accept();
    EXPECT("hello");
    end_both();
    ck_assert_uint_eq(headers(), 0);
}
END_TEST

/* The kernel takes the header, and the bytes behind it, piece by piece. */
START_TEST(header_that_the_kernel_takes_in_pieces_counts_for_nothing) {
    char got[128] = "";
    size_t length = 0;
    begin_by(SMALL);
    want(PROXY_V1);
    world_client_say(&client, "hello");
    serve_and_accept();
    for (int i = 0; i < 20; i++) {
        length += memory_receive(client.far, got + length, sizeof got - 1 - length);
        memory_wake_writer(memory_peer(client.far));
        world_settle(&world, &client);
    }
    ck_assert_str_eq(got, LINE "hello");
    end_both();
    ck_assert_uint_eq(client.up, 5);
    end();
}
END_TEST

START_TEST(relay_that_goes_on_by_another_link_has_sent_its_header) {
    want(PROXY_V1);
    world_client_say(&client, "hello");
    serve_and_accept();
    EXPECT(LINE "hello");
    wire_lose(&world.pair.wires[0]);
    pair_add_wire(&world.pair, false);
    world_client_say(&client, " again");
    world_settle(&world, &client);
    EXPECT(" again");
    end_both();
    ck_assert_uint_eq(headers(), 1);
}
END_TEST

START_TEST(each_destination_that_is_tried_gets_a_whole_header) {
    world_offer_twice(&world, &client, "127.0.0.1:bad", "127.0.0.1:1000");
    ck_assert_uint_eq(world.services->count, 2);
    world.services->services[1]->proxy = PROXY_V1;
    come_from("10.0.0.1:4711", "192.0.2.7:22");
    serve_and_accept();
    EXPECT(LINE);
    end_both();
}
END_TEST

START_TEST(destination_that_resets_upon_the_header_cuts_the_client) {
    want(PROXY_V1);
    serve_and_accept();
    memory_reset(client.far);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert(memory_got_reset(client.end));
    ck_assert_int_eq(world.records[AGENT].reason, REASON_DESTINATION_RESET);
}
END_TEST

START_TEST(client_that_leaves_before_the_destination_answers_costs_nothing) {
    want(PROXY_V2);
    memory_connect_will(MEMORY_LATER);
    serve();
    world_accept(&client);
    memory_reset(client.end);
    world_settle(&world, &client);
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_uint_eq(headers(), 0);
}
END_TEST

/* ---- what ---- */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define ADDRESSES "\x0a\0\0\x01\xc0\0\x02\x07\x12\x67\0\x16"
#define ID                                                                                                             \
    "\x05\0\x0b"                                                                                                       \
    "01234567-17"

START_TEST(version_2_names_the_relay) {
    want(PROXY_V2);
    client.client->number = 17;
    serve_and_accept();
    EXPECT(SIGNATURE "\x21\x11\0\x1a" ADDRESSES ID);
    end_both();
}
END_TEST

START_TEST(what_the_server_knows_of_the_client_comes_with_open) {
    struct proxy_header known = {.authority = {(const uint8_t *)"example.org", 11}, .alpn = {(const uint8_t *)"h2", 2}};
    want(PROXY_V2);
    client.client->number = 17;
    client.client->tlvs = proxy_tlvs_new(&known);
    serve_and_accept();
    EXPECT(SIGNATURE "\x21\x11\0\x2d" ADDRESSES ID "\x02\0\x0b"
                     "example.org\x01\0\x02h2");
    end_both();
}
END_TEST

/* Another relay's id among the values does not take the place of its own. */
START_TEST(the_unique_id_is_the_relays_own) {
    want(PROXY_V2);
    client.client->number = 17;
    client.client->tlvs = calloc(1, sizeof *client.client->tlvs);
    client.client->tlvs->length = 5;
    memcpy(client.client->tlvs->bytes,
           "\x05\0\x02"
           "no",
           5);
    serve_and_accept();
    EXPECT(SIGNATURE "\x21\x11\0\x1a" ADDRESSES ID);
    end_both();
}
END_TEST

/* As of a client that has waited while a reload took the option away: its agent need not know more than OPEN. */
START_TEST(without_the_option_open_has_nothing_behind_it) {
    struct proxy_header known = {.authority = {(const uint8_t *)"example.org", 11}};
    client.client->terms->sends_tlvs = false;
    client.client->tlvs = proxy_tlvs_new(&known);
    world_serve(&world, &client);
    event_base_loop(loop_base(world.loop), EVLOOP_NONBLOCK);
    ck_assert_uint_eq(evbuffer_get_length(world.pair.wires[0].ends[AGENT].in), FRAME_HEADER + FRAME_OPEN_SIZE);
    world_settle(&world, &client);
    world_accept(&client);
    end_both();
}
END_TEST

START_TEST(client_of_a_unix_socket_has_no_address) {
    world.services->services[0]->proxy = _i ? PROXY_V2 : PROXY_V1;
    client.client->number = 17;
    serve_and_accept();
    if (_i)
        EXPECT(SIGNATURE "\x21\0\0\x0e" ID);
    else
        EXPECT("PROXY UNKNOWN\r\n");
    end_both();
}
END_TEST

START_TEST(check_of_the_server_is_no_client) {
    char got[128] = "";
    want(_i ? PROXY_V2 : PROXY_V1);
    memory_connect_will(MEMORY_LATER);
    serve();
    ((struct relay_agent *)world.threads[AGENT]->opening)->is_check = true; /* the test has no control plane for it */
    world_accept(&client);
    memory_connect_done(client.far, false);
    world_settle(&world, &client);
    size_t length = memory_receive(client.far, got, sizeof got - 1);
    if (_i) {
        ck_assert_uint_eq(length, PROXY_V2_FIXED);
        ck_assert_mem_eq(got, SIGNATURE "\x20\0\0\0", length);
    } else {
        ck_assert_str_eq(got, "PROXY UNKNOWN\r\n"); /* ends of connections in memory have no addresses */
    }
    end_both();
}
END_TEST

START_TEST(open_with_broken_values_ends_the_link) {
    static const uint8_t payload[FRAME_OPEN_SIZE + 3] = {[FRAME_OPEN_SIZE] = 2, 0, 1};
    struct error error = {""};
    ck_assert_int_eq(relay_open(world.sessions[AGENT], 1, payload, sizeof payload, &error), -1);
    ck_assert_str_eq(error.text, "TLV 0x02 is longer than what holds it");
    ck_assert_uint_eq(world_relays(&world, AGENT), 0);
    world_drop(&client);
}
END_TEST

static TCase *sending(void) {
    TCase *group = tcase_create("sending");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_loop_test(group, header_comes_before_the_first_bytes_and_their_end, 0, 2);
    tcase_add_test(group, header_does_not_wait_for_a_client_that_says_nothing);
    tcase_add_test(group, without_the_option_there_is_no_header);
    tcase_add_test(group, relay_that_goes_on_by_another_link_has_sent_its_header);
    tcase_add_test(group, each_destination_that_is_tried_gets_a_whole_header);
    tcase_add_test(group, destination_that_resets_upon_the_header_cuts_the_client);
    tcase_add_test(group, client_that_leaves_before_the_destination_answers_costs_nothing);
    return group;
}

static TCase *slowly(void) {
    TCase *group = tcase_create("slowly");
    tcase_add_test(group, header_that_the_kernel_takes_in_pieces_counts_for_nothing);
    return group;
}

static TCase *values(void) {
    TCase *group = tcase_create("values");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, version_2_names_the_relay);
    tcase_add_test(group, what_the_server_knows_of_the_client_comes_with_open);
    tcase_add_test(group, the_unique_id_is_the_relays_own);
    tcase_add_test(group, without_the_option_open_has_nothing_behind_it);
    tcase_add_loop_test(group, client_of_a_unix_socket_has_no_address, 0, 2);
    tcase_add_loop_test(group, check_of_the_server_is_no_client, 0, 2);
    tcase_add_test(group, open_with_broken_values_ends_the_link);
    return group;
}

UNIT_MAIN("relay/stream/relay_proxy", sending, slowly, values)

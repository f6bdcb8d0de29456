/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_sweep: who is taken for silent, and who only waits or is slow.
 *
 * A server and an agent over a network in memory (memory_net.h). The clock and what the kernel would say of a socket
 * are the test's: what is queued in it, and for how long nobody has acknowledged it.
 */
#include "config.h"

#include "memory_net.h"
#include "unit.h"

#include "lib/clock.h"
#include "lib/pki.h"
#include "lib/sock.h"
#include "lib/tls.h"
#include "relay/plane_priv.h"
#include "relay/relay.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

enum { MUCH = 1 << 20, NARROW = 30000, HALF_CLOSE_S = 1000 };

static uint64_t skipped_us;
static int stalled_fd = -1; /* nobody acknowledges on it */
static size_t queued;       /* in every socket */

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + skipped_us;
}

unsigned __wrap_sock_stalled_ms(int fd);
unsigned __wrap_sock_stalled_ms(int fd) {
    return fd == stalled_fd ? 31000 : 0;
}

size_t __wrap_sock_unsent(int fd);
size_t __wrap_sock_unsent(int fd) {
    (void)fd;
    return queued;
}

struct world {
    struct loop *loop;
    struct plane *server, *agent;
    SSL_CTX *server_tls, *agent_tls;
    struct link_ref idle;
    int wire[2];     /* the planes' ends of the link: server, agent */
    int client, far; /* the test's ends */
    int idle_count, gone, back;
    enum relay_reason reason;
};

static void on_greeting(void *context, const struct greeting *greeting) {
    struct world *world = context;
    plane_accept(world->server, greeting->link, false, 1, "{}", "agent test", 0, 0);
}

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    (void)tag;
    world->idle = link;
    world->idle_count++;
}

static void on_gone(void *context, const struct link_end *end) {
    struct world *world = context;
    (void)end;
    world->gone++;
}

static void on_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    (void)link, (void)tag;
    ck_assert_int_eq(client->outcome, CLIENT_ENDED);
    world->back++;
    world->reason = client->reason;
    terms_release(client->terms);
    free(client);
}

static const struct plane_events server_events = {.on_greeting = on_greeting,
                                                  .on_idle = on_idle,
                                                  .on_gone = on_gone,
                                                  .on_client_back = on_client_back};
static const struct plane_events agent_events = {.on_greeting = NULL};

static void settle(struct world *world) {
    unit_run_rounds(loop_base(world->loop), 4);
}

static void carry_all(struct world *world) {
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < 2; i++)
            memory_carry(world->wire[i], MUCH);
        settle(world);
    }
}

/* Both ends of the client's and the destination's connections hear what is on its way to them. */
static void carry_plain(struct world *world) {
    int ends[] = {world->client, world->far};
    for (int i = 0; i < 4; i++) { /* there, and through the link, and out on the other side */
        memory_carry(memory_peer(ends[i % 2]), MUCH);
        memory_carry(ends[i % 2], MUCH);
        settle(world);
        carry_all(world);
    }
}

static void make_certificates(struct world *world) {
    static const char *const names[] = {"127.0.0.1"};
    struct error error = {""};
    struct pki_request ca = {.common_name = "test CA", .days = 2, .use = PKI_CA};
    struct pki_request server = {
        .common_name = "server", .names = names, .name_count = 1, .days = 2, .use = PKI_SERVER};
    const char *ca_pem = unit_path("ca.pem"), *ca_key = unit_path("ca.key");
    const char *pem = unit_path("server.pem"), *key = unit_path("server.key");
    ck_assert_msg(pki_make(&ca, NULL, NULL, ca_pem, ca_key, &error) == 0, "%s", error.text);
    ck_assert_msg(pki_make(&server, ca_pem, ca_key, pem, key, &error) == 0, "%s", error.text);
    struct tls_server_options server_options = {.certificate = pem, .key = key};
    struct tls_client_options client_options = {.ca = ca_pem};
    world->server_tls = tls_server_context(&server_options, &error);
    world->agent_tls = tls_client_context(&client_options, &error);
    ck_assert_msg(world->server_tls && world->agent_tls, "%s", error.text);
}

static void add_link(struct world *world) {
    struct addr peer;
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 1};
    ck_assert(addr_from_endpoint(&peer, &endpoint));
    struct dial_order order = {.address = peer,
                               .tls = world->agent_tls,
                               .server_name = "127.0.0.1",
                               .hello = "{\"a\":1}"};
    unsigned port;
    memory_connect_will(MEMORY_AT_ONCE);
    plane_dial(world->agent, &order);
    settle(world);
    world->wire[0] = memory_accepted(&port);
    ck_assert_int_ge(world->wire[0], 0);
    world->wire[1] = memory_peer(world->wire[0]);
    plane_adopt(world->server, world->wire[0], &peer, world->server_tls, 1, 0);
    for (int i = 0; i < 10; i++) { /* bufferevents of the greeting wait to be told that they may write */
        memory_wake_writer(world->wire[0]);
        memory_wake_writer(world->wire[1]);
        settle(world);
        carry_all(world);
    }
    ck_assert_int_eq(world->idle_count, 1);
}

/* A client that is being served. */
static void add_client(struct world *world, unsigned idle_timeout_s) {
    char *to[] = {(char[]){"127.0.0.1:1000"}};
    struct client *client = calloc(1, sizeof *client);
    int ends[2];
    unsigned port;
    ck_assert_ptr_nonnull(client);
    memory_pair(ends);
    world->client = ends[1];
    client->fd = ends[0];
    client->terms = terms_new(&(struct terms_plan){.service = "test",
                                                   .connect = to,
                                                   .connect_count = 1,
                                                   .idle_timeout_s = idle_timeout_s,
                                                   .half_close_timeout_s = HALF_CLOSE_S});
    client->attempt_ms = 10000;
    client->peer.storage.ss_family = AF_UNIX;
    client->peer.length = sizeof client->peer.storage.ss_family;
    plane_serve(world->server, world->idle, client);
    settle(world);
    carry_all(world);
    world->far = memory_accepted(&port);
    ck_assert_int_ge(world->far, 0);
    memory_send(world->far, "hello", 5);
    carry_plain(world);
    char got[8];
    ck_assert_uint_eq(memory_receive(world->client, got, sizeof got), 5);
}

static void begin_narrow(struct world *world, unsigned idle_timeout_s, size_t capacity) {
    struct error error = {""};
    *world = (struct world){.loop = loop_new("test")};
    ck_assert_ptr_nonnull(world->loop);
    memory_net_begin(loop_base(world->loop), capacity);
    make_certificates(world);
    struct plane_options options = {.threads = 1,
                                    .control = world->loop,
                                    .instance = "00112233445566778899aabbccddeeff",
                                    .greeting_ms = 5000,
                                    .events = &server_events,
                                    .context = world};
    world->server = plane_new(&options, &error);
    options.is_agent = true;
    options.events = &agent_events;
    world->agent = plane_new(&options, &error);
    ck_assert_msg(world->server && world->agent, "%s", error.text);
    add_link(world);
    add_client(world, idle_timeout_s);
}

static void begin(struct world *world, unsigned idle_timeout_s) {
    begin_narrow(world, idle_timeout_s, MUCH);
}

static void finish(struct world *world) {
    memory_close(world->client);
    memory_close(world->far);
    plane_free(world->server);
    plane_free(world->agent);
    ck_assert_int_eq(memory_open_ends(), 0);
    SSL_CTX_free(world->server_tls);
    SSL_CTX_free(world->agent_tls);
    loop_free(world->loop);
}

/* So much time goes by, and both ends look round as they do every two seconds. */
static void pass(struct world *world, unsigned seconds) {
    skipped_us += seconds * 1000000ull;
    relay_sweep_all(world->server->threads[0], clock_us(), true);
    relay_sweep_all(world->agent->threads[0], clock_us(), true);
    settle(world);
    carry_all(world);
    carry_plain(world);
}

static unsigned relays(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return (unsigned)counts.relays;
}

/* ---- the tests ---- */

/* The agent has 300 s of its own for what it finishes alone; while there is a link the server judges for both. */
START_TEST(a_half_close_may_last_as_long_as_the_service_says) {
    struct world world;
    begin(&world, 0);
    memory_finish(world.client);
    carry_plain(&world);
    ck_assert(memory_got_end(world.far));
    for (unsigned s = 0; s < HALF_CLOSE_S - 100; s += 100) {
        pass(&world, 100);
        ck_assert_uint_eq(relays(world.server), 1);
        ck_assert_uint_eq(relays(world.agent), 1);
    }
    pass(&world, 101);
    ck_assert_uint_eq(relays(world.server) + relays(world.agent), 0);
    ck_assert_int_eq(world.reason, REASON_HALF_CLOSE_TIMEOUT);
    ck_assert(memory_got_reset(world.client) && memory_got_reset(world.far));
    finish(&world);
}
END_TEST

/* What waits for it in the kernel becomes less, and nothing else tells that it is there. */
START_TEST(a_slow_reader_is_not_taken_for_silent) {
    struct world world;
    begin(&world, 60);
    queued = 1000000;
    for (int i = 0; i < 50; i++) {
        pass(&world, 35);
        ck_assert_msg(relays(world.server) == 1, "ended after %d looks", i);
        queued -= 1000;
    }
    for (int i = 0; i < 3; i++) /* now it reads no more */
        pass(&world, 35);
    ck_assert_uint_eq(relays(world.server) + relays(world.agent), 0);
    ck_assert_int_eq(world.reason, REASON_IDLE_TIMEOUT);
    finish(&world);
}
END_TEST

/* Its other end acknowledges nothing and says nothing, not even that it is gone. */
START_TEST(a_link_into_a_black_hole_ends_its_relay) {
    struct world world;
    begin(&world, 0);
    for (int i = 0; i < 10; i++) /* silence alone is no fault */
        pass(&world, 15);
    ck_assert_uint_eq(relays(world.server), 1);
    stalled_fd = world.wire[0];
    memory_send(world.client, "more", 4);
    memory_carry(memory_peer(world.client), MUCH);
    settle(&world);
    for (int i = 0; i < 3; i++)
        pass(&world, 15);
    ck_assert_uint_eq(relays(world.server) + relays(world.agent), 0);
    ck_assert_int_eq(world.reason, REASON_LINK_SILENT);
    ck_assert_int_eq(world.gone, 1);
    ck_assert(memory_got_reset(world.client) && memory_got_reset(world.far));
    finish(&world);
}
END_TEST

START_TEST(a_destination_in_a_black_hole_ends_its_relay_and_not_its_link) {
    struct world world;
    begin(&world, 0);
    stalled_fd = memory_peer(world.far);
    for (int i = 0; i < 3; i++)
        pass(&world, 15);
    ck_assert_uint_eq(relays(world.server) + relays(world.agent), 0);
    ck_assert_int_eq(world.reason, REASON_PEER_RESET);
    ck_assert_int_eq(world.gone, 0);
    ck_assert_int_eq(world.idle_count, 2); /* ready for the next */
    ck_assert(memory_got_reset(world.client));
    finish(&world);
}
END_TEST

/* ---- the end of a link with output queued ---- */

/* All of the client's stream is sent, as far as the relay knows, and half of it waits for room on the wire. */
static void queue_all(struct world *world, char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    memory_send(world->client, bytes, size);
    memory_finish(world->client);
    memory_carry(memory_peer(world->client), MUCH);
    settle(world);
}

/* Whatever the other side has done already: the beginning of the stream and a reset, never a clean end. */
static void assert_cut(struct world *world, const char *bytes, size_t size) {
    static char got[2 * NARROW];
    carry_plain(world);
    size_t length = memory_receive(world->far, got, sizeof got);
    ck_assert_uint_lt(length, size);
    ck_assert_int_eq(memcmp(got, bytes, length), 0);
    ck_assert(memory_got_reset(world->far));
}

START_TEST(a_polite_end_with_output_queued_does_not_look_whole) {
    static char bytes[2 * NARROW];
    struct world world;
    begin_narrow(&world, 0, NARROW);
    if (_i == 1) { /* the destination's own stream is over, so that both are, as far as the server knows */
        memory_finish(world.far);
        carry_plain(&world);
    }
    queue_all(&world, bytes, sizeof bytes);
    plane_close(world.server, world.idle, "enough", false);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    assert_cut(&world, bytes, sizeof bytes);
    ck_assert_uint_eq(relays(world.server) + relays(world.agent), 0);
    ck_assert_int_eq(world.back, 1);
    finish(&world);
}
END_TEST

static TCase *queued_output(void) {
    TCase *group = tcase_create("queued output");
    tcase_add_loop_test(group, a_polite_end_with_output_queued_does_not_look_whole, 0, 2);
    return group;
}

static TCase *silence(void) {
    TCase *group = tcase_create("silence");
    tcase_add_test(group, a_half_close_may_last_as_long_as_the_service_says);
    tcase_add_test(group, a_slow_reader_is_not_taken_for_silent);
    tcase_add_test(group, a_link_into_a_black_hole_ends_its_relay);
    tcase_add_test(group, a_destination_in_a_black_hole_ends_its_relay_and_not_its_link);
    return group;
}

UNIT_MAIN("relay/relay_sweep", silence, queued_output)

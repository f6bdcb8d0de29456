/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_timeouts: who is taken for silent, and who only waits or is slow.
 *
 * The clock and what the kernel would report of a socket are the test's: what is queued in it, and for how long it has
 * been unacknowledged.
 */
#include "config.h"

#include "relay_world.h"

#include "lib/base/clock.h"

#include <string.h>

enum { PORT = 1000, NARROW = 15000, HALF_CLOSE_S = 1000, WINDOW = MUX_WINDOW_SHARED, PART = 1000, PARTS = 30 };

static uint64_t skipped_us;
static evutil_socket_t stalled_fd = -1; /* its peer acknowledges nothing */
static size_t queued;                   /* in every socket, or in `queued_fd` alone */
static evutil_socket_t queued_fd = -1;

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + skipped_us;
}

unsigned __wrap_sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall);
unsigned __wrap_sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall) {
    (void)stall;
    return fd == stalled_fd ? 31000 : 0;
}

size_t __wrap_sock_unsent(evutil_socket_t fd);
size_t __wrap_sock_unsent(evutil_socket_t fd) {
    return queued_fd < 0 || fd == queued_fd ? queued : 0;
}

static struct relay_world world;
static struct world_client client;

/* A client that is being served. */
static void begin(unsigned idle_timeout_s, size_t capacity) {
    const struct service_terms_plan plan = {.idle_timeout_s = idle_timeout_s, .half_close_timeout_s = HALF_CLOSE_S};
    world_begin(&world, capacity, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_accept(&client);
    memory_send(client.far, "hello", 5);
    world_settle(&world, &client);
    world_expect(client.end, "hello");
}

static void finish(void) {
    world_settle(&world, &client);
    ck_assert_uint_eq(world_relays(&world, SERVER) + world_relays(&world, AGENT), 0);
    world_close(&client);
    world_end(&world);
}

/* So much time goes by, and both ends look round as they do every two seconds: the agent first, whose news is there
 * when the server judges. */
static void pass(unsigned seconds) {
    skipped_us += seconds * 1000000ull;
    for (int which = AGENT; which >= SERVER; which--) {
        relay_sweep_all(world.threads[which], clock_us(), true);
        mux_sweep(world.sessions[which]->mux, clock_us());
        world_step(&world, 4);
    }
}

static void pass_with_all(unsigned seconds) {
    pass(seconds);
    world_settle(&world, &client);
}

static void expect_end(enum relay_reason reason, const char *by) {
    ck_assert_uint_eq(client.back, 1);
    ck_assert_int_eq(client.outcome, CLIENT_ENDED);
    ck_assert_str_eq(reason_text(client.reason), reason_text(reason));
    ck_assert_str_eq(world.records[SERVER].by, by);
    finish();
}

static void expect_timeout(unsigned seconds, enum relay_reason reason) {
    ck_assert_uint_eq(client.back, 0);
    pass(seconds);
    pass(seconds);
    expect_end(reason, "server");
}

/* ---- the limits ---- */

START_TEST(a_half_close_may_last_as_long_as_the_service_says) {
    begin(0, MUCH);
    memory_finish(client.end);
    world_settle(&world, &client);
    ck_assert(memory_got_end(client.far));
    pass_with_all(1); /* the agent acknowledges the end */
    for (unsigned s = 0; s < HALF_CLOSE_S - 100; s += 100) {
        pass_with_all(100);
        ck_assert_uint_eq(world_relays(&world, SERVER), 1);
        ck_assert_uint_eq(world_relays(&world, AGENT), 1);
    }
    pass_with_all(101);
    ck_assert(memory_got_reset(client.end) && memory_got_reset(client.far));
    expect_end(REASON_HALF_CLOSE_TIMEOUT, "server");
}
END_TEST

START_TEST(a_relay_without_limits_lasts) {
    begin(0, MUCH);
    for (int i = 0; i < 20; i++)
        pass_with_all(100000);
    ck_assert_uint_eq(world_relays(&world, SERVER), 1);
    memory_reset(client.far);
    world_settle(&world, &client);
    expect_end(REASON_PEER_RESET, "agent");
}
END_TEST

START_TEST(an_idle_relay_is_ended) {
    begin(60, MUCH);
    pass_with_all(59);
    expect_timeout(2, REASON_IDLE_TIMEOUT);
}
END_TEST

START_TEST(a_byte_in_either_direction_is_progress) {
    begin(60, MUCH);
    for (int i = 0; i < 10; i++) {
        memory_send(i % 2 ? client.end : client.far, "x", 1);
        world_settle(&world, &client);
        pass_with_all(50);
    }
    expect_timeout(60, REASON_IDLE_TIMEOUT);
}
END_TEST

START_TEST(a_relay_is_not_idle_while_its_stream_is_suspended) {
    begin(10, MUCH);
    wire_lose(&world.pair.wires[0]);
    for (int i = 0; i < 4; i++)
        pass(7);
    pair_add_wire(&world.pair, false);
    world_settle(&world, &client);
    pass_with_all(9);
    expect_timeout(10, REASON_IDLE_TIMEOUT);
}
END_TEST

/* ---- slow readers ---- */

/* What waits for it in the kernel becomes less, and nothing else shows that it is there. */
START_TEST(a_slow_client_is_not_taken_for_silent) {
    begin(60, MUCH);
    queued = 1000000;
    for (int i = 0; i < 50; i++) {
        pass_with_all(35);
        ck_assert_msg(client.back == 0, "ended after %d looks", i);
        queued -= 1000;
    }
    pass(35);
    pass(35);
    expect_timeout(35, REASON_IDLE_TIMEOUT);
    queued = 0;
}
END_TEST

/* Only its agent can see that its kernel's queue becomes shorter. */
START_TEST(a_destination_that_takes_what_its_kernel_has_is_not_taken_for_idle) {
    begin(60, MUCH);
    queued_fd = memory_peer(client.far);
    queued = 1000000;
    world_client_say(&client, "x");
    world_settle(&world, &client);
    for (int i = 0; i < PARTS; i++) {
        pass(40);
        ck_assert_msg(client.back == 0, "ended after %d looks", i);
        queued -= 1000;
    }
    pass(40);
    expect_timeout(60, REASON_IDLE_TIMEOUT); /* now it reads no more */
    queued_fd = -1;
    queued = 0;
}
END_TEST

/* Nothing of it is in the agent's kernel, and the server cannot send more. */
static void send_long(bool and_end) {
    static char bytes[WINDOW];
    memory_send(client.end, bytes, sizeof bytes);
    if (and_end)
        memory_finish(client.end);
    for (int i = 0; i < 20; i++) {
        memory_carry(memory_peer(client.end), MUCH);
        world_step(&world, 2);
    }
    memory_carry(client.far, MUCH);
}

static void take_part(unsigned seconds) {
    char bytes[PART];
    ck_assert_uint_eq(memory_receive(client.far, bytes, sizeof bytes), sizeof bytes);
    memory_carry(client.far, PART);
    world_step(&world, 2);
    pass(seconds);
}

START_TEST(a_destination_that_reads_slowly_is_not_taken_for_an_idle_client) {
    begin(60, NARROW);
    send_long(false);
    for (int i = 0; i < PARTS; i++) {
        take_part(40);
        ck_assert_msg(client.back == 0, "ended after %d parts", i);
    }
    expect_timeout(60, REASON_IDLE_TIMEOUT); /* now it reads no more */
}
END_TEST

/* Both directions have ended at the server; it waits until the destination has all. */
START_TEST(the_end_waits_as_long_as_the_destination_reads) {
    begin(0, NARROW);
    memory_finish(client.far);
    world_settle(&world, &client);
    send_long(true);
    ck_assert_int_eq(world.threads[SERVER]->relays->pump.socket.fd, -1);
    for (int i = 0; i < PARTS; i++) {
        take_part(HALF_CLOSE_S - 300);
        ck_assert_msg(client.back == 0, "ended after %d parts", i);
    }
    expect_timeout(HALF_CLOSE_S, REASON_HALF_CLOSE_TIMEOUT); /* now it reads no more */
}
END_TEST

/* The server has sent all that it may, and the link takes it frame by frame. */
START_TEST(a_slow_link_is_not_taken_for_an_idle_client) {
    static char bytes[WINDOW];
    begin(60, MUCH);
    world.pair.wires[0].step = 1;
    memory_send(client.end, bytes, sizeof bytes);
    memory_carry(memory_peer(client.end), MUCH);
    event_base_loop(loop_base(world.loop), EVLOOP_NONBLOCK);
    event_base_loop(loop_base(world.loop), EVLOOP_NONBLOCK);
    while (evbuffer_get_length(world.pair.wires[0].ends[AGENT].in) > 0) {
        world.pair.wires[0].ends[AGENT].is_stuck = true;
        pass(40);
        ck_assert_uint_eq(client.back, 0);
        world.pair.wires[0].ends[AGENT].is_stuck = false;
        world_step(&world, 1);
    }
    expect_timeout(60, REASON_IDLE_TIMEOUT);
}
END_TEST

/* ---- black holes ---- */

START_TEST(a_peer_that_acknowledges_nothing_ends_its_relay) {
    begin(0, MUCH);
    stalled_fd = _i ? memory_peer(client.far) : memory_peer(client.end);
    for (int i = 0; i < 3; i++)
        pass_with_all(15);
    ck_assert(memory_got_reset(client.end) && memory_got_reset(client.far));
    ck_assert_int_eq(world.records[_i ? AGENT : SERVER].reason, REASON_STALLED);
    ck_assert_str_eq(world.records[_i ? AGENT : SERVER].by, _i ? "destination" : "client");
    stalled_fd = -1;
    expect_end(_i ? REASON_PEER_RESET : REASON_STALLED, _i ? "agent" : "client");
}
END_TEST

static TCase *limits(void) {
    TCase *group = tcase_create("limits");
    tcase_add_test(group, a_half_close_may_last_as_long_as_the_service_says);
    tcase_add_test(group, a_relay_without_limits_lasts);
    tcase_add_test(group, an_idle_relay_is_ended);
    tcase_add_test(group, a_byte_in_either_direction_is_progress);
    tcase_add_test(group, a_relay_is_not_idle_while_its_stream_is_suspended);
    return group;
}

static TCase *slow(void) {
    TCase *group = tcase_create("slow");
    tcase_add_test(group, a_slow_client_is_not_taken_for_silent);
    tcase_add_test(group, a_destination_that_takes_what_its_kernel_has_is_not_taken_for_idle);
    tcase_add_test(group, a_destination_that_reads_slowly_is_not_taken_for_an_idle_client);
    tcase_add_test(group, the_end_waits_as_long_as_the_destination_reads);
    tcase_add_test(group, a_slow_link_is_not_taken_for_an_idle_client);
    return group;
}

static TCase *black_holes(void) {
    TCase *group = tcase_create("black holes");
    tcase_add_loop_test(group, a_peer_that_acknowledges_nothing_ends_its_relay, 0, 2);
    return group;
}

UNIT_MAIN("relay/stream/timeouts", limits, slow, black_holes)

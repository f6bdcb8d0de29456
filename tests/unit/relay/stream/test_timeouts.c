/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_timeouts: who is taken for silent, and who only waits or is slow.
 *
 * A server and an agent over a network in memory (memory_net.h). The clock and what the kernel would say of a socket
 * are the test's: what is queued in it, and for how long it has been unacknowledged.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "relay/stream/relay.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

enum { NARROW = 30000, HALF_CLOSE_S = 1000 };

static uint64_t skipped_us;
static int stalled_fd = -1; /* its peer acknowledges nothing */
static size_t queued;       /* in every socket, or in `queued_fd` alone */
static int queued_fd = -1;

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + skipped_us;
}

unsigned __wrap_sock_stalled_ms(int fd, struct sock_stall *stall);
unsigned __wrap_sock_stalled_ms(int fd, struct sock_stall *stall) {
    (void)stall;
    return fd == stalled_fd ? 31000 : 0;
}

size_t __wrap_sock_unsent(int fd);
size_t __wrap_sock_unsent(int fd) {
    return queued_fd < 0 || fd == queued_fd ? queued : 0;
}

struct world {
    struct two_planes planes;
    struct link_ref idle;
    int client, far; /* the test's ends */
    int idle_count, gone, back;
    enum relay_reason reason;
};

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
    service_terms_release(client->terms);
    free(client);
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_idle = on_idle,
                                                  .on_gone = on_gone,
                                                  .on_client_back = on_client_back};
static const struct plane_events agent_events = {.on_greeting = NULL};

static void settle(struct world *world) {
    two_planes_settle(&world->planes);
}

static void carry_all(struct world *world) {
    two_planes_carry_all(&world->planes);
}

/* Both ends of the client's and the destination's connections get what is on its way to them. */
static void carry_plain(struct world *world) {
    int ends[] = {world->client, world->far};
    for (int i = 0; i < 4; i++) { /* there, and through the link, and out on the other side */
        memory_carry(memory_peer(ends[i % 2]), MUCH);
        memory_carry(ends[i % 2], MUCH);
        settle(world);
        carry_all(world);
    }
}

/* A client that is being served. */
static void add_client(struct world *world, unsigned idle_timeout_s) {
    struct service_terms_plan plan = {.idle_timeout_s = idle_timeout_s, .half_close_timeout_s = HALF_CLOSE_S};
    struct client *client = two_planes_client(&plan, "127.0.0.1:1000", &world->client);
    plane_serve(world->planes.server, world->idle, client);
    settle(world);
    carry_all(world);
    world->far = two_planes_accepted();
    memory_send(world->far, "hello", 5);
    carry_plain(world);
    char got[8];
    ck_assert_uint_eq(memory_receive(world->client, got, sizeof got), 5);
}

static void begin_narrow(struct world *world, unsigned idle_timeout_s, size_t capacity) {
    *world = (struct world){.gone = 0};
    two_planes_begin(&world->planes, world, capacity, &server_events, &agent_events);
    two_planes_add_link(&world->planes);
    ck_assert_int_eq(world->idle_count, 1);
    add_client(world, idle_timeout_s);
}

static void begin(struct world *world, unsigned idle_timeout_s) {
    begin_narrow(world, idle_timeout_s, MUCH);
}

static void finish(struct world *world) {
    memory_close(world->client);
    memory_close(world->far);
    two_planes_finish(&world->planes);
}

/* So much time goes by, and both ends look round as they do every two seconds. */
static void pass(struct world *world, unsigned seconds) {
    skipped_us += seconds * 1000000ull;
    relay_sweep_all(world->planes.server->threads[0], clock_us(), true);
    relay_sweep_all(world->planes.agent->threads[0], clock_us(), true);
    settle(world);
    carry_all(world);
    carry_plain(world);
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
        ck_assert_uint_eq(two_planes_relays(world.planes.server), 1);
        ck_assert_uint_eq(two_planes_relays(world.planes.agent), 1);
    }
    pass(&world, 101);
    ck_assert_uint_eq(two_planes_relays(world.planes.server) + two_planes_relays(world.planes.agent), 0);
    ck_assert_int_eq(world.reason, REASON_HALF_CLOSE_TIMEOUT);
    ck_assert(memory_got_reset(world.client) && memory_got_reset(world.far));
    finish(&world);
}
END_TEST

/* What waits for it in the kernel becomes less, and nothing else shows that it is there. */
START_TEST(a_slow_reader_is_not_taken_for_silent) {
    struct world world;
    begin(&world, 60);
    queued = 1000000;
    for (int i = 0; i < 50; i++) {
        pass(&world, 35);
        ck_assert_msg(two_planes_relays(world.planes.server) == 1, "ended after %d looks", i);
        queued -= 1000;
    }
    for (int i = 0; i < 3; i++) /* now it reads no more */
        pass(&world, 35);
    ck_assert_uint_eq(two_planes_relays(world.planes.server) + two_planes_relays(world.planes.agent), 0);
    ck_assert_int_eq(world.reason, REASON_IDLE_TIMEOUT);
    finish(&world);
}
END_TEST

/* Between the server, which has sent all, and the reader: more than the sockets of the test's ends hold. */
enum { LONG = 3 * NARROW, PART = 1000, PARTS = 30 };

/* The server has passed on everything that the client sent; most of it waits at the agent. */
static void send_long(struct world *world, bool and_end) {
    static char bytes[LONG];
    memory_send(world->client, bytes, sizeof bytes);
    if (and_end)
        memory_finish(world->client);
    for (int i = 0; i < 20; i++) {
        memory_carry(memory_peer(world->client), MUCH);
        settle(world);
        carry_all(world);
    }
    memory_carry(world->far, MUCH);
}

/* The destination takes a part: `seconds` later its agent, and then its server, see what became of that. */
static void take_part(struct world *world, unsigned seconds) {
    char bytes[PART];
    skipped_us += seconds * 1000000ull;
    ck_assert_uint_eq(memory_receive(world->far, bytes, sizeof bytes), sizeof bytes);
    memory_carry(world->far, PART);
    settle(world);
    relay_sweep_all(world->planes.agent->threads[0], clock_us(), true);
    settle(world);
    carry_all(world);
    relay_sweep_all(world->planes.server->threads[0], clock_us(), true);
    if (world->planes.server->threads[0]->slots[0])
        link_sweep(world->planes.server->threads[0]->slots[0], clock_us());
    settle(world);
}

static void expect_idle_timeout(struct world *world, unsigned seconds) {
    pass(world, seconds);
    pass(world, seconds);
    ck_assert_int_eq(world->back, 1);
    ck_assert_int_eq(world->reason, REASON_IDLE_TIMEOUT);
}

START_TEST(a_destination_that_reads_slowly_is_not_taken_for_an_idle_client) {
    struct world world;
    begin_narrow(&world, 60, NARROW);
    send_long(&world, false);
    for (int i = 0; i < PARTS; i++) {
        take_part(&world, 40);
        ck_assert_msg(world.back == 0, "ended after %d parts", i);
    }
    expect_idle_timeout(&world, 60); /* now it reads no more */
    finish(&world);
}
END_TEST

/* The client's end is behind it, and the relay over for the server: its link waits for IDLE. */
START_TEST(a_link_waits_for_IDLE_as_long_as_the_destination_reads) {
    struct world world;
    begin_narrow(&world, 0, NARROW);
    memory_finish(world.far);
    carry_plain(&world);
    send_long(&world, true);
    ck_assert_int_eq(world.back, 1);
    ck_assert_int_eq(world.reason, REASON_DONE);
    for (int i = 0; i < PARTS; i++) {
        take_part(&world, HALF_CLOSE_S - 300);
        ck_assert_msg(world.gone == 0, "closed after %d parts", i);
    }
    skipped_us += HALF_CLOSE_S * 1000000ull; /* now it reads no more */
    link_sweep(world.planes.server->threads[0]->slots[0], clock_us());
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

START_TEST(a_slow_link_is_not_taken_for_an_idle_client) {
    struct world world;
    begin(&world, 60);
    queued_fd = world.planes.wires[0].server;
    queued = 1000;
    for (int i = 0; i < PARTS; i++) {
        pass(&world, 40);
        ck_assert_msg(world.back == 0, "ended after %d looks", i);
        queued -= 10;
    }
    expect_idle_timeout(&world, 60);
    finish(&world);
}
END_TEST

static bool relays_are_over(void *context) {
    struct world *world = context;
    return two_planes_relays(world->planes.server) + two_planes_relays(world->planes.agent) == 0;
}

/* Its other end acknowledges nothing and sends nothing, no reset either. */
START_TEST(a_link_into_a_black_hole_ends_its_relay) {
    struct world world;
    begin(&world, 0);
    for (int i = 0; i < 10; i++) /* silence alone is no fault */
        pass(&world, 15);
    ck_assert_uint_eq(two_planes_relays(world.planes.server), 1);
    stalled_fd = world.planes.wires[0].server;
    memory_send(world.client, "more", 4);
    memory_carry(memory_peer(world.client), MUCH);
    settle(&world);
    for (int i = 0; i < 3; i++)
        pass(&world, 15);
    /* the agent looks a little later whether a reset stands behind what it has read */
    ck_assert(unit_run_until(loop_base(world.planes.loop), relays_are_over, &world, 3000));
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
    ck_assert_uint_eq(two_planes_relays(world.planes.server) + two_planes_relays(world.planes.agent), 0);
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
    queue_all(&world, bytes, sizeof bytes);
    plane_close(world.planes.server, world.idle, "enough", false);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    assert_cut(&world, bytes, sizeof bytes);
    ck_assert_uint_eq(two_planes_relays(world.planes.server) + two_planes_relays(world.planes.agent), 0);
    ck_assert_int_eq(world.back, 1);
    finish(&world);
}
END_TEST

static TCase *queued_output(void) {
    TCase *group = tcase_create("queued output");
    tcase_add_test(group, a_polite_end_with_output_queued_does_not_look_whole);
    return group;
}

static TCase *silence(void) {
    TCase *group = tcase_create("silence");
    tcase_add_test(group, a_half_close_may_last_as_long_as_the_service_says);
    tcase_add_test(group, a_slow_reader_is_not_taken_for_silent);
    tcase_add_test(group, a_destination_that_reads_slowly_is_not_taken_for_an_idle_client);
    tcase_add_test(group, a_link_waits_for_IDLE_as_long_as_the_destination_reads);
    tcase_add_test(group, a_slow_link_is_not_taken_for_an_idle_client);
    tcase_add_test(group, a_link_into_a_black_hole_ends_its_relay);
    tcase_add_test(group, a_destination_in_a_black_hole_ends_its_relay_and_not_its_link);
    return group;
}

UNIT_MAIN("relay/stream/timeouts", silence, queued_output)

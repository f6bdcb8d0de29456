/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_control: a control link (control.c, events.c) whose other end sends too much, too fast, or does not read. Both
 * ends are protected alike, so each test runs with the server and with the agent as the one that is flooded.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 2 * MUCH, BIG = 60000, FLOODED_SERVER = 0, FLOODED_AGENT = 1, ROUNDS = 5000, BEHIND = 2 * 65536 };

/* Time stands, so that a slow machine makes no second of two. */
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return 1000000000;
}

static void (*note_taken)(struct link *link, size_t length); /* what a message calls once it was delivered */

bool __real_plane_event_control(struct link *link, const uint8_t *text, size_t length,
                                void (*on_taken)(struct link *link, size_t length));
bool __wrap_plane_event_control(struct link *link, const uint8_t *text, size_t length,
                                void (*on_taken)(struct link *link, size_t length));
bool __wrap_plane_event_control(struct link *link, const uint8_t *text, size_t length,
                                void (*on_taken)(struct link *link, size_t length)) {
    note_taken = on_taken;
    return __real_plane_event_control(link, text, length, on_taken);
}

struct side {
    struct plane *plane;
    struct link_ref link;
    struct link_end end;
    evutil_socket_t fd;
    unsigned received, gone;
};

static struct world {
    struct two_planes planes;
    struct side sides[2], *flooded, *flooding;
} world;

static struct link *link_of(const struct side *side) {
    return relay_thread_find(side->plane->threads[0], side->link);
}

/* ---- events ---- */

static void on_server_greeting(void *context, const struct greeting *greeting) {
    world.sides[FLOODED_SERVER].link = greeting->link;
    two_planes_on_greeting(context, greeting);
}

static void on_agent_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    world.sides[FLOODED_AGENT].link = greeting->link;
    plane_accept_control(world.planes.agent, greeting->link, 1, NULL, "server test", 0, 0);
}

static void on_control(void *context, struct link_ref link, uint64_t tag, const char *text, size_t length) {
    (void)context, (void)link, (void)tag, (void)text, (void)length;
    world.flooded->received++;
}

static void on_gone(struct side *side, const struct link_end *end) {
    side->gone++;
    side->end = *end;
}

static void on_server_gone(void *context, const struct link_end *end) {
    (void)context;
    on_gone(&world.sides[FLOODED_SERVER], end);
}

static void on_agent_gone(void *context, const struct link_end *end) {
    (void)context;
    on_gone(&world.sides[FLOODED_AGENT], end);
}

static const struct plane_events server_events = {.on_greeting = on_server_greeting,
                                                  .on_control = on_control,
                                                  .on_gone = on_server_gone};
static const struct plane_events agent_events = {.on_greeting = on_agent_greeting,
                                                 .on_control = on_control,
                                                 .on_gone = on_agent_gone};

/* ---- the world ---- */

static void begin(int flooded, size_t capacity) {
    memset(&world, 0, sizeof world);
    two_planes_begin(&world.planes, &world, capacity, &server_events, &agent_events);
    world.sides[FLOODED_SERVER].plane = world.planes.server;
    world.sides[FLOODED_AGENT].plane = world.planes.agent;
    two_planes_add_control(&world.planes);
    world.flooded = &world.sides[flooded];
    world.flooding = &world.sides[1 - flooded];
    ck_assert_ptr_nonnull(link_of(world.flooded));
    ck_assert_ptr_nonnull(link_of(world.flooding));
}

static void finish(void) {
    two_planes_finish(&world.planes);
}

/* A bufferevent reads and writes a little at each event: it takes the kernel's for level-triggered. */
static void carry_all(unsigned until_received) {
    for (int i = 0; i < ROUNDS && world.flooded->received < until_received && world.flooded->gone == 0; i++) {
        const evutil_socket_t ends[] = {world.planes.wires[0].server, world.planes.wires[0].agent};
        for (int k = 0; k < 2 && world.flooded->gone == 0; k++) {
            memory_wake_writer(ends[k]);
            two_planes_settle(&world.planes);
            memory_carry(ends[k], MUCH);
            two_planes_settle(&world.planes);
        }
    }
}

static void send_messages(size_t length, unsigned times) {
    char *text = malloc(length + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'a', length);
    text[length] = '\0';
    while (times-- > 0)
        plane_send_control(world.flooding->plane, world.flooding->link, text);
    free(text);
    two_planes_settle(&world.planes);
}

static void expect_gone(const struct side *side, const char *why) {
    ck_assert_uint_eq(side->gone, 1);
    ck_assert(side->end.misbehaved);
    ck_assert_msg(strstr(side->end.detail, why), "%s", side->end.detail);
}

/* ---- tests ---- */

START_TEST(big_messages_are_limited_by_their_bytes) {
    begin(_i, CAPACITY);
    send_messages(BIG, 4);
    carry_all(4);
    ck_assert_uint_eq(world.flooded->received, 4);
    ck_assert_uint_eq(world.flooded->gone, 0);
    send_messages(BIG, 1);
    carry_all(5);
    ck_assert_uint_eq(world.flooded->received, 4);
    expect_gone(world.flooded, "more than 256 KiB in one second");
    finish();
}
END_TEST

START_TEST(small_messages_are_limited_by_their_number) {
    begin(_i, CAPACITY);
    send_messages(10, 1000);
    carry_all(1000);
    ck_assert_uint_eq(world.flooded->received, 1000);
    send_messages(10, 1);
    carry_all(1001);
    expect_gone(world.flooded, "more than 1000 in one second");
    finish();
}
END_TEST

/* Two of the longest messages are still on their way to it. */
START_TEST(a_control_plane_that_is_behind_is_not_sent_more) {
    begin(_i, CAPACITY);
    struct link *link = link_of(world.flooded);
    send_messages(10, 1);
    carry_all(1);
    link->undelivered = BEHIND;
    send_messages(BIG, 4);
    carry_all(2);
    ck_assert_uint_eq(world.flooded->received, 1);
    ck_assert_uint_eq(world.flooded->gone, 0);
    note_taken(link, BEHIND);
    carry_all(5);
    two_planes_settle(&world.planes);
    ck_assert_uint_eq(world.flooded->received, 5); /* later, but all of them */
    ck_assert_uint_eq(link->undelivered, 0);
    finish();
}
END_TEST

START_TEST(answers_to_a_peer_that_does_not_read_are_bounded) {
    begin(_i, 4096);
    send_messages(BIG, 4);
    two_planes_settle(&world.planes);
    ck_assert_uint_eq(world.flooding->gone, 0);
    send_messages(BIG, 3);
    ck_assert_uint_eq(world.flooding->gone, 1);
    ck_assert_msg(strstr(world.flooding->end.detail, "does not read"), "%s", world.flooding->end.detail);
    finish();
}
END_TEST

/* ---- streams ---- */

START_TEST(a_control_link_carries_no_stream) {
    static const uint8_t headers[][FRAME_HEADER] = {{FRAME_CONTROL, 0, 0, 2, 0, 0, 0, 1}, {FRAME_DATA, 0, 0, 5}};
    for (int i = 0; i < 2; i++) { /* whose payload never comes */
        begin(_i, CAPACITY);
        evbuffer_add(bufferevent_get_output(link_of(world.flooding)->stream), headers[i], FRAME_HEADER);
        carry_all(1);
        expect_gone(world.flooded, "malformed frame");
        finish();
    }
}
END_TEST

static TCase *streams(void) {
    TCase *group = tcase_create("streams");
    tcase_add_loop_test(group, a_control_link_carries_no_stream, 0, 2);
    return group;
}

static TCase *floods(void) {
    TCase *group = tcase_create("floods");
    tcase_add_loop_test(group, big_messages_are_limited_by_their_bytes, 0, 2);
    tcase_add_loop_test(group, small_messages_are_limited_by_their_number, 0, 2);
    tcase_add_loop_test(group, a_control_plane_that_is_behind_is_not_sent_more, 0, 2);
    tcase_add_loop_test(group, answers_to_a_peer_that_does_not_read_are_bounded, 0, 2);
    return group;
}

UNIT_MAIN("relay/link/control", floods, streams)

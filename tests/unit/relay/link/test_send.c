/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_send: a link that the kernel takes no more from, on a long way and on a short one, over a network in memory
 * that does not report at once that it has room again.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "lib/tls/tls.h"
#include "relay/link/bio.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <string.h>

enum { CAPACITY = 1 << 16, SOON_MS = 2000, NEVER_MS = 150, FRAMES = 5000 };

static unsigned round_trip_us, questions;

unsigned __wrap_sock_round_trip_us(evutil_socket_t fd);
unsigned __wrap_sock_round_trip_us(evutil_socket_t fd) {
    (void)fd;
    questions++;
    return round_trip_us;
}

static struct world {
    struct two_planes planes;
    struct link *link;   /* the agent's */
    evutil_socket_t far; /* the server's end of it */
} world;

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting};
static const struct plane_events agent_events = {.on_greeting = NULL};

static struct link *only_link(const struct plane *plane) {
    struct relay_thread *thread = plane->threads[0];
    ck_assert(thread->slot_count > 0 && thread->slots[0]);
    return thread->slots[0];
}

static void begin(unsigned trip_us) {
    two_planes_begin(&world.planes, &world, CAPACITY, &server_events, &agent_events);
    two_planes_add_link(&world.planes);
    world.link = only_link(world.planes.agent);
    world.far = world.planes.wires[0].server;
    round_trip_us = trip_us;
    questions = 0;
}

static void finish(void) {
    two_planes_carry_all(&world.planes);
    two_planes_finish(&world.planes);
}

/* Frames without an answer. */
static void send_much(void) {
    uint8_t frame[FRAME_HEADER + FRAME_PING_SIZE] = {0};
    frame_write_header(frame, FRAME_PONG, 0, FRAME_PING_SIZE);
    for (int i = 0; i < FRAMES; i++)
        link_data_write(world.link, frame, sizeof frame);
    link_data_flush_written(world.link);
}

static size_t parked(void) {
    return link_bio_parked(world.link->bio);
}

/* Room for as much as is on its way; the sender gets the edge with what arrives next, and nothing does. */
static void make_room(void) {
    memory_carry(world.far, CAPACITY);
}

static bool has_less(void *context) {
    return parked() < *(size_t *)context;
}

static bool is_tired(void *context) {
    (void)context;
    return world.link->write_retries > 0 && !world.link->write_retry.previous;
}

static bool less_is_parked(size_t than, unsigned ms) {
    return unit_run_until(loop_base(world.planes.loop), has_less, &than, ms);
}

START_TEST(a_full_link_tries_again_on_a_long_way) {
    begin(50000);
    send_much();
    for (size_t before = parked(); before > 0; before = parked()) {
        make_room();
        ck_assert(less_is_parked(before, SOON_MS));
    }
    ck_assert_uint_eq(questions, 1);
    finish();
}
END_TEST

START_TEST(a_full_link_waits_to_be_told_on_a_short_way) {
    begin(500);
    send_much();
    size_t before = parked();
    ck_assert_uint_gt(before, 0);
    make_room();
    ck_assert(!less_is_parked(before, NEVER_MS));
    finish();
}
END_TEST

/* A peer that reads nothing costs sixteen retries; after them its link waits for the edge. */
START_TEST(tries_in_vain_come_to_an_end) {
    begin(50000);
    send_much();
    size_t before = parked();
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_tired, NULL, SOON_MS));
    ck_assert_uint_le(world.link->write_retries, 16);
    make_room();
    ck_assert(!less_is_parked(before, NEVER_MS));
    make_room(); /* with the edge for the sender */
    ck_assert(less_is_parked(before, SOON_MS));
    for (before = parked(); before > 0; before = parked()) { /* and it goes on as before */
        make_room();
        ck_assert(less_is_parked(before, SOON_MS));
    }
    finish();
}
END_TEST

START_TEST(a_link_that_closes_tries_no_more) {
    begin(50000);
    send_much();
    ck_assert_uint_gt(parked(), 0);
    link_close(world.link, LINK_CLOSE_RESET, REASON_STOPPED, "enough");
    two_planes_settle(&world.planes);
    ck_assert_ptr_null(world.planes.agent->threads[0]->slots[0]);
    ck_assert_ptr_null(world.planes.agent->threads[0]->write_retries.first);
    finish();
}
END_TEST

/* ---- keys ---- */

static bool server_is_open(void) {
    return world.planes.server->threads[0]->slots[0];
}

/* OpenSSL takes itself to be in a handshake from then on until the change is sent. */
START_TEST(a_link_outlives_its_key) {
    begin(0);
    struct link *servers = only_link(world.planes.server), *both[] = {world.link, servers};
    for (int i = 0; i < 2; i++) {
        both[i]->records = TLS_RECORDS_PER_KEY;
        for (int round = 0; round < 3; round++) {
            link_data_send_frame(both[i], FRAME_PONG, "12345678", 8);
            ck_assert(!both[i]->broken);
            two_planes_carry_all(&world.planes);
            ck_assert(server_is_open());
        }
        ck_assert_uint_lt(both[i]->records, 10);
    }
    finish();
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_test(group, a_link_outlives_its_key);
    return group;
}

static TCase *full(void) {
    TCase *group = tcase_create("full");
    tcase_add_test(group, a_full_link_tries_again_on_a_long_way);
    tcase_add_test(group, a_full_link_waits_to_be_told_on_a_short_way);
    tcase_add_test(group, tries_in_vain_come_to_an_end);
    tcase_add_test(group, a_link_that_closes_tries_no_more);
    return group;
}

UNIT_MAIN("relay/link/send", full, keys)

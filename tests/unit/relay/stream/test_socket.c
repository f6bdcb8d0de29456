/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_socket: the plain side of a relay (socket.c, socket_write.c) over real TCP connections: no edge is lost, no
 * byte, and no reset.
 */
#include "config.h"

#include "relay/stream/socket.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/net/socket_types.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

enum { SOON_MS = 3000, ROUNDS = 20, RECHECK_US = 1000, MANY = 8 << 20, PIECE = 100000 };

static struct world {
    struct event_base *base;
    struct defer_queue again, rechecks;
    struct stream_socket socket;
    evutil_socket_t there; /* the peer's end */
    uint8_t bytes[PIECE];
    int readable, flushed, broken;
    size_t received;
    bool reads_at_once, got_end;
} world;

static void read_once(void) {
    size_t taken = 0;
    struct iovec parts[] = {{world.bytes, 10}, {world.bytes + 10, sizeof world.bytes - 10}};
    enum stream_socket_read found = stream_socket_read(&world.socket, parts, 2, &taken);
    ck_assert_int_ne(found, STREAM_SOCKET_BROKEN);
    world.received += taken;
    world.got_end |= found == STREAM_SOCKET_END || found == STREAM_SOCKET_DATA_AND_END;
}

static void on_readable(struct stream_socket *socket) {
    ck_assert_ptr_eq(socket, &world.socket);
    world.readable++;
    if (world.reads_at_once)
        read_once();
}

static void on_flushed(struct stream_socket *socket) {
    ck_assert_ptr_eq(socket, &world.socket);
    world.flushed++;
}

static void on_broken(struct stream_socket *socket) {
    ck_assert_ptr_eq(socket, &world.socket);
    world.broken++;
}

static const struct stream_socket_events events = {on_readable, on_flushed, on_broken, NULL, NULL};

static void set_up(void) {
    evutil_socket_t here = -1;
    world = (struct world){.base = event_base_new(), .reads_at_once = true};
    defer_queue_init(&world.again, world.base, 0);
    defer_queue_init(&world.rechecks, world.base, RECHECK_US);
    unit_tcp_pair(&here, &world.there);
    stream_socket_init(&world.socket, &world.again, &world.rechecks);
    ck_assert(stream_socket_attach(&world.socket, world.base, here, false, &events, NULL));
}

static void tear_down(void) {
    if (world.socket.fd >= 0)
        stream_socket_close(&world.socket, true);
    defer_queue_stop(&world.again);
    defer_queue_stop(&world.rechecks);
    sock_close(world.there);
    event_base_free(world.base);
}

static void settle(void) {
    unit_run_rounds(world.base, ROUNDS);
}

static void reset_there(void) {
    sock_close_reset(world.there);
    world.there = -1;
}

/* ---- reading ---- */

static bool has_read(void *context) {
    return world.received >= *(size_t *)context;
}

static bool has_end(void *context) {
    (void)context;
    return world.got_end;
}

static bool is_broken(void *context) {
    (void)context;
    return world.broken > 0;
}

START_TEST(what_arrives_is_read_into_the_parts) {
    size_t length = 12;
    stream_socket_set_reading(&world.socket, true);
    ck_assert_int_eq(unit_send(world.there, "hello, there", length), 12);
    ck_assert(unit_run_until(world.base, has_read, &length, SOON_MS));
    ck_assert_mem_eq(world.bytes, "hello, there", length);
}
END_TEST

START_TEST(what_is_there_can_be_read_without_an_edge) {
    ck_assert_int_eq(unit_send(world.there, "hello", 5), 5);
    stream_socket_poll(&world.socket); /* it is not to be read */
    ck_assert_int_eq(world.readable, 0);
    stream_socket_set_reading(&world.socket, true);
    stream_socket_poll(&world.socket);
    ck_assert_uint_eq(world.received, 5);
}
END_TEST

START_TEST(an_edge_that_came_while_reading_was_stopped_is_remembered) {
    size_t five = 5;
    settle();
    ck_assert_int_eq(unit_send(world.there, "hello", five), 5);
    settle();
    ck_assert_int_eq(world.readable, 0);
    stream_socket_set_reading(&world.socket, true);
    ck_assert(unit_run_until(world.base, has_read, &five, SOON_MS));
}
END_TEST

START_TEST(what_one_read_leaves_is_read_in_the_next_turn) {
    static char bytes[PIECE];
    size_t all = 0;
    for (ptrdiff_t n; (n = unit_send(world.there, bytes, sizeof bytes)) > 0;)
        all += (size_t)n;
    ck_assert_uint_gt(all, sizeof world.bytes);
    stream_socket_set_reading(&world.socket, true);
    ck_assert(unit_run_until(world.base, has_read, &all, SOON_MS));
    ck_assert_uint_eq(world.received, all);
    ck_assert(!world.got_end);
}
END_TEST

START_TEST(the_end_comes_behind_the_last_byte) {
    if (_i == 0)
        stream_socket_set_reading(&world.socket, true);
    ck_assert_int_eq(unit_send(world.there, "hello", 5), 5);
    ck_assert_int_eq(sock_half_close(world.there), 0);
    settle();
    stream_socket_set_reading(&world.socket, true);
    ck_assert(unit_run_until(world.base, has_end, NULL, SOON_MS));
    ck_assert_uint_eq(world.received, 5);
    ck_assert(world.socket.got_end);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, what_arrives_is_read_into_the_parts);
    tcase_add_test(group, what_is_there_can_be_read_without_an_edge);
    tcase_add_test(group, an_edge_that_came_while_reading_was_stopped_is_remembered);
    tcase_add_test(group, what_one_read_leaves_is_read_in_the_next_turn);
    tcase_add_loop_test(group, the_end_comes_behind_the_last_byte, 0, 2);
    return group;
}

/* ---- writing ---- */

static void write_all(size_t size) {
    static uint8_t bytes[PIECE];
    for (size_t done = 0; done < size; done += sizeof bytes) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)((done + i) % PIECE % 251);
        struct iovec parts[2] = {{bytes, 10}, {bytes + 10, sizeof bytes - 10}};
        ck_assert(stream_socket_write(&world.socket, parts, 2, false));
    }
}

struct reader {
    size_t wanted, seen;
    bool got_end, differs;
};

static bool peer_has_read(void *context) {
    static uint8_t bytes[PIECE];
    struct reader *reader = context;
    ptrdiff_t n;
    while ((n = unit_receive(world.there, bytes, sizeof bytes)) > 0) {
        for (ptrdiff_t i = 0; i < n; i++)
            reader->differs |= bytes[i] != (reader->seen + (size_t)i) % PIECE % 251;
        reader->seen += (size_t)n;
    }
    reader->got_end |= n == 0;
    return reader->got_end || (reader->wanted > 0 && reader->seen == reader->wanted);
}

START_TEST(what_the_kernel_does_not_take_waits_in_order) {
    struct reader reader = {.wanted = MANY / PIECE * PIECE};
    write_all(reader.wanted);
    ck_assert_uint_gt(stream_socket_waiting(&world.socket), 0);
    ck_assert(!stream_socket_is_done(&world.socket));
    settle();
    ck_assert_int_eq(world.flushed, 0);
    ck_assert(unit_run_until(world.base, peer_has_read, &reader, SOON_MS));
    ck_assert(!reader.differs);
    settle();
    ck_assert_int_eq(world.flushed, 1);
    ck_assert(stream_socket_is_done(&world.socket));
}
END_TEST

START_TEST(the_stream_ends_behind_what_waits) {
    struct reader reader = {0};
    write_all(MANY / PIECE * PIECE);
    ck_assert(stream_socket_end(&world.socket));
    ck_assert(!stream_socket_is_done(&world.socket));
    ck_assert(unit_run_until(world.base, peer_has_read, &reader, SOON_MS));
    ck_assert_uint_eq(reader.seen, MANY / PIECE * PIECE);
    ck_assert(stream_socket_is_done(&world.socket));
    ck_assert_int_eq(unit_send(world.there, "x", 1), 1); /* the other direction goes on */
    size_t one = 1;
    stream_socket_set_reading(&world.socket, true);
    ck_assert(unit_run_until(world.base, has_read, &one, SOON_MS));
}
END_TEST

static TCase *writing(void) {
    TCase *group = tcase_create("writing");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, what_the_kernel_does_not_take_waits_in_order);
    tcase_add_test(group, the_stream_ends_behind_what_waits);
    return group;
}

/* ---- ends ---- */

/* No read is there to meet it. */
START_TEST(a_reset_while_reading_is_stopped_is_noticed) {
    settle();
    reset_there();
    ck_assert(unit_run_until(world.base, is_broken, NULL, SOON_MS));
}
END_TEST

static bool is_broken_after_a_sweep(void *context) {
    return !stream_socket_sweep(&world.socket) || is_broken(context);
}

/* One-shot events do not report it: what is left has been reported, and is not awaited any more. */
START_TEST(a_reset_behind_data_that_is_left_is_noticed_in_a_sweep) {
    ck_assert_int_eq(unit_send(world.there, "hello", 5), 5);
    settle();
    ck_assert(!is_broken_after_a_sweep(NULL));
    reset_there();
    ck_assert(unit_run_until(world.base, is_broken_after_a_sweep, NULL, SOON_MS));
    ck_assert_int_eq(world.broken, 1);
}
END_TEST

START_TEST(writing_to_a_peer_that_is_gone_fails) {
    struct iovec part = {(void *)(uintptr_t) "x", 1};
    reset_there();
    ck_assert(!stream_socket_write(&world.socket, &part, 1, false));
}
END_TEST

static bool has_something(void *context) {
    (void)context;
    return sock_wait(world.there, POLLIN, clock_ms()) != 0;
}

START_TEST(a_stream_that_is_cut_ends_by_a_reset) {
    char byte;
    const struct iovec part = {.iov_base = &byte, .iov_len = 1};
    bool is_cut = _i == 1;
    stream_socket_cut_unless_whole(&world.socket);
    stream_socket_close(&world.socket, is_cut);
    ck_assert_int_eq(world.socket.fd, -1);
    ck_assert(unit_wait_until(has_something, NULL, SOON_MS));
    ck_assert_int_eq(sock_readv(world.there, &part, 1),
                     is_cut ? -1 : 0); /* recv() takes a reset for an end under wine */
    if (is_cut)
        ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

/* A client that goes back to the control plane: what was deferred no longer runs. */
START_TEST(a_descriptor_that_is_given_back_is_untouched) {
    char byte;
    stream_socket_set_reading(&world.socket, true);
    ck_assert_int_eq(unit_send(world.there, "x", 1), 1);
    evutil_socket_t fd = stream_socket_detach(&world.socket);
    settle();
    ck_assert_int_eq(world.readable, 0);
    ck_assert_int_eq(unit_receive(fd, &byte, 1), 1);
    ck_assert_int_eq(unit_send(fd, "y", 1), 1);
    ck_assert_int_eq(unit_receive(world.there, &byte, 1), 1);
    sock_close(fd);
}
END_TEST

static TCase *ends(void) {
    TCase *group = tcase_create("ends");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_reset_while_reading_is_stopped_is_noticed);
    tcase_add_test(group, a_reset_behind_data_that_is_left_is_noticed_in_a_sweep);
    tcase_add_test(group, writing_to_a_peer_that_is_gone_fails);
    tcase_add_loop_test(group, a_stream_that_is_cut_ends_by_a_reset, 0, 2);
    tcase_add_test(group, a_descriptor_that_is_given_back_is_untouched);
    return group;
}

UNIT_MAIN("relay/stream/socket", reading, writing, ends)

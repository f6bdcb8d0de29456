/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_pump: a client and a destination by TCP, joined by a stream over wires in memory.
 */
#include "config.h"

#include "relay/stream/pump.h"

#include "lib/net/sock.h"
#include "lib/net/socket_types.h"
#include "lib/tls/tls.h"
#include "relay/mux/mux_pair.h"
#include "relay/stream/socket_tls.h"
#include "unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

enum { TIMEOUT_MS = 30000, RECHECK_US = 1000, BULK = 6 * 1024 * 1024, STEPS = 4000, PIECE = 50000, LITTLE = 5000 };

struct side { /* one end of the stream, and the peer of its socket */
    struct pump pump;
    struct relay_bytes bytes; /* first */
    evutil_socket_t there;    /* the peer's descriptor */
    SSL *tls;                 /* the peer's, over it; NULL: none */
    bool is_over, is_broken, got_end, was_reset;
    enum stream_outcome_how how;
    uint64_t sent, received, wrong;
};

static struct world {
    struct pair pair;
    struct defer_queue again, rechecks;
    struct side client, destination;
    SSL_CTX *context, *client_context;
    struct bandwidth *limit;
    struct throttled throttled;
} world;

static struct link_bio_scratch scratch;

static void on_opened(struct pump *pump, const uint8_t *payload, size_t length) {
    (void)pump, (void)payload, (void)length;
}

static void on_repeat_opened(struct pump *pump) {
    mux_stream_opened(&pump->stream, NULL, 0);
}

static void on_suspended(struct pump *pump) {
    ck_assert(mux_stream_is_suspended(&pump->stream));
}

static void on_moved(struct pump *pump) {
    ck_assert(!((struct side *)pump)->is_over);
}

static void on_broken(struct pump *pump) {
    struct side *side = (struct side *)pump;
    ck_assert(!side->is_over);
    side->is_over = side->is_broken = true;
    side->how = STREAM_HOW_RESET;
    pump_reset(pump, NULL, 0);
}

static void on_over(struct pump *pump, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct side *side = (struct side *)pump;
    (void)payload, (void)length;
    ck_assert(!side->is_over);
    side->is_over = true;
    side->how = how;
}

static const struct pump_events events = {on_opened, on_repeat_opened, on_moved, on_broken, on_suspended, on_over};

/* ---- TCP ---- */

static void begin_side(struct side *side) {
    evutil_socket_t here;
    unit_tcp_pair(&here, &side->there);
    pump_init(&side->pump, &world.again, &world.rechecks, &events, &side->bytes);
    ck_assert(stream_socket_attach(&side->pump.socket, world.pair.base, here, false, &pump_socket_events, NULL));
}

static uint8_t byte_at(const struct side *from, uint64_t position) {
    return (uint8_t)((position + (from == &world.client ? 1 : 2)) * 0x9e3779b97f4a7c15u >> 40);
}

static void peer_sends(struct side *side, uint64_t most) {
    uint8_t bytes[PIECE];
    while (side->sent < most) {
        size_t count = most - side->sent < PIECE ? (size_t)(most - side->sent) : PIECE;
        for (size_t i = 0; i < count; i++)
            bytes[i] = byte_at(side, side->sent + i);
        ptrdiff_t n = unit_send(side->there, bytes, count);
        if (n <= 0)
            return;
        side->sent += (uint64_t)n;
    }
}

/* As recv. */
static ssize_t receive(struct side *side, uint8_t *bytes, size_t length) {
    const struct iovec part = {.iov_base = bytes, .iov_len = length};
    if (!side->tls)
        return sock_readv(side->there, &part, 1); /* recv() takes a reset for an end under wine */
    ERR_clear_error();
    int n = SSL_read(side->tls, bytes, (int)length);
    errno = EAGAIN;
    return n > 0 ? n : SSL_get_error(side->tls, n) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static void peer_reads(struct side *side, size_t most) {
    static uint8_t bytes[PIECE];
    const struct side *from = side == &world.client ? &world.destination : &world.client;
    while (most > 0 && !side->got_end && !side->was_reset) {
        ssize_t n = receive(side, bytes, most < PIECE ? most : PIECE);
        side->got_end = n == 0;
        side->was_reset = n < 0 && errno == ECONNRESET;
        if (n <= 0)
            return;
        for (ssize_t i = 0; i < n; i++)
            side->wrong += bytes[i] != byte_at(from, side->received + (uint64_t)i);
        side->received += (uint64_t)n;
        most -= (size_t)n;
    }
}

static void peer_ends(struct side *side) {
    if (!side->tls)
        sock_half_close(side->there);
    else if (!(SSL_get_shutdown(side->tls) & SSL_SENT_SHUTDOWN)) /* another call would read */
        (void)SSL_shutdown(side->tls);
}

/* ---- TLS ---- */

/* Without certificates, which are other tests' matter. */
static SSL_CTX *make_context(const SSL_METHOD *method) {
    SSL_CTX *context = SSL_CTX_new(method);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION), 1);
    ck_assert_int_eq(SSL_CTX_set_cipher_list(context, "aNULL:@SECLEVEL=0"), 1);
    return context;
}

static bool is_shaken(void *context) {
    struct stream_tls *tls = context;
    ERR_clear_error();
    (void)SSL_do_handshake(world.client.tls);
    return tls_handshake(stream_tls_ssl(tls)) == TLS_DONE && SSL_is_init_finished(world.client.tls);
}

static void begin_tls(struct side *side) {
    world.context = make_context(TLS_server_method());
    world.client_context = make_context(TLS_client_method());
    side->tls = SSL_new(world.client_context);
    SSL_set_fd(side->tls, (int)side->there);
    SSL_set_connect_state(side->tls);
    struct stream_tls *tls = stream_tls_new(world.context, side->pump.socket.fd, &scratch, NULL);
    ck_assert_ptr_nonnull(tls);
    ck_assert(unit_wait_until(is_shaken, tls, 3000));
    stream_tls_leave(tls);
    stream_socket_set_tls(&side->pump.socket, tls, &scratch);
}

/* ---- the world ---- */

static int accept_stream(struct pair *pair, uint32_t number, const uint8_t *payload, struct error *error) {
    (void)payload, (void)error;
    ck_assert(mux_accept(pair->muxes[AGENT], &world.destination.pump.stream, number));
    mux_stream_opened(&world.destination.pump.stream, NULL, 0);
    pump_start(&world.destination.pump);
    return 0;
}

static void begin_world(void) {
    memset(&world, 0, sizeof world);
    pair_begin(&world.pair, TIMEOUT_MS);
    world.pair.accept = accept_stream;
    defer_queue_init(&world.again, world.pair.base, 0);
    defer_queue_init(&world.rechecks, world.pair.base, RECHECK_US);
    begin_side(&world.client);
    begin_side(&world.destination);
    pair_add_wire(&world.pair, false);
}

static void open_stream(void) {
    static const uint8_t payload[FRAME_OPEN_SIZE] = {1};
    ck_assert(mux_open(world.pair.muxes[SERVER], &world.client.pump.stream, payload, sizeof payload));
    pump_start(&world.client.pump);
}

static void begin(void) {
    begin_world();
    open_stream();
}

static void begin_limited(const struct bandwidth_limits *limits, bool has_tls) {
    begin_world();
    if (has_tls)
        begin_tls(&world.client);
    world.limit = bandwidth_new(limits);
    struct bandwidth *const scopes[BANDWIDTH_SCOPE_COUNT] = {[BANDWIDTH_SERVICE] = world.limit};
    ck_assert(pump_throttle(&world.client.pump, world.pair.base, scopes, &world.throttled));
    open_stream();
}

static void end_side(struct side *side) {
    ck_assert(side->is_over);
    pump_end_throttle(&side->pump);
    SSL_free(side->tls);
    ck_assert_int_eq(side->pump.socket.fd, -1);
    if (side->there >= 0)
        evutil_closesocket(side->there);
}

static void end(void) {
    end_side(&world.client);
    end_side(&world.destination);
    SSL_CTX_free(world.context);
    SSL_CTX_free(world.client_context);
    bandwidth_release(world.limit);
    defer_queue_stop(&world.again);
    defer_queue_stop(&world.rechecks);
    pair_end(&world.pair);
}

static bool both_over(void) {
    return world.client.is_over && world.destination.is_over;
}

static void run(uint64_t up, uint64_t down, size_t reads) {
    for (unsigned i = 0; i < STEPS && !both_over(); i++) {
        peer_sends(&world.client, up);
        peer_sends(&world.destination, down);
        if (world.client.sent == up)
            peer_ends(&world.client);
        if (world.destination.sent == down)
            peer_ends(&world.destination);
        peer_reads(&world.client, reads);
        peer_reads(&world.destination, reads);
        pair_run(&world.pair, 1);
        if (i % 8 == 7)
            pair_sweep(&world.pair);
    }
}

static bool has_ended(void *context) {
    peer_reads(context, SIZE_MAX);
    return ((struct side *)context)->got_end || ((struct side *)context)->was_reset;
}

static void assert_whole(struct side *side, uint64_t received) {
    ck_assert(side->is_over);
    ck_assert_uint_eq(side->how, STREAM_HOW_WHOLE);
    ck_assert(unit_wait_until(has_ended, side, 3000));
    ck_assert(!side->was_reset);
    ck_assert_uint_eq(side->received, received);
    ck_assert_uint_eq(side->wrong, 0);
}

START_TEST(both_directions_end_whole) {
    begin();
    run(100, 200, SIZE_MAX);
    assert_whole(&world.client, 200);
    assert_whole(&world.destination, 100);
    end();
}
END_TEST

START_TEST(nothing_is_said_and_the_stream_is_whole) {
    begin();
    run(0, 0, SIZE_MAX);
    assert_whole(&world.client, 0);
    assert_whole(&world.destination, 0);
    end();
}
END_TEST

START_TEST(slow_readers_get_all_and_little_is_kept) {
    begin();
    run(BULK, BULK, 20000);
    assert_whole(&world.client, BULK);
    assert_whole(&world.destination, BULK);
    end();
}
END_TEST

START_TEST(bulk_goes_on_when_its_carrier_is_lost) {
    begin();
    run(BULK, 0, 1); /* until the buffers are full: nothing is over */
    ck_assert(!both_over());
    pair_add_wire(&world.pair, false);
    wire_lose(&world.pair.wires[0]);
    run(BULK, 0, SIZE_MAX);
    assert_whole(&world.client, 0);
    assert_whole(&world.destination, BULK);
    end();
}
END_TEST

START_TEST(a_suspended_stream_reads_its_socket_until_the_window_is_full) {
    begin();
    pair_run(&world.pair, 4);
    wire_lose(&world.pair.wires[0]);
    peer_sends(&world.client, BULK);
    for (int i = 0; i < 20; i++)
        pair_run(&world.pair, 1);
    ck_assert_uint_eq(world.client.pump.in, MUX_WINDOW_SHARED);
    pair_add_wire(&world.pair, false);
    run(BULK, 0, SIZE_MAX);
    assert_whole(&world.destination, BULK);
    end();
}
END_TEST

/* Not only when the stream is known to be whole: no PONG and no ACK comes here. */
START_TEST(a_socket_is_closed_as_soon_as_both_directions_have_ended) {
    begin();
    for (int i = 0; i < 8; i++)
        pair_step(&world.pair);
    sock_half_close(world.client.there);
    for (int i = 0; i < STEPS && !world.destination.got_end; i++) {
        pair_step(&world.pair);
        peer_reads(&world.destination, SIZE_MAX);
    }
    sock_half_close(world.destination.there);
    for (int i = 0; i < STEPS && world.destination.pump.socket.fd >= 0; i++)
        pair_step(&world.pair);
    wire_cut(&world.pair.wires[0], SIZE_MAX, 0);
    for (int i = 0; i < STEPS && !world.client.got_end; i++) {
        pair_step(&world.pair);
        peer_reads(&world.client, SIZE_MAX);
    }
    ck_assert(world.client.got_end && world.client.pump.socket.fd < 0);
    ck_assert(!world.destination.is_over);
    pair_add_wire(&world.pair, false);
    wire_lose(&world.pair.wires[0]);
    run(0, 0, SIZE_MAX);
    assert_whole(&world.client, 0);
    assert_whole(&world.destination, 0);
    end();
}
END_TEST

START_TEST(what_was_read_before_comes_first) {
    static const char early[] = "early";
    struct evbuffer *bytes = evbuffer_new();
    begin();
    for (size_t i = 0; i < sizeof early; i++) {
        uint8_t byte = byte_at(&world.client, i);
        evbuffer_add(bytes, &byte, 1);
    }
    ck_assert(pump_replay(&world.client.pump, bytes, false));
    evbuffer_free(bytes);
    world.client.sent = sizeof early;
    run(100, 0, SIZE_MAX);
    assert_whole(&world.destination, 100);
    ck_assert_uint_eq(world.client.pump.in, 100);
    end();
}
END_TEST

static bool are_over_after_a_step(void *context) {
    (void)context;
    pair_run(&world.pair, 1);
    return both_over();
}

START_TEST(a_reset_goes_through) {
    begin();
    peer_sends(&world.client, 100);
    pair_run(&world.pair, 8);
    sock_close_reset(world.client.there);
    ck_assert(unit_wait_until(are_over_after_a_step, NULL, 3000)); /* a reset may come later than it was sent */
    ck_assert(world.client.is_broken && !world.destination.is_broken);
    ck_assert_uint_eq(world.destination.how, STREAM_HOW_RESET);
    ck_assert(unit_wait_until(has_ended, &world.destination, 3000));
    ck_assert(world.destination.was_reset);
    world.client.there = -1;
    end();
}
END_TEST

static void destination_sends_little(void) {
    peer_sends(&world.destination, world.destination.sent + LITTLE);
    pair_run(&world.pair, 2);
}

static bool has_received_all(void *context) {
    (void)context;
    peer_reads(&world.client, SIZE_MAX);
    pair_run(&world.pair, 1);
    return world.client.received == world.destination.sent;
}

/* A limit is spent by what is encrypted, not by what is encrypted already and waits for its reader. */
START_TEST(a_limit_holds_nothing_back_for_good) {
    begin_limited(&(struct bandwidth_limits){.out = 1000000000}, _i);
    while (stream_socket_waiting(&world.client.pump.socket) == 0 && world.destination.sent < 4 * BULK)
        destination_sends_little();
    ck_assert_uint_gt(stream_socket_waiting(&world.client.pump.socket), 0);
    ck_assert(unit_wait_until(has_received_all, NULL, 3000));
    destination_sends_little();
    ck_assert(unit_wait_until(has_received_all, NULL, 3000)); /* and the client sends nothing, which would be an edge */
    run(0, world.destination.sent, SIZE_MAX);
    assert_whole(&world.client, world.destination.sent);
    end();
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_test(group, both_directions_end_whole);
    tcase_add_test(group, nothing_is_said_and_the_stream_is_whole);
    tcase_add_test(group, slow_readers_get_all_and_little_is_kept);
    tcase_add_test(group, bulk_goes_on_when_its_carrier_is_lost);
    tcase_add_test(group, a_suspended_stream_reads_its_socket_until_the_window_is_full);
    tcase_add_test(group, a_socket_is_closed_as_soon_as_both_directions_have_ended);
    tcase_add_test(group, what_was_read_before_comes_first);
    tcase_add_test(group, a_reset_goes_through);
    tcase_add_loop_test(group, a_limit_holds_nothing_back_for_good, 0, 2); /* _i: with TLS */
    return group;
}

UNIT_MAIN("relay/stream/pump", all)

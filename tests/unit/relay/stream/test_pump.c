/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_pump: a client and a destination by TCP, joined by a stream over wires in memory.
 */
#include "config.h"

#include "relay/stream/pump.h"

#include "fail_malloc.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/net/socket_types.h"
#include "lib/tls/shared_key.h"
#include "lib/tls/tls.h"
#include "relay/mux/mux_pair.h"
#include "relay/stream/inner_tls.h"
#include "relay/stream/socket_tls.h"
#include "unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

enum {
    TIMEOUT_MS = 30000,
    RECHECK_US = 1000,
    BULK = 6 * 1024 * 1024,
    STEPS = 4000,
    PIECE = 50000,
    LITTLE = 5000,
    LACKS = 40
};

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
    bool starts_later; /* the destination's pump */
} world;

static struct link_bio_scratch scratch;
static uint8_t plain[LINK_BIO_IN];
static shared_key keys[2];
static struct inner_tls_pace pace;
static counter counts[2][END_TO_END_RESULT_COUNT]; /* of client and destination */

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
    if (!world.starts_later)
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

static SSL_CTX *key_context(bool is_serving, size_t key) {
    struct error error;
    SSL_CTX *context = shared_key_context(is_serving, "ssh", &keys[key], 1, &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

/* The client's is the visitor's end. */
static void encrypt_side(struct side *side, size_t key) {
    bool is_serving = side == &world.destination;
    SSL_CTX *context = key_context(is_serving, key);
    ck_assert(pump_encrypt(&side->pump, &(struct inner_tls_options){.context = context,
                                                                    .is_serving = is_serving,
                                                                    .scratch = plain,
                                                                    .scratch_size = sizeof plain,
                                                                    .pace = &pace,
                                                                    .later = &world.rechecks,
                                                                    .counts = counts[is_serving]}));
    SSL_CTX_free(context);
}

/* is_inner: with TLS from end to end. */
static void begin_either(bool is_inner) {
    begin_world();
    if (is_inner) {
        encrypt_side(&world.client, 0);
        encrypt_side(&world.destination, 0);
    }
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
    pump_end_inner(&side->pump);
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
    begin_either(_i);
    run(100, 200, SIZE_MAX);
    assert_whole(&world.client, 200);
    assert_whole(&world.destination, 100);
    end();
}
END_TEST

START_TEST(nothing_is_said_and_the_stream_is_whole) {
    begin_either(_i);
    run(0, 0, SIZE_MAX);
    assert_whole(&world.client, 0);
    assert_whole(&world.destination, 0);
    end();
}
END_TEST

START_TEST(slow_readers_get_all_and_little_is_kept) {
    begin_either(_i);
    run(BULK, BULK, 20000);
    assert_whole(&world.client, BULK);
    assert_whole(&world.destination, BULK);
    end();
}
END_TEST

START_TEST(bulk_goes_on_when_its_carrier_is_lost) {
    begin_either(_i);
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
    begin_either(_i);
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

/* ---- TLS within the stream ---- */

static void make_keys(void) {
    memset(counts, 0, sizeof counts);
    memset(&pace, 0, sizeof pace);
    ck_assert_int_eq(secret_random(keys, sizeof keys), 0);
}

static void run_until_over(void) {
    for (unsigned i = 0; i < STEPS && !both_over(); i++)
        pair_run(&world.pair, 1);
    ck_assert(both_over());
}

START_TEST(ends_with_other_keys_are_reset_and_both_have_the_reason) {
    begin_world();
    encrypt_side(&world.client, 1);
    encrypt_side(&world.destination, 0);
    open_stream();
    peer_sends(&world.client, 100);
    run_until_over();
    ck_assert(strstr(pump_inner_fault(&world.client.pump), "the keys differ"));
    ck_assert(strstr(pump_inner_fault(&world.destination.pump), "the keys differ"));
    ck_assert_int_eq(inner_tls_fault(world.client.pump.inner), END_TO_END_KEY);
    ck_assert_int_eq(inner_tls_fault(world.destination.pump.inner), END_TO_END_KEY);
    ck_assert_uint_eq(counter_read(&counts[0][END_TO_END_KEY]), 1);
    ck_assert_uint_eq(counter_read(&counts[1][END_TO_END_KEY]), 1);
    ck_assert(unit_wait_until(has_ended, &world.client, 3000) && world.client.was_reset);
    ck_assert(unit_wait_until(has_ended, &world.destination, 3000) && world.destination.was_reset);
    ck_assert_uint_eq(world.destination.received, 0);
    end();
}
END_TEST

/* What the visitor's agent has sent waits for a destination that is connected later. */
START_TEST(a_handshake_waits_for_the_destination) {
    begin_world();
    world.starts_later = true;
    encrypt_side(&world.client, 0);
    encrypt_side(&world.destination, 0);
    open_stream();
    for (int i = 0; i < 20; i++)
        pair_run(&world.pair, 1);
    ck_assert_uint_gt(world.destination.pump.out, 0);
    ck_assert_uint_eq(world.destination.pump.consumed, 0);
    pump_start(&world.destination.pump);
    run(100, 200, SIZE_MAX);
    assert_whole(&world.client, 200);
    assert_whole(&world.destination, 100);
    end();
    for (int i = 0; i < 2; i++)
        for (int result = 0; result < END_TO_END_RESULT_COUNT; result++)
            ck_assert_uint_eq(counter_read(&counts[i][result]), result == END_TO_END_DONE);
}
END_TEST

/* It connects to the destination, or waits for an agent, for as long as the service lets it. */
START_TEST(a_visitor_s_handshake_is_not_late_while_the_other_end_connects) {
    begin_world();
    world.starts_later = true;
    encrypt_side(&world.client, 0);
    encrypt_side(&world.destination, 0);
    open_stream();
    pair_run(&world.pair, 20);
    pump_sweep_inner(&world.client.pump, clock_us() + 600000000);
    pump_sweep_inner(&world.destination.pump, clock_us() + 600000000);
    ck_assert(!world.client.is_over && !world.destination.is_over);
    pump_start(&world.destination.pump);
    run(100, 200, SIZE_MAX);
    assert_whole(&world.client, 200);
    assert_whole(&world.destination, 100);
    end();
}
END_TEST

static bool has_its_turn(void *context) {
    (void)context;
    pair_run(&world.pair, 1);
    return world.client.pump.in > 0;
}

/* A thread that has done as much as it may in a turn goes on in the next. */
START_TEST(handshakes_wait_for_their_turn) {
    begin_world();
    encrypt_side(&world.client, 0);
    encrypt_side(&world.destination, 0);
    pace = (struct inner_tls_pace){.turn_us = clock_us(), .steps = INNER_TLS_STEPS};
    open_stream();
    pair_run(&world.pair, 1);
    ck_assert_uint_eq(world.client.pump.in, 0);
    ck_assert(unit_wait_until(has_its_turn, NULL, 3000));
    run(100, 200, SIZE_MAX);
    assert_whole(&world.client, 200);
    assert_whole(&world.destination, 100);
    end();
}
END_TEST

/* As a thread does: an event that had no memory is awaited again. */
static bool are_over_when_swept(void *context) {
    run(LITTLE, LITTLE, SIZE_MAX);
    if (!both_over() && stream_socket_sweep(&world.client.pump.socket))
        (void)stream_socket_sweep(&world.destination.pump.socket);
    return are_over_after_a_step(context);
}

/* One allocation fails, or each from there on for a while. */
START_TEST(it_is_whole_or_reset_when_memory_lacks) {
    begin_either(true);
    pair_run(&world.pair, 2); /* it is accepted */
    fail_malloc_begin(1 + (unsigned)_i / 2, _i % 2 ? 1000 : 1);
    for (int i = 0; i < 40 && !both_over(); i++) {
        peer_sends(&world.client, LITTLE);
        peer_sends(&world.destination, LITTLE);
        pair_run(&world.pair, 1);
    }
    fail_malloc_end();
    ck_assert(unit_wait_until(are_over_when_swept, NULL, 10000));
    if (world.client.how == STREAM_HOW_WHOLE) {
        assert_whole(&world.client, LITTLE);
        assert_whole(&world.destination, LITTLE);
    } else {
        ck_assert_uint_eq(world.destination.how, STREAM_HOW_RESET);
        ck_assert_uint_eq(world.client.wrong + world.destination.wrong, 0);
    }
    end();
}
END_TEST

/* ---- one end of it, and a peer that is the test's ---- */

/* The peer has the key and speaks TLS by its socket, which passes on what it says as it is. */
static void begin_with_peer(void) {
    begin_world();
    encrypt_side(&world.destination, 0);
    world.client_context = key_context(false, 0);
    world.client.tls = tls_session(world.client_context, false, NULL);
    SSL_set_fd(world.client.tls, (int)world.client.there);
    open_stream();
}

static bool is_peer_ready(void *context) {
    (void)context;
    pair_run(&world.pair, 1);
    ERR_clear_error();
    return SSL_do_handshake(world.client.tls) == 1 && inner_tls_state(world.destination.pump.inner) == INNER_TLS_OPEN;
}

static bool is_destination_over(void *context) {
    (void)context;
    pair_run(&world.pair, 1);
    peer_reads(&world.destination, SIZE_MAX);
    return world.destination.is_over;
}

static void say(const char *text) {
    ck_assert_int_eq(SSL_write(world.client.tls, text, (int)strlen(text)), (int)strlen(text));
}

static void expect_broken(enum end_to_end_result fault, const char *text) {
    ck_assert(unit_wait_until(is_destination_over, NULL, 3000));
    ck_assert(world.destination.is_broken);
    ck_assert_int_eq(inner_tls_fault(world.destination.pump.inner), fault);
    ck_assert_msg(strstr(pump_inner_fault(&world.destination.pump), text), "%s",
                  pump_inner_fault(&world.destination.pump));
    ck_assert(unit_wait_until(has_ended, &world.destination, 3000) && world.destination.was_reset);
    run_until_over();
    end();
}

/* By the server, say, which can close a stream but cannot make a close_notify. */
START_TEST(an_end_without_close_notify_is_a_reset) {
    begin_with_peer();
    ck_assert(unit_wait_until(is_peer_ready, NULL, 3000));
    say("half of it");
    sock_half_close(world.client.there);
    expect_broken(END_TO_END_CUT, "without close_notify");
}
END_TEST

START_TEST(an_end_before_the_handshake_is_a_reset) {
    begin_with_peer();
    sock_half_close(world.client.there);
    expect_broken(END_TO_END_CUT, "without close_notify");
}
END_TEST

START_TEST(changed_bytes_are_a_reset) {
    static const uint8_t record[] = {23, 3,  3,  0,  20, 1,  2,  3,  4,  5,  6,  7, 8,
                                     9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    begin_with_peer();
    ck_assert(unit_wait_until(is_peer_ready, NULL, 3000));
    say("right");
    ck_assert_int_eq(unit_send(world.client.there, record, sizeof record), sizeof record);
    expect_broken(END_TO_END_TLS, "changed on the way");
}
END_TEST

START_TEST(bytes_behind_the_end_are_a_reset) {
    begin_with_peer();
    ck_assert(unit_wait_until(is_peer_ready, NULL, 3000));
    ck_assert_int_eq(SSL_shutdown(world.client.tls), 0);
    ck_assert_int_eq(unit_send(world.client.there, "more", 4), 4);
    expect_broken(END_TO_END_TLS, "bytes follow the end");
}
END_TEST

/* The peer may not be able to say more than that, and is waited for. */
START_TEST(what_is_no_tls_is_left_to_its_peer_and_cut_in_the_end) {
    begin_with_peer();
    ck_assert_int_eq(unit_send(world.client.there, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    while (inner_tls_state(world.destination.pump.inner) != INNER_TLS_FAILED)
        pair_run(&world.pair, 1);
    ck_assert(unit_wait_until(has_ended, &world.destination, 3000) && world.destination.was_reset);
    ck_assert(!world.destination.is_over);
    pump_sweep_inner(&world.destination.pump, clock_us() + 1000000);
    ck_assert(!world.destination.is_over);
    pump_sweep_inner(&world.destination.pump, clock_us() + 11000000);
    expect_broken(END_TO_END_TLS, "HTTP");
}
END_TEST

START_TEST(a_peer_that_says_nothing_is_cut) {
    begin_with_peer();
    while (!world.destination.pump.stream.mux)
        pair_run(&world.pair, 1);
    pump_sweep_inner(&world.destination.pump, clock_us() + 9000000);
    ck_assert(!world.destination.is_over);
    pump_sweep_inner(&world.destination.pump, clock_us() + 11000000);
    expect_broken(END_TO_END_TIMEOUT, "longer than 10 seconds");
}
END_TEST

static bool is_cut_by_key_updates(void *context) {
    (void)context;
    if (!world.destination.is_over && SSL_key_update(world.client.tls, SSL_KEY_UPDATE_REQUESTED) == 1)
        (void)SSL_do_handshake(world.client.tls);
    return is_destination_over(NULL);
}

/* Each is answered by 27 bytes, which the peer does not read. */
START_TEST(a_flood_of_key_updates_is_cut) {
    begin_with_peer();
    ck_assert(unit_wait_until(is_peer_ready, NULL, 3000));
    ck_assert(unit_wait_until(is_cut_by_key_updates, NULL, 10000));
    ck_assert(world.destination.is_broken);
    ck_assert_uint_lt(world.destination.pump.in, 20000);
    run_until_over();
    end();
}
END_TEST

/* A serving end that is the test's: what it gets passes the server, too. */
struct observer {
    SSL *tls;
    BIO *in, *out;
    uint8_t raw[4096];
    size_t length;
    char text[256];
};

static bool has_text(void *context) {
    struct observer *observer = context;
    uint8_t answer[4096];
    const struct iovec part = {.iov_base = observer->raw + observer->length,
                               .iov_len = sizeof observer->raw - observer->length};
    pair_run(&world.pair, 1);
    ssize_t n = sock_readv(world.destination.there, &part, 1);
    if (n > 0)
        ck_assert_int_eq(BIO_write(observer->in, part.iov_base, (int)n), (int)n);
    observer->length += n > 0 ? (size_t)n : 0;
    (void)SSL_read(observer->tls, observer->text, sizeof observer->text);
    int said = BIO_read(observer->out, answer, sizeof answer);
    if (said > 0)
        ck_assert_int_eq(unit_send(world.destination.there, answer, (size_t)said), said);
    return observer->text[0];
}

START_TEST(nothing_in_clear_is_in_the_stream) {
    static const char marker[] = "a marker that nobody else may read";
    struct observer observer = {.in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem())};
    begin_world();
    encrypt_side(&world.client, 0);
    world.context = key_context(true, 0);
    observer.tls = tls_session(world.context, true, NULL);
    SSL_set_bio(observer.tls, observer.in, observer.out);
    open_stream();
    ck_assert_int_eq(unit_send(world.client.there, marker, sizeof marker), sizeof marker);
    ck_assert(unit_wait_until(has_text, &observer, 3000));
    ck_assert_str_eq(observer.text, marker);
    ck_assert_mem_eq(observer.raw, "\x16\x03\x01", 3);
    for (size_t i = 0; i + 8 <= observer.length; i++)
        ck_assert(memcmp(observer.raw + i, marker, 8) != 0);
    SSL_free(observer.tls);
    sock_close_reset(world.client.there);
    world.client.there = -1;
    ck_assert(unit_wait_until(are_over_after_a_step, NULL, 3000));
    end();
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, make_keys, NULL); /* _i, but of the last: with TLS from end to end */
    tcase_add_loop_test(group, both_directions_end_whole, 0, 2);
    tcase_add_loop_test(group, nothing_is_said_and_the_stream_is_whole, 0, 2);
    tcase_add_loop_test(group, slow_readers_get_all_and_little_is_kept, 0, 2);
    tcase_add_loop_test(group, bulk_goes_on_when_its_carrier_is_lost, 0, 2);
    tcase_add_test(group, a_suspended_stream_reads_its_socket_until_the_window_is_full);
    tcase_add_test(group, a_socket_is_closed_as_soon_as_both_directions_have_ended);
    tcase_add_test(group, what_was_read_before_comes_first);
    tcase_add_loop_test(group, a_reset_goes_through, 0, 2);
    tcase_add_loop_test(group, a_limit_holds_nothing_back_for_good, 0, 2); /* _i: with TLS */
    tcase_add_test(group, ends_with_other_keys_are_reset_and_both_have_the_reason);
    tcase_add_test(group, a_handshake_waits_for_the_destination);
    tcase_add_test(group, a_visitor_s_handshake_is_not_late_while_the_other_end_connects);
    tcase_add_test(group, handshakes_wait_for_their_turn);
    tcase_add_loop_test(group, it_is_whole_or_reset_when_memory_lacks, 0, LACKS);
    tcase_add_test(group, an_end_without_close_notify_is_a_reset);
    tcase_add_test(group, an_end_before_the_handshake_is_a_reset);
    tcase_add_test(group, changed_bytes_are_a_reset);
    tcase_add_test(group, bytes_behind_the_end_are_a_reset);
    tcase_add_test(group, what_is_no_tls_is_left_to_its_peer_and_cut_in_the_end);
    tcase_add_test(group, a_peer_that_says_nothing_is_cut);
    tcase_add_test(group, a_flood_of_key_updates_is_cut);
    tcase_add_test(group, nothing_in_clear_is_in_the_stream);
    return group;
}

UNIT_MAIN("relay/stream/pump", all)

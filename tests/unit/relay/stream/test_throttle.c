/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_throttle: a relay with a limit of bandwidth passes on every byte and the end, no faster than it may, and is not
 * ended for that; others go on. Bytes that wait do so in real time, some hundredths of a second.
 */
#include "config.h"

#include "relay_world.h"

#include "lib/base/clock.h"

#include <string.h>

enum {
    PORT = 1000,
    RATE = 2000000,
    BURST = RATE / 25, /* the least: 40 ms */
    BULK = 3 * BURST,
    SLOW = 1,
    PATIENCE_MS = 10000,
    HALF_CLOSE_S = 100
};

static uint64_t skipped_us;

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + skipped_us;
}

static struct relay_world world;
static struct bandwidth *limits;
static struct service_counts *counts;
static uint8_t bulk[BULK], received[BULK];

static struct bandwidth *make_limits(unsigned in, unsigned out) {
    struct bandwidth *made = bandwidth_new(&(struct bandwidth_limits){in, out, 1});
    ck_assert_ptr_nonnull(made);
    return made;
}

static void begin(unsigned in, unsigned out) {
    for (size_t i = 0; i < BULK; i++)
        bulk[i] = (uint8_t)(i * 2654435761u >> 13);
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    limits = make_limits(in, out);
    counts = service_counts_new(1);
    ck_assert_ptr_nonnull(counts);
}

static void make(struct world_client *client, struct bandwidth *bandwidth) {
    const struct service_terms_plan plan = {.half_close_timeout_s = HALF_CLOSE_S,
                                            .idle_timeout_s = HALF_CLOSE_S,
                                            .counts = counts,
                                            .bandwidth = bandwidth};
    world_client(&world, client, &plan, PORT);
}

static void serve(struct world_client *client) {
    world_serve(&world, client);
    world_settle(&world, client);
    world_accept(client);
    world_settle(&world, client);
}

static void make_and_serve(struct world_client *client, struct bandwidth *bandwidth) {
    make(client, bandwidth);
    serve(client);
}

static void finish(struct world_client *client) {
    memory_reset(client->end);
    client->end = -1;
    world_settle(&world, client);
    world_sweep(&world, clock_us()); /* without edges no event reports a reset while nothing is read */
    ck_assert(world_ends(&world));
    world_close(client);
    world_end(&world);
    bandwidth_release(limits);
    service_counts_release(counts);
}

struct transfer {
    struct world_client *client;
    evutil_socket_t to;
    size_t length, wanted;
};

static bool is_received(void *context) {
    struct transfer *transfer = context;
    world_settle(&world, transfer->client);
    size_t n = memory_receive(transfer->to, received + transfer->length, transfer->wanted - transfer->length);
    transfer->length += n;
    return transfer->length == transfer->wanted;
}

/* All of it arrives; returns how long that took. */
static uint64_t expect_bulk(struct world_client *client, evutil_socket_t to) {
    struct transfer transfer = {.client = client, .to = to, .wanted = BULK};
    uint64_t since_us = clock_us();
    memset(received, 0, sizeof received);
    ck_assert(unit_run_until(loop_base(world.loop), is_received, &transfer, PATIENCE_MS));
    ck_assert_mem_eq(received, bulk, BULK);
    return clock_us() - since_us;
}

static uint64_t throttled_us(enum bandwidth_scope scope, enum bandwidth_way way) {
    struct service_sum sum;
    service_counts_sum(counts, &sum);
    return sum.throttled_us[scope][way];
}

static const struct relay *the_relay(void) {
    ck_assert_ptr_nonnull(world.threads[SERVER]->relays);
    return world.threads[SERVER]->relays;
}

static bool is_held(enum bandwidth_way way, enum bandwidth_scope by) {
    return throttle_holder(the_relay()->pump.throttle, way) == by;
}

/* ---- bytes ---- */

static const uint64_t least_us = (BULK - BURST) * 1000000ull / RATE;

START_TEST(bytes_to_the_destination_pass_no_faster_than_they_may) {
    struct world_client client;
    begin(RATE, 0);
    make_and_serve(&client, limits);
    memory_send(client.end, bulk, BULK);
    ck_assert_uint_ge(expect_bulk(&client, client.far), least_us);
    ck_assert_uint_ge(throttled_us(BANDWIDTH_SERVICE, BANDWIDTH_IN), least_us / 2);
    ck_assert_uint_eq(throttled_us(BANDWIDTH_SERVICE, BANDWIDTH_OUT), 0);
    finish(&client);
}
END_TEST

START_TEST(bytes_to_the_client_pass_no_faster_than_they_may) {
    struct world_client client;
    begin(0, RATE);
    make_and_serve(&client, limits);
    memory_send(client.far, bulk, BULK);
    ck_assert_uint_ge(expect_bulk(&client, client.end), least_us);
    ck_assert_uint_ge(throttled_us(BANDWIDTH_SERVICE, BANDWIDTH_OUT), least_us / 2);
    ck_assert_uint_eq(throttled_us(BANDWIDTH_SERVICE, BANDWIDTH_IN), 0);
    finish(&client);
}
END_TEST

static bool got_both_ends(void *context) {
    struct world_client *client = context;
    world_settle(&world, client);
    return memory_got_end(client->end) && memory_got_end(client->far);
}

START_TEST(ends_come_behind_what_was_held_back) {
    struct world_client client;
    begin(RATE, RATE);
    make_and_serve(&client, limits);
    memory_send(client.end, bulk, BULK);
    memory_finish(client.end);
    memory_send(client.far, bulk, BULK);
    memory_finish(client.far);
    world_settle(&world, &client);
    ck_assert(!memory_got_end(client.end) && !memory_got_end(client.far));
    expect_bulk(&client, client.end);
    expect_bulk(&client, client.far);
    ck_assert(unit_run_until(loop_base(world.loop), got_both_ends, &client, PATIENCE_MS));
    world_expect_over(&world, &client, CLIENT_ENDED);
    ck_assert_int_eq(client.reason, REASON_DONE);
    world_close(&client);
    world_end(&world);
    bandwidth_release(limits);
    service_counts_release(counts);
}
END_TEST

START_TEST(first_bytes_count_once_also_when_a_second_agent_gets_them) {
    struct world_client client;
    begin(SLOW, 0);
    make(&client, limits);
    world.keeps_clients = true;
    memory_connect_will(MEMORY_REFUSED);
    world_client_say(&client, "hello");
    world_serve(&world, &client);
    world_expect_over(&world, &client, CLIENT_REFUSED);
    uint64_t before = atomic_load(&limits->ways[BANDWIDTH_IN].full_ns);
    memory_connect_will(MEMORY_AT_ONCE);
    serve(&client);
    world_expect(client.far, "hello");
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_eq(atomic_load(&limits->ways[BANDWIDTH_IN].full_ns), before);
    finish(&client);
}
END_TEST

START_TEST(the_agent_knows_that_what_its_destination_sends_is_limited) {
    struct world_client client;
    begin(_i ? RATE : 0, _i ? 0 : RATE);
    make_and_serve(&client, limits);
    ck_assert_int_eq(world.threads[AGENT]->relays->pump.stream.is_limited, !_i);
    finish(&client);
}
END_TEST

START_TEST(a_check_is_not_held_back) {
    struct world_client client;
    begin(SLOW, SLOW);
    make(&client, limits);
    client.client->is_check = true;
    memory_connect_will(MEMORY_LATER); /* its answer would go to a control plane */
    world_serve(&world, &client);
    ck_assert_ptr_null(world.threads[SERVER]->opening->pump.throttle);
    world_settle(&world, &client);
    world_accept(&client);
    finish(&client);
}
END_TEST

static void on_due(void *context, enum bandwidth_way way) {
    (void)way, (void)context;
}

/* A slice at a time, each of 1 KiB at such a rate, would be a write each. */
START_TEST(what_a_burst_allows_may_pass_at_once) {
    enum { SLOW_RATE = 10000, WIDE = 500000, SECOND_WIDE = 200000 };
    struct event_base *base = event_base_new();
    struct bandwidth *first = bandwidth_new(&(struct bandwidth_limits){SLOW_RATE, SLOW_RATE, WIDE});
    struct bandwidth *second = bandwidth_new(&(struct bandwidth_limits){SLOW_RATE, SLOW_RATE, SECOND_WIDE});
    struct bandwidth *const scopes[BANDWIDTH_SCOPE_COUNT] = {[BANDWIDTH_SERVICE] = first, [BANDWIDTH_AGENT] = second};
    struct throttled throttled = {0};
    bool lacks_memory;
    struct throttle *throttle =
        throttle_new(&(struct throttle_options){base, scopes, &throttled, on_due, NULL}, &lacks_memory);
    ck_assert_ptr_nonnull(throttle);
    ck_assert_uint_eq(throttle_take(throttle, BANDWIDTH_OUT, 100000), 100000);
    size_t rest = throttle_take(throttle, BANDWIDTH_OUT, WIDE);
    ck_assert_uint_le(rest, SECOND_WIDE - 100000 + TOKEN_BUCKET_SLICE_LEAST);
    ck_assert_uint_ge(rest, SECOND_WIDE - 100000 - TOKEN_BUCKET_SLICE_LEAST);
    ck_assert_uint_eq(throttle_take(throttle, BANDWIDTH_OUT, WIDE), 0);
    ck_assert(throttle_is_holding(throttle));
    throttle_free(throttle);
    ck_assert(bandwidth_is_unused(first, clock_us() + 22000000));
    bandwidth_release(first);
    bandwidth_release(second);
    event_base_free(base);
}
END_TEST

static TCase *bytes(void) {
    TCase *group = tcase_create("bytes");
    tcase_set_timeout(group, 30);
    tcase_add_test(group, bytes_to_the_destination_pass_no_faster_than_they_may);
    tcase_add_test(group, bytes_to_the_client_pass_no_faster_than_they_may);
    tcase_add_test(group, ends_come_behind_what_was_held_back);
    tcase_add_test(group, first_bytes_count_once_also_when_a_second_agent_gets_them);
    tcase_add_loop_test(group, the_agent_knows_that_what_its_destination_sends_is_limited, 0, 2);
    tcase_add_test(group, a_check_is_not_held_back);
    tcase_add_test(group, what_a_burst_allows_may_pass_at_once);
    return group;
}

/* ---- several ---- */

START_TEST(one_that_is_held_back_does_not_hold_back_others) {
    struct world_client slow, other;
    begin(SLOW, SLOW);
    make_and_serve(&slow, limits);
    memory_send(slow.end, bulk, BULK);
    memory_send(slow.far, bulk, BULK);
    world_settle(&world, &slow);
    ck_assert(is_held(BANDWIDTH_IN, BANDWIDTH_SERVICE) && is_held(BANDWIDTH_OUT, BANDWIDTH_SERVICE));
    make_and_serve(&other, NULL);
    ck_assert_ptr_null(the_relay()->pump.throttle);
    memory_send(other.far, bulk, BULK);
    expect_bulk(&other, other.end);
    world_close(&other);
    world_settle(&world, &slow);
    finish(&slow);
}
END_TEST

START_TEST(the_narrowest_of_several_limits_holds) {
    struct world_client client;
    begin(RATE, 0);
    make(&client, limits);
    client.client->via = make_limits(0, RATE);
    client.client->source = make_limits(SLOW, 0);
    struct bandwidth *source = client.client->source, *via = client.client->via;
    serve(&client);
    memory_send(client.end, bulk, BULK);
    world_settle(&world, &client);
    ck_assert(is_held(BANDWIDTH_IN, BANDWIDTH_SOURCE));
    ck_assert(is_held(BANDWIDTH_OUT, BANDWIDTH_SCOPE_COUNT));
    finish(&client);
    bandwidth_release(source); /* those of the client */
    bandwidth_release(via);
}
END_TEST

START_TEST(one_that_sends_little_keeps_little_of_a_place) {
    struct world_client client;
    struct token_bucket *bucket;
    begin(RATE, 0);
    bucket = &limits->ways[BANDWIDTH_IN];
    make_and_serve(&client, limits);
    for (int i = 0; i < 2; i++) {
        world_client_say(&client, "hello");
        world_settle(&world, &client);
        world_expect(client.far, "hello");
    }
    (void)token_bucket_reserve(bucket, 10 * RATE, clock_us());
    uint64_t before = atomic_load(&bucket->full_ns);
    world_client_say(&client, "hello");
    world_settle(&world, &client);
    ck_assert(is_held(BANDWIDTH_IN, BANDWIDTH_SERVICE));
    ck_assert_uint_le(atomic_load(&bucket->full_ns) - before, TOKEN_BUCKET_SLICE_LEAST * 1000000000ull / RATE);
    finish(&client);
}
END_TEST

enum { MANY = 4, SHARE = 80000 };

static struct world_client many[MANY];
static size_t got[MANY], got_first[MANY];

static void receive_of_all(void) {
    for (int i = 0; i < MANY; i++) {
        world_settle(&world, &many[i]);
        got[i] += memory_receive(many[i].far, received, sizeof received);
    }
}

static bool all_have_some(void *context) {
    size_t least = SIZE_MAX;
    (void)context;
    receive_of_all();
    for (int i = 0; i < MANY; i++)
        least = got[i] < least ? got[i] : least;
    return least > 0;
}

static bool have_their_shares(void *context) {
    size_t sum = 0;
    (void)context;
    receive_of_all();
    for (int i = 0; i < MANY; i++)
        sum += got[i] - got_first[i];
    return sum >= MANY * SHARE;
}

/* How evenly depends on how the machine's time is shared; in which order is test_token_bucket's. */
START_TEST(those_that_share_a_limit_all_have_their_turns) {
    begin(RATE, 0);
    for (int i = 0; i < MANY; i++)
        make_and_serve(&many[i], limits);
    for (int i = 0; i < MANY; i++)
        memory_send(many[i].end, bulk, BULK);
    ck_assert(unit_run_until(loop_base(world.loop), all_have_some, NULL, PATIENCE_MS));
    memcpy(got_first, got, sizeof got);
    ck_assert(unit_run_until(loop_base(world.loop), have_their_shares, NULL, PATIENCE_MS));
    for (int i = 0; i < MANY; i++)
        ck_assert_uint_gt(got[i], got_first[i]);
    for (int i = 1; i < MANY; i++)
        world_close(&many[i]);
    finish(&many[0]);
}
END_TEST

static TCase *several(void) {
    TCase *group = tcase_create("several");
    tcase_set_timeout(group, 30);
    tcase_add_test(group, one_that_is_held_back_does_not_hold_back_others);
    tcase_add_test(group, the_narrowest_of_several_limits_holds);
    tcase_add_test(group, one_that_sends_little_keeps_little_of_a_place);
    tcase_add_test(group, those_that_share_a_limit_all_have_their_turns);
    return group;
}

/* ---- time and change ---- */

START_TEST(one_that_is_held_back_is_not_idle) {
    struct world_client client;
    begin(SLOW, 0);
    make_and_serve(&client, limits);
    memory_send(client.end, bulk, BULK);
    world_settle(&world, &client);
    ck_assert(is_held(BANDWIDTH_IN, BANDWIDTH_SERVICE));
    for (int i = 0; i < 5; i++) {
        skipped_us += HALF_CLOSE_S * 900000ull;
        world_sweep(&world, clock_us());
        ck_assert_uint_eq(client.back, 0);
    }
    finish(&client);
}
END_TEST

START_TEST(a_limit_that_is_raised_lets_go_what_it_holds) {
    struct world_client client;
    begin(SLOW, SLOW);
    make_and_serve(&client, limits);
    memory_send(client.end, bulk, BULK);
    memory_send(client.far, bulk, BULK);
    world_settle(&world, &client);
    ck_assert(is_held(BANDWIDTH_IN, BANDWIDTH_SERVICE) && is_held(BANDWIDTH_OUT, BANDWIDTH_SERVICE));
    bandwidth_set(limits, &(struct bandwidth_limits){RATE, 0, 0});
    expect_bulk(&client, client.far);
    expect_bulk(&client, client.end);
    finish(&client);
}
END_TEST

START_TEST(a_relay_that_runs_gets_the_limit_that_its_service_gets) {
    struct world_client client;
    begin(0, 0);
    make_and_serve(&client, limits);
    ck_assert_ptr_null(the_relay()->pump.throttle);
    bandwidth_set(limits, &(struct bandwidth_limits){RATE, RATE, 0});
    world_sweep(&world, clock_us());
    ck_assert_ptr_nonnull(the_relay()->pump.throttle);
    memory_send(client.end, bulk, BULK);
    memory_send(client.far, bulk, BULK);
    expect_bulk(&client, client.far);
    expect_bulk(&client, client.end);
    ck_assert_uint_gt(throttled_us(BANDWIDTH_SERVICE, BANDWIDTH_IN), 0);
    ck_assert_uint_gt(throttled_us(BANDWIDTH_SERVICE, BANDWIDTH_OUT), 0);
    finish(&client);
}
END_TEST

START_TEST(what_was_reserved_by_one_that_ends_is_given_back) {
    struct world_client client;
    begin(SLOW, SLOW);
    make_and_serve(&client, limits);
    memory_send(client.end, bulk, BULK);
    world_settle(&world, &client);
    uint64_t held = atomic_load(&limits->ways[BANDWIDTH_IN].full_ns);
    ck_assert(is_held(BANDWIDTH_IN, BANDWIDTH_SERVICE));
    bandwidth_hold(limits);
    struct bandwidth *kept = limits;
    finish(&client);
    ck_assert_uint_lt(atomic_load(&kept->ways[BANDWIDTH_IN].full_ns), held);
    bandwidth_release(kept);
}
END_TEST

static TCase *changes(void) {
    TCase *group = tcase_create("changes");
    tcase_set_timeout(group, 30);
    tcase_add_test(group, one_that_is_held_back_is_not_idle);
    tcase_add_test(group, a_limit_that_is_raised_lets_go_what_it_holds);
    tcase_add_test(group, a_relay_that_runs_gets_the_limit_that_its_service_gets);
    tcase_add_test(group, what_was_reserved_by_one_that_ends_is_given_back);
    return group;
}

UNIT_MAIN("relay/stream/throttle", bytes, several, changes)

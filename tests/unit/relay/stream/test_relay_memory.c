/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_memory: a client while memory is out. Each allocation fails once, alone and with those that follow, while
 * it is served: it comes back exactly once, and is served whole, or not at all, with all of its bytes, or is cut.
 */
#include "config.h"

#include "relay_world.h"

#include "fail_malloc.h"

#include "lib/base/clock.h"
#include "relay/http_guard.h"

#include <stdlib.h>
#include <string.h>

enum { PORT = 1000, FAILURES = 24, SERIES = 4, CAPACITY = 4 };

static bool fails_next_buffer;

/* Apart from fail_malloc, since the network in memory makes buffers, too. */
struct evbuffer *__real_evbuffer_new(void);
struct evbuffer *__wrap_evbuffer_new(void);
struct evbuffer *__wrap_evbuffer_new(void) {
    bool has_failed = fails_next_buffer;
    fails_next_buffer = false;
    return has_failed ? NULL : __real_evbuffer_new();
}

static struct relay_world world;
static struct world_client client;

static bool is_over(void *context) {
    unsigned port;
    (void)context;
    if (client.far < 0)
        client.far = memory_accepted(&port);
    world_settle(&world, &client);
    world_sweep(&world, clock_us());
    return client.back > 0 && world_relays(&world, AGENT) == 0;
}

static void serve(unsigned from, unsigned count, bool holds_early, enum proxy_version proxy) {
    static const struct service_terms_plan plan = {.service = "test"};
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
    world.services->services[0]->proxy = proxy;
    client.client->early = evbuffer_new();
    client.client->holds_early = holds_early;
    evbuffer_add(client.client->early, "early ", 6);
    world_client_say(&client, "late");
    memory_finish(client.end);
    fail_malloc_begin(from, count);
    world_serve(&world, &client);
    world_settle(&world, &client);
    (void)is_over(NULL);
    if (client.far >= 0)
        memory_finish(client.far);
    ck_assert(unit_run_until(loop_base(world.loop), is_over, NULL, 5000));
    fail_malloc_end();
}

static void expect_sane(enum proxy_version proxy) {
    ck_assert_uint_eq(client.back, 1);
    if (client.outcome != CLIENT_ENDED)
        ck_assert_int_eq(strncmp(client.early, "early late", 6), 0);
    else if (client.reason == REASON_DONE)
        world_expect(client.far, proxy == PROXY_V1 ? "PROXY UNKNOWN\r\nearly late" : "early late");
    else
        ck_assert(client.reason == REASON_MEMORY || client.reason == REASON_PEER_RESET);
}

START_TEST(a_client_is_served_or_comes_back_whichever_allocation_fails) {
    unsigned count = 0;
    for (unsigned from = 1; from < FAILURES; from++) {
        enum proxy_version proxy = _i / 4 ? PROXY_V1 : PROXY_OFF;
        serve(from, _i % 2 ? SERIES : 1, _i / 2 % 2, proxy);
        expect_sane(proxy);
        count = fail_malloc_counted();
        world_close(&client);
        world_end(&world);
    }
    ck_assert_uint_gt(count, SERIES);
    ck_assert_uint_lt(count, FAILURES); /* each was tried */
}
END_TEST

/* False: it was dropped without a guard. */
static bool serve_guarded(unsigned from, unsigned count) {
    static const struct service_terms_plan plan = {.service = "test"};
    char name[] = "a";
    char *names[] = {name};
    struct host_routes *routes = host_routes_new();
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
    ck_assert_int_eq(host_routes_add(routes, &(struct strlist){names, 1}, (struct service *)(void *)&client), 0);
    host_routes_sort(routes);
    world_client_say(&client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: b\r\n\r\n");
    memory_finish(client.end);
    fail_malloc_begin(from, count);
    client.client->guard = http_guard_new(routes, (struct service *)(void *)&client);
    host_routes_release(routes);
    bool is_guarded = client.client->guard;
    if (is_guarded)
        world_serve(&world, &client);
    else
        world_drop(&client);
    return is_guarded;
}

START_TEST(a_guarded_client_is_served_or_cut_whichever_allocation_fails) {
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    unsigned served = 0;
    for (unsigned from = 1; from < FAILURES; from++) {
        if (serve_guarded(from, _i ? SERIES : 1)) {
            world_settle(&world, &client);
            (void)is_over(NULL);
            if (client.far >= 0)
                memory_send(client.far, answer, sizeof answer - 1);
            world_settle(&world, &client);
            if (client.far >= 0)
                memory_finish(client.far);
            ck_assert(unit_run_until(loop_base(world.loop), is_over, NULL, 5000));
            if (client.outcome == CLIENT_ENDED && client.reason == REASON_DONE) {
                world_expect(client.far, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                served++;
            }
        }
        fail_malloc_end();
        world_close(&client);
        world_end(&world);
    }
    ck_assert_uint_gt(served, 0);
}
END_TEST

/* Nothing has reached a destination, so that another agent may have the client. */
START_TEST(bytes_that_cannot_wait_for_the_destination_go_elsewhere_with_their_client) {
    static const struct service_terms_plan plan = {.service = "test"};
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
    memory_connect_will(MEMORY_LATER);
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_accept(&client);
    fails_next_buffer = true;
    world_client_say(&client, "hello");
    world_settle(&world, &client);
    ck_assert(!fails_next_buffer);
    ck_assert(unit_run_until(loop_base(world.loop), is_over, NULL, 5000));
    ck_assert_uint_eq(client.back, 1);
    ck_assert_int_eq(client.outcome, CLIENT_REFUSED);
    ck_assert_int_eq(client.refusal, REFUSAL_BUSY);
    ck_assert_str_eq(client.detail, "out of memory");
    ck_assert_uint_eq(client.early_length, 5);
    ck_assert_int_eq(strncmp(client.early, "hello", 5), 0);
    world_close(&client);
    world_end(&world);
}
END_TEST

/* What the end of one side cannot keep for a reader that stands still. */
START_TEST(a_relay_without_memory_for_its_bytes_is_not_recorded_as_reset_by_its_peer) {
    static const struct service_terms_plan plan = {.service = "test"};
    int poor = _i ? SERVER : AGENT;
    world_begin(&world, CAPACITY, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
    world_client(&world, &client, &plan, PORT);
    world_serve(&world, &client);
    world_settle(&world, &client);
    world_accept(&client);
    fails_next_buffer = true;
    if (poor == AGENT)
        world_client_say(&client, "more than fits");
    else
        memory_send(client.far, "more than fits", 14);
    world_settle(&world, &client);
    ck_assert(!fails_next_buffer);
    ck_assert(unit_run_until(loop_base(world.loop), is_over, NULL, 5000));
    ck_assert_str_eq(reason_text(world.records[poor].reason), reason_text(REASON_MEMORY));
    ck_assert_str_eq(world.records[poor].by, poor == AGENT ? "agent" : "server");
    ck_assert_int_eq(world.records[!poor].reason, REASON_PEER_RESET);
    ck_assert_str_eq(world.records[!poor].detail, reason_text(REASON_MEMORY));
    world_close(&client);
    world_end(&world);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_loop_test(group, a_client_is_served_or_comes_back_whichever_allocation_fails, 0, 8);
    tcase_add_loop_test(group, a_guarded_client_is_served_or_cut_whichever_allocation_fails, 0, 2);
    tcase_add_test(group, bytes_that_cannot_wait_for_the_destination_go_elsewhere_with_their_client);
    tcase_add_loop_test(group, a_relay_without_memory_for_its_bytes_is_not_recorded_as_reset_by_its_peer, 0, 2);
    return group;
}

UNIT_MAIN("relay/stream/relay memory", all)

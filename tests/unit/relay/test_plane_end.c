/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_end: orders that are under way when the data plane is freed, and those that its close events lead to. The
 * control loop turns meanwhile: the agent port still accepts, a dial that failed is followed by the next.
 */
#include "config.h"

#include "relay/plane.h"
#include "unit.h"

#include <errno.h>

enum { PATIENCE_MS = 5000 };

static struct world {
    struct loop *loop;
    struct plane *plane;
    SSL_CTX *tls;
    bool is_agent;
    int more;                 /* so many more orders */
    evutil_socket_t there[4]; /* the far ends of what was adopted */
    int there_count;
    int gone;
} world;

static struct addr some_address(void) {
    struct addr address;
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 1};
    ck_assert(addr_from_endpoint(&address, &endpoint));
    return address;
}

static void adopt(void) {
    evutil_socket_t here;
    struct addr peer = some_address();
    ck_assert_int_lt(world.there_count, 4);
    unit_tcp_pair(&here, &world.there[world.there_count++]);
    plane_adopt(world.plane, here, &peer, world.tls, 1, 0);
}

static void dial(void) {
    const struct dial_order order = {
        .address = some_address(), .tls = world.tls, .server_name = "127.0.0.1", .hello = "{}", .tag = 1};
    plane_dial(world.plane, &order);
}

static void give_order(void) {
    if (world.is_agent)
        dial();
    else
        adopt();
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context, (void)end;
    world.gone++;
    if (world.more-- > 0)
        give_order();
}

static void begin(unsigned threads, bool is_agent) {
    static const struct plane_events events = {.on_gone = on_gone};
    struct error error = {""};
    world = (struct world){.loop = loop_new("test"), .is_agent = is_agent, .more = 2};
    ck_assert_ptr_nonnull(world.loop);
    world.tls = SSL_CTX_new(is_agent ? TLS_client_method() : TLS_server_method());
    const struct plane_options options = {.threads = threads,
                                          .control = world.loop,
                                          .instance = "00112233445566778899aabbccddeeff",
                                          .greeting_ms = 5000,
                                          .is_agent = is_agent,
                                          .events = &events};
    world.plane = plane_new(&options, &error);
    ck_assert_msg(world.plane, "%s", error.text);
}

static bool is_closed(void *there) {
    char byte;
    ptrdiff_t n = unit_receive(*(evutil_socket_t *)there, &byte, 1);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void finish(void) {
    plane_free(world.plane);
    loop_free(world.loop);
    ck_assert_int_eq(SSL_CTX_up_ref(world.tls), 1); /* the test's own reference is the last */
    SSL_CTX_free(world.tls);
    SSL_CTX_free(world.tls);
    for (int i = 0; i < world.there_count; i++) {
        ck_assert_msg(unit_wait_until(is_closed, &world.there[i], 5000), "connection %d is still open", i);
        evutil_closesocket(world.there[i]);
    }
}

static bool has_link(void *context) {
    struct plane_counts counts;
    (void)context;
    plane_count(world.plane, &counts);
    return counts.links > 0;
}

static const unsigned threads[] = {1, 3};

/* One thread shares the control loop, and its message is delivered when it has ended. */
START_TEST(a_connection_that_no_thread_has_seen_is_closed) {
    begin(threads[_i / 2], _i % 2);
    give_order();
    finish();
    ck_assert_int_ge(world.gone, 1);
}
END_TEST

START_TEST(a_connection_that_comes_while_the_plane_is_freed_is_closed) {
    begin(threads[_i], false);
    adopt();
    ck_assert(unit_run_until(loop_base(world.loop), has_link, NULL, PATIENCE_MS));
    finish();
    ck_assert_int_eq(world.there_count, 2);
}
END_TEST

START_TEST(a_dial_that_follows_another_while_the_plane_is_freed_is_none) {
    begin(threads[_i], true);
    for (int i = 0; i < 64; i++)
        dial();
    finish();
    ck_assert_int_le(world.gone, 64);
}
END_TEST

static TCase *ends(void) {
    TCase *group = tcase_create("ends");
    tcase_add_loop_test(group, a_connection_that_no_thread_has_seen_is_closed, 0, 4);
    tcase_add_loop_test(group, a_connection_that_comes_while_the_plane_is_freed_is_closed, 0, 2);
    tcase_add_loop_test(group, a_dial_that_follows_another_while_the_plane_is_freed_is_none, 0, 2);
    return group;
}

UNIT_MAIN("relay/plane_end", ends)

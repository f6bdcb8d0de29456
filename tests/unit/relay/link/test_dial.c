/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_dial: an agent's link by a proxy that is a script, over a network in memory: how it comes to the server, and
 * what is reported when it does not.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <string.h>

enum {
    SOON_MS = 5000,
    LATE_US = 16000000,
    LARGE = 16000 /* bytes: of the orders for a link only the talk is larger */
};

static bool memory_lacks; /* for what is large */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return memory_lacks && count * size > LARGE ? NULL : __real_calloc(count, size);
}

static uint64_t ahead_us; /* of the real clock */

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + ahead_us;
}

static struct world {
    struct two_planes planes;
    struct proxy proxy;
    evutil_socket_t far; /* the proxy's end */
    unsigned carriers, gone;
    struct link_end end;
} world;

static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag, (void)role;
    world.carriers++;
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    world.gone++;
    world.end = *end;
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting};
static const struct plane_events agent_events = {.on_carrier = on_carrier, .on_gone = on_gone};

static void begin(const char *url) {
    memset(&world, 0, sizeof world);
    ahead_us = 0;
    two_planes_begin(&world.planes, &world, MUCH, &server_events, &agent_events);
    ck_assert_int_eq(proxy_parse(&world.proxy, url, NULL), 0);
    world.planes.proxy = &world.proxy;
}

/* What the agent has sent to the proxy. */
static void expect_request(const char *part) {
    char bytes[4096] = "";
    memory_carry(world.far, MUCH);
    ck_assert_uint_lt(memory_receive(world.far, bytes, sizeof bytes - 1), sizeof bytes);
    ck_assert_msg(strstr(bytes, part), "%s", bytes);
}

static void dial(void) {
    two_planes_dial(&world.planes);
    world.far = two_planes_accepted();
    two_planes_settle(&world.planes);
}

static void answer_bytes(const char *text, size_t length, size_t piece) {
    evutil_socket_t end = memory_peer(world.far);
    memory_send(world.far, text, length);
    for (size_t at = 0; at < length; at += piece) {
        memory_carry(end, piece);
        two_planes_settle(&world.planes);
    }
}

static void answer(const char *text) {
    answer_bytes(text, strlen(text), MUCH);
}

static uint64_t counted(enum proxy_fault result) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < plane_thread_count(world.planes.agent); i++)
        sum += counter_read(&plane_thread_counts(world.planes.agent, i)->proxies[result]);
    return sum;
}

static void expect_link(void) {
    two_planes_take_in(&world.planes, world.far);
    two_planes_greet(&world.planes, world.far);
    ck_assert_uint_eq(world.carriers, 1);
    ck_assert_uint_eq(world.gone, 0);
    ck_assert_uint_eq(counted(PROXY_FAULT_NONE), 1);
}

static bool is_gone(void *context) {
    (void)context;
    return world.gone > 0;
}

static void expect_gone(enum proxy_fault fault, const char *detail) {
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_gone, NULL, SOON_MS));
    ck_assert_msg(strstr(world.end.detail, detail), "%s", world.end.detail);
    ck_assert_msg(strstr(world.end.detail, "proxy p:3128: ") == world.end.detail, "%s", world.end.detail);
    ck_assert_int_eq(world.end.proxy_fault, fault);
    ck_assert_uint_eq(counted(fault), 1);
    ck_assert_uint_eq(counted(PROXY_FAULT_NONE), 0);
    ck_assert_uint_eq(world.gone, 1);
}

static void finish(void) {
    memory_close(world.far);
    two_planes_finish(&world.planes);
}

START_TEST(a_link_comes_by_connect_in_any_pieces) {
    static const char yes[] = "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n";
    for (size_t piece = 1; piece < sizeof yes; piece += 7) {
        begin("http://p:3128");
        dial();
        expect_request("CONNECT 127.0.0.1:1 HTTP/1.1\r\n");
        answer_bytes(yes, sizeof yes - 1, piece);
        expect_link();
        two_planes_finish(&world.planes);
    }
}
END_TEST

START_TEST(a_link_comes_by_socks5) {
    begin("socks5://bob:pw@p:3128");
    dial();
    expect_request("\5\2");
    answer_bytes("\5\2", 2, 1);
    expect_request("\1\3bob\2pw");
    answer_bytes("\1\0", 2, 1);
    memory_carry(world.far, MUCH);
    answer_bytes("\5\0\0\1\177\0\0\1\0\1", 10, 3);
    char request[16];
    ck_assert_uint_eq(memory_receive(world.far, request, sizeof request), 10);
    expect_link();
    two_planes_finish(&world.planes);
}
END_TEST

START_TEST(a_challenge_is_answered_on_another_connection) {
    begin("http://bob:secret@p:3128");
    dial();
    memory_connect_will(MEMORY_AT_ONCE);
    answer("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 5\r\n\r\nhello");
    memory_close(world.far);
    world.far = two_planes_accepted();
    two_planes_settle(&world.planes);
    expect_request("Proxy-Authorization: Basic Ym9iOnNlY3JldA==\r\n");
    answer("HTTP/1.1 200 OK\r\n\r\n");
    expect_link();
    two_planes_finish(&world.planes);
}
END_TEST

START_TEST(the_other_connection_may_be_refused) {
    begin("http://bob:secret@p:3128");
    dial();
    memory_connect_will(MEMORY_REFUSED);
    answer("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n");
    expect_gone(PROXY_FAULT_UNREACHABLE, "refused");
    finish();
}
END_TEST

START_TEST(what_the_proxy_answers_is_reported) {
    begin("http://p:3128");
    dial();
    answer("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    expect_gone(PROXY_FAULT_CANNOT_CONNECT, "answered 502 Bad Gateway to CONNECT 127.0.0.1:1");
    finish();
}
END_TEST

START_TEST(an_end_is_reported) {
    begin("http://p:3128");
    dial();
    memory_finish(world.far);
    memory_carry(memory_peer(world.far), MUCH);
    expect_gone(PROXY_FAULT_UNREACHABLE, "closed the connection without an answer");
    finish();
}
END_TEST

START_TEST(silence_has_a_deadline) {
    begin("http://p:3128");
    dial();
    answer("HTTP/1.1 200");
    ahead_us = LATE_US;
    expect_gone(PROXY_FAULT_UNREACHABLE, "no answer in time");
    ck_assert(world.end.timed_out);
    finish();
}
END_TEST

START_TEST(silence_after_a_greeting_of_socks5_is_named) {
    begin("socks5://p:3128");
    dial();
    ahead_us = LATE_US;
    expect_gone(PROXY_FAULT_SILENT, "did not answer SOCKS5: it may be an HTTP proxy");
    ck_assert(world.end.timed_out);
    finish();
}
END_TEST

START_TEST(without_memory_for_the_talk_there_is_no_link) {
    begin("http://p:3128");
    memory_lacks = true;
    two_planes_dial(&world.planes);
    memory_lacks = false;
    ck_assert_uint_eq(world.gone, 1);
    ck_assert_str_eq(world.end.detail, "out of memory");
    ck_assert_int_eq(world.end.proxy_fault, PROXY_FAULT_NONE);
    two_planes_finish(&world.planes);
}
END_TEST

/* The plane is stopped while the proxy has not answered: nothing may be left. */
START_TEST(a_stop_ends_the_talk) {
    begin("http://p:3128");
    dial();
    plane_free(world.planes.agent);
    world.planes.agent = NULL;
    finish();
}
END_TEST

static TCase *proxies(void) {
    TCase *group = tcase_create("proxies");
    tcase_add_test(group, a_link_comes_by_connect_in_any_pieces);
    tcase_add_test(group, a_link_comes_by_socks5);
    tcase_add_test(group, a_challenge_is_answered_on_another_connection);
    tcase_add_test(group, the_other_connection_may_be_refused);
    tcase_add_test(group, what_the_proxy_answers_is_reported);
    tcase_add_test(group, an_end_is_reported);
    tcase_add_test(group, silence_has_a_deadline);
    tcase_add_test(group, silence_after_a_greeting_of_socks5_is_named);
    tcase_add_test(group, without_memory_for_the_talk_there_is_no_link);
    tcase_add_test(group, a_stop_ends_the_talk);
    return group;
}

UNIT_MAIN("relay/link/dial", proxies)

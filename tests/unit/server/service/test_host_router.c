/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_host_router: connections are routed by what they send first, in any pieces, and each that is not gets its
 * answer, that of route_answer.c.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "server/client_hello.h"
#include "server/service/first_bytes.h"
#include "server/service/host_router.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"

static char one, rest; /* a service is an address here */

static struct world {
    struct event_base *base;
    struct host_router *router;
    struct host_routes *routes;
    struct host_router_port port;
    unsigned routed, agents, refused;
    struct service *service; /* of the last one that was routed, as the next two */
    char name[HOST_NAME_SIZE];
    int fd;
    enum route_result result; /* the last refusal */
    char detail[HOST_NAME_SIZE];
} world;

static struct service *service_of(char *place) {
    return (struct service *)(void *)place;
}

static void on_routed(void *context, struct service *service, const struct host_route *route) {
    ck_assert_ptr_eq(context, &world);
    world.routed++;
    world.service = service;
    world.fd = (int)route->fd;
    snprintf(world.name, sizeof world.name, "%s", route->name);
    free(route->found.tlvs);
}

static void on_agent(void *context, const struct host_route *route) {
    ck_assert_ptr_eq(context, &world);
    world.agents++;
    world.fd = (int)route->fd;
}

static void on_refused(void *context, enum route_result result, const struct addr *peer, const char *detail) {
    ck_assert_ptr_eq(context, &world);
    ck_assert_uint_eq(addr_port(peer), 5555);
    world.refused++;
    world.result = result;
    snprintf(world.detail, sizeof world.detail, "%s", detail ? detail : "");
}

static void add(const char *host, char *place) {
    struct strlist hosts = {.count = 0};

    if (host)
        ck_assert_int_eq(strlist_add(&hosts, host), 0);
    ck_assert_int_eq(host_routes_add(world.routes, &hosts, service_of(place)), 0);
    host_routes_sort(world.routes);
    strlist_done(&hosts);
}

static void begin(void) {
    world = (struct world){.base = event_base_new(), .routes = host_routes_new(), .fd = -1};
    world.router = host_router_new(world.base);
    world.port = (struct host_router_port){.routes = world.routes,
                                           .on_routed = on_routed,
                                           .on_agent = on_agent,
                                           .on_refused = on_refused,
                                           .context = &world};
    add("one.example", &one);
}

static void end(void) {
    if (world.fd >= 0)
        close(world.fd);
    host_router_free(world.router);
    host_routes_release(world.routes);
    event_base_free(world.base);
}

static void run(void) {
    event_base_loop(world.base, EVLOOP_NONBLOCK);
}

/* The client's end of a TCP connection that the router has. */
static int connect_with(const void *bytes, size_t length) {
    struct endpoint endpoint;
    struct inspected found = {.tlvs = NULL};
    evutil_socket_t client, accepted;

    ck_assert_int_eq(endpoint_parse(&endpoint, "192.0.2.1:5555", NULL), 0);
    ck_assert(addr_from_endpoint(&found.peer, &endpoint));
    found.local = found.peer;
    unit_tcp_pair(&client, &accepted);
    sock_set_reset_on_close(accepted, true);
    ck_assert_int_eq(send(client, bytes, length, 0), (ssize_t)length);
    host_router_begin(world.router, &world.port, accepted, &found);
    return (int)client;
}

static bool is_decided(void *context) {
    (void)context;
    return world.routed || world.agents || world.refused;
}

static void expect_rest(const char *wanted, size_t length) {
    char bytes[512];

    ck_assert_int_eq(recv(world.fd, bytes, sizeof bytes, 0), (ssize_t)length);
    ck_assert(memcmp(bytes, wanted, length) == 0);
}

/* What comes back, and then an end of file; it is over here once the client has closed. */
static void expect_answer(int client, const void *wanted, size_t length) {
    char bytes[512];
    size_t got = 0;
    ssize_t part = -1;

    for (int i = 0; i < 1000 && part != 0; i++) {
        run();
        part = recv(client, bytes + got, sizeof bytes - got, 0);
        ck_assert(part >= 0 || errno == EAGAIN);
        got += part > 0 ? (size_t)part : 0;
        if (part < 0)
            unit_nap(1000);
    }
    ck_assert_int_eq(part, 0);
    ck_assert_uint_ge(got, length);
    ck_assert(memcmp(bytes, wanted, length) == 0);
    ck_assert_uint_eq(host_router_count(world.router), 1);
    close(client);
    for (int i = 0; i < 1000 && host_router_count(world.router); i++) {
        run();
        unit_nap(1000);
    }
    ck_assert_uint_eq(host_router_count(world.router), 0);
}

START_TEST(a_head_that_is_there_is_routed_at_once) {
    begin();
    int client = connect_with(GET("One.example:80"), sizeof GET("One.example:80") - 1);
    ck_assert_uint_eq(world.routed, 1);
    ck_assert_ptr_eq(world.service, service_of(&one));
    ck_assert_str_eq(world.name, "one.example");
    expect_rest(GET("One.example:80"), sizeof GET("One.example:80") - 1);
    ck_assert_uint_eq(host_router_count(world.router), 0);
    close(client);
    end();
}
END_TEST

START_TEST(a_head_in_single_bytes_is_routed) {
    static const char head[] = GET("one.example");

    begin();
    int client = connect_with(head, 0);
    for (size_t i = 0; i + 1 < sizeof head; i++) {
        ck_assert_uint_eq(world.routed, 0);
        ck_assert_int_eq(send(client, head + i, 1, 0), 1);
        run();
    }
    ck_assert(unit_run_until(world.base, is_decided, NULL, 3000));
    ck_assert_uint_eq(world.routed, 1);
    expect_rest(head, sizeof head - 1);
    close(client);
    end();
}
END_TEST

static const struct {
    const char *sent, *answer; /* NULL: a reset */
    enum route_result result;
    const char *detail;
} refusals[] = {
    {GET("two.example"), "HTTP/1.1 421 ", ROUTE_UNKNOWN_NAME, "two.example"},
    {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 421 ", ROUTE_NO_NAME, ""},
    {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", ROUTE_MALFORMED, "no Host"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", ROUTE_NO_NAME, ""},
    {"SSH-2.0-client\r\n", NULL, ROUTE_OTHER_PROTOCOL, ""},
};

START_TEST(what_no_service_is_for_is_told_so) {
    char bytes[64];

    begin();
    int client = connect_with(refusals[_i].sent, strlen(refusals[_i].sent));
    ck_assert_uint_eq(world.refused, 1);
    ck_assert_int_eq(world.result, refusals[_i].result);
    ck_assert_str_eq(world.detail, refusals[_i].detail);
    if (refusals[_i].answer) {
        expect_answer(client, refusals[_i].answer, strlen(refusals[_i].answer));
    } else {
        ck_assert(recv(client, bytes, sizeof bytes, 0) < 0 && errno == ECONNRESET);
        close(client);
    }
    end();
}
END_TEST

/* Its body has the length that it says. */
START_TEST(an_answer_is_whole) {
    char bytes[512] = "";

    begin();
    int client = connect_with(GET("two.example"), sizeof GET("two.example") - 1);
    run();
    ssize_t got = recv(client, bytes, sizeof bytes - 1, 0);
    ck_assert_int_gt(got, 0);
    const char *length = strstr(bytes, "Content-Length: "), *body = strstr(bytes, "\r\n\r\n");
    ck_assert(length && body);
    ck_assert_uint_eq(strtoul(length + strlen("Content-Length: "), NULL, 10), strlen(body + 4));
    ck_assert_ptr_nonnull(strstr(bytes, "Connection: close\r\n"));
    close(client);
    end();
}
END_TEST

START_TEST(a_malformed_hello_gets_an_alert) {
    begin();
    int client = connect_with(client_hello, sizeof client_hello);
    ck_assert_int_eq(world.result, ROUTE_MALFORMED);
    expect_answer(client, "\x15\x03\x03\x00\x02\x02\x32", 7);
    end();
}
END_TEST

START_TEST(the_rest_has_a_service) {
    begin();
    add(NULL, &rest);
    int client = connect_with("SSH-2.0-client\r\n", 16);
    ck_assert_uint_eq(world.routed, 1);
    ck_assert_ptr_eq(world.service, service_of(&rest));
    close(world.fd);
    close(client);
    client = connect_with(GET("two.example"), sizeof GET("two.example") - 1);
    ck_assert_uint_eq(world.routed, 2);
    ck_assert_ptr_eq(world.service, service_of(&rest));
    ck_assert_str_eq(world.name, "two.example");
    close(client);
    end();
}
END_TEST

START_TEST(at_the_limit_the_oldest_goes) {
    int clients[4];

    begin();
    host_router_set_limit(world.router, 3);
    for (int i = 0; i < 4; i++)
        clients[i] = connect_with("GE", 2);
    ck_assert_uint_eq(host_router_count(world.router), 3);
    ck_assert_int_eq(world.result, ROUTE_FULL);
    char byte;
    ck_assert(recv(clients[0], &byte, 1, 0) < 0 && errno == ECONNRESET);
    ck_assert(recv(clients[3], &byte, 1, 0) < 0 && errno == EAGAIN);
    host_router_drop(world.router, &world.port);
    ck_assert_uint_eq(host_router_count(world.router), 0);
    ck_assert_uint_eq(world.refused, 1);
    for (int i = 0; i < 4; i++)
        close(clients[i]);
    end();
}
END_TEST

START_TEST(a_client_that_goes_is_no_alarm) {
    begin();
    close(connect_with("GE", 2));
    ck_assert(unit_run_until(world.base, is_decided, NULL, 3000));
    ck_assert_int_eq(world.result, ROUTE_CLOSED);
    ck_assert_uint_eq(host_router_count(world.router), 0);
    world.refused = 0;
    close(connect_with("", 0));
    ck_assert(unit_run_until(world.base, is_decided, NULL, 3000));
    ck_assert_int_eq(world.result, ROUTE_CLOSED);
    end();
}
END_TEST

static TCase *routing(void) {
    TCase *group = tcase_create("routing");

    tcase_add_test(group, a_head_that_is_there_is_routed_at_once);
    tcase_add_test(group, a_head_in_single_bytes_is_routed);
    tcase_add_loop_test(group, what_no_service_is_for_is_told_so, 0, sizeof refusals / sizeof *refusals);
    tcase_add_test(group, an_answer_is_whole);
    tcase_add_test(group, a_malformed_hello_gets_an_alert);
    tcase_add_test(group, the_rest_has_a_service);
    tcase_add_test(group, at_the_limit_the_oldest_goes);
    tcase_add_test(group, a_client_that_goes_is_no_alarm);
    return group;
}

UNIT_MAIN("server/service/host_router", routing)

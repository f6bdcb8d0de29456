/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_inspect: the header is taken and not a byte more, whatever pieces it comes in; those that send none are bounded.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/strlist.h"
#include "server/service/inspect.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char v1[] = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n";
static const char v2_local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

static struct world {
    struct event_base *base;
    struct inspect *inspect;
    struct acl *balancers;
    struct inspect_port port;
    struct addr balancer, listening;
    unsigned known, failed;
    int fd; /* of the last known one */
    struct inspected found;
    enum inspect_failure failure; /* the last one */
    struct error detail;
} world;

static struct addr address(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    ck_assert_int_eq(endpoint_parse(&endpoint, text, NULL), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static void on_known(void *context, evutil_socket_t fd, const struct inspected *found) {
    ck_assert_ptr_eq(context, &world);
    world.known++;
    world.fd = fd;
    world.found = *found;
}

static void on_failed(void *context, enum inspect_failure failure, const struct addr *peer, const char *detail) {
    ck_assert_ptr_eq(context, &world);
    ck_assert(addr_same_host(peer, &world.balancer));
    world.failed++;
    world.failure = failure;
    error_set(&world.detail, "%s", detail);
}

static void begin(void) {
    char *pattern = (char[]){"10.0.0.0/8"};
    const struct strlist patterns = {.items = &pattern, .count = 1};
    world = (struct world){.base = event_base_new(), .fd = -1};
    world.inspect = inspect_new(world.base);
    ck_assert_int_eq(acl_read(&world.balancers, &patterns, NULL), 0);
    world.port = (struct inspect_port){
        .balancers = world.balancers, .deadline_s = 5, .on_known = on_known, .on_failed = on_failed, .context = &world};
    world.balancer = address("10.1.2.3:5555");
    world.listening = address("0.0.0.0:443");
}

static void end(void) {
    if (world.fd >= 0)
        close(world.fd);
    inspect_free(world.inspect);
    acl_free(world.balancers);
    event_base_free(world.base);
}

/* The balancer's end. What it has sent is there when the connection is accepted. */
static int connect_with(const void *bytes, size_t length) {
    evutil_socket_t ends[2];
    ck_assert_int_eq(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    evutil_make_socket_nonblocking(ends[1]);
    ck_assert_int_eq(write(ends[0], bytes, length), (ssize_t)length);
    inspect_begin(world.inspect, &world.port, ends[1], &world.balancer, &world.listening);
    return (int)ends[0];
}

static void run(void) {
    event_base_loop(world.base, EVLOOP_NONBLOCK);
}

static void run_for(unsigned ms) {
    uint64_t end_us = clock_us() + ms * 1000;
    while (clock_us() < end_us && !world.known && !world.failed)
        event_base_loop(world.base, EVLOOP_ONCE);
}

static void expect_addr(const struct addr *addr, const char *wanted) {
    char text[ADDR_TEXT];
    ck_assert_str_eq(addr_format(addr, text, sizeof text), wanted);
}

static void expect_rest(const char *wanted) {
    char rest[100];
    ssize_t got = read(world.fd, rest, sizeof rest);
    if (!*wanted) {
        ck_assert_int_eq(got, -1);
        ck_assert_int_eq(errno, EAGAIN);
        return;
    }
    ck_assert_int_eq(got, (ssize_t)strlen(wanted));
    ck_assert_mem_eq(rest, wanted, strlen(wanted));
}

START_TEST(address_comes_from_the_header_and_what_follows_stays_in_the_socket) {
    char bytes[100], text[ADDR_TEXT];
    begin();
    snprintf(bytes, sizeof bytes, "%shello", v1);
    int fd = connect_with(bytes, strlen(bytes));
    ck_assert_uint_eq(world.known, 1);
    ck_assert_uint_eq(inspect_count(world.inspect), 0);
    expect_addr(&world.found.peer, "192.0.2.1:40000");
    ck_assert_str_eq(open_address_format(&world.found.reached, text, sizeof text), "198.51.100.2:443");
    expect_addr(&world.found.local, "0.0.0.0:443");
    expect_rest("hello");
    close(fd);
    end();
}
END_TEST

START_TEST(header_may_come_in_single_bytes) {
    begin();
    int fd = connect_with("P", 1);
    for (size_t i = 1; i < sizeof v1 - 1; i++) {
        ck_assert_uint_eq(world.known, 0);
        ck_assert_int_eq(write(fd, v1 + i, 1), 1);
        run();
    }
    ck_assert_uint_eq(world.known, 1);
    expect_addr(&world.found.peer, "192.0.2.1:40000");
    expect_rest("");
    close(fd);
    end();
}
END_TEST

START_TEST(without_addresses_the_connection_has_its_own) {
    static const char unknown[] = "PROXY UNKNOWN\r\n";
    begin();
    int fd = connect_with(unknown, sizeof unknown - 1);
    ck_assert_uint_eq(world.known, 1);
    expect_addr(&world.found.peer, "10.1.2.3:5555");
    expect_addr(&world.found.local, "0.0.0.0:443");
    close(fd);
    end();
}
END_TEST

START_TEST(address_that_is_not_listed_is_refused_whatever_it_sends) {
    begin();
    world.balancer = address("192.168.0.1:5555");
    int fd = connect_with(v1, sizeof v1 - 1);
    ck_assert_uint_eq(world.known, 0);
    ck_assert_uint_eq(world.failed, 1);
    ck_assert_int_eq(world.failure, INSPECT_NOT_LISTED);
    ck_assert_uint_eq(inspect_count(world.inspect), 0);
    close(fd);
    end();
}
END_TEST

START_TEST(malformed_header_is_refused_and_named) {
    begin();
    int fd = connect_with("GET / HTTP/1.1\r\n", 16);
    ck_assert_int_eq(world.failure, INSPECT_MALFORMED);
    ck_assert_str_eq(world.detail.text, "no valid PROXY header: it does not begin with a PROXY header");
    close(fd);
    end();
}
END_TEST

START_TEST(header_that_is_cut_is_malformed) {
    begin();
    int fd = connect_with(v1, 10);
    ck_assert_uint_eq(world.failed, 0);
    close(fd);
    run();
    ck_assert_uint_eq(world.failed, 1);
    ck_assert_int_eq(world.failure, INSPECT_MALFORMED);
    end();
}
END_TEST

START_TEST(connection_that_ends_without_a_byte_is_no_alarm) {
    begin();
    close(connect_with("", 0));
    run();
    ck_assert_uint_eq(world.failed, 1);
    ck_assert_int_eq(world.failure, INSPECT_CLOSED);
    end();
}
END_TEST

START_TEST(header_has_to_come_before_the_deadline) {
    begin();
    world.port.deadline_s = 0;
    int fd = connect_with(v1, 10);
    run_for(2000);
    ck_assert_uint_eq(world.failed, 1);
    ck_assert_int_eq(world.failure, INSPECT_TIMEOUT);
    close(fd);
    end();
}
END_TEST

START_TEST(local_connection_that_ends_is_a_health_check_and_no_client) {
    begin();
    int fd = connect_with(v2_local, sizeof v2_local - 1);
    ck_assert_uint_eq(world.known + world.failed, 0);
    close(fd);
    run();
    ck_assert_uint_eq(world.failed, 1);
    ck_assert_int_eq(world.failure, INSPECT_CLOSED);
    end();
}
END_TEST

START_TEST(local_connection_that_sends_something_or_stays_is_a_client) {
    begin();
    int fd = connect_with(v2_local, sizeof v2_local - 1);
    if (_i)
        ck_assert_int_eq(write(fd, "x", 1), 1);
    run_for(2000);
    ck_assert_uint_eq(world.known, 1);
    expect_addr(&world.found.peer, "10.1.2.3:5555");
    expect_rest(_i ? "x" : "");
    close(fd);
    end();
}
END_TEST

START_TEST(silent_connections_do_not_keep_a_good_one_out) {
    enum { LIMIT = 8, SILENT = 50 };
    int silent[SILENT];
    begin();
    inspect_set_limit(world.inspect, LIMIT);
    for (size_t i = 0; i < SILENT; i++)
        silent[i] = connect_with("", 0);
    ck_assert_uint_eq(inspect_count(world.inspect), LIMIT);
    ck_assert_uint_eq(world.failed, SILENT - LIMIT);
    ck_assert_int_eq(world.failure, INSPECT_FULL);
    int fd = connect_with(v1, 5);
    ck_assert_int_eq(write(fd, v1 + 5, sizeof v1 - 6), sizeof v1 - 6);
    run();
    ck_assert_uint_eq(world.known, 1);
    for (size_t i = 0; i < SILENT; i++)
        close(silent[i]);
    close(fd);
    end();
}
END_TEST

START_TEST(connections_of_a_port_that_goes_are_reset_and_others_stay) {
    struct inspect_port other;
    begin();
    int fd = connect_with("P", 1);
    other = world.port;
    inspect_drop(world.inspect, &other);
    ck_assert_uint_eq(inspect_count(world.inspect), 1);
    inspect_drop(world.inspect, &world.port);
    ck_assert_uint_eq(inspect_count(world.inspect), 0);
    ck_assert_uint_eq(world.known + world.failed, 0);
    close(fd);
    end();
}
END_TEST

static TCase *headers(void) {
    TCase *group = tcase_create("headers");
    tcase_add_test(group, address_comes_from_the_header_and_what_follows_stays_in_the_socket);
    tcase_add_test(group, header_may_come_in_single_bytes);
    tcase_add_test(group, without_addresses_the_connection_has_its_own);
    tcase_add_test(group, address_that_is_not_listed_is_refused_whatever_it_sends);
    tcase_add_test(group, malformed_header_is_refused_and_named);
    tcase_add_test(group, header_that_is_cut_is_malformed);
    return group;
}

static TCase *waiting(void) {
    TCase *group = tcase_create("waiting");
    tcase_add_test(group, connection_that_ends_without_a_byte_is_no_alarm);
    tcase_add_test(group, header_has_to_come_before_the_deadline);
    tcase_add_test(group, local_connection_that_ends_is_a_health_check_and_no_client);
    tcase_add_loop_test(group, local_connection_that_sends_something_or_stays_is_a_client, 0, 2);
    tcase_add_test(group, silent_connections_do_not_keep_a_good_one_out);
    tcase_add_test(group, connections_of_a_port_that_goes_are_reset_and_others_stay);
    return group;
}

UNIT_MAIN("server/service/inspect", headers, waiting)

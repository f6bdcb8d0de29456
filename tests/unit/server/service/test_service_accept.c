/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_accept: where balancers send PROXY headers, a connection is a client when its header is there, by the
 * address in it.
 */
#include "config.h"

#include "proto/proxy_protocol.h"
#include "server/server_fixture.h"
#include "server/service/inspect.h"
#include "server/service/service.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

static const char header[] = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n";

static void open_behind(struct server_fixture *server_fixture, const char *balancer) {
    server_fixture_set_any(server_fixture);
    ck_assert_int_eq(strlist_add(&server_fixture->conf->services[0].accept_proxy, balancer), 0);
    server_fixture->conf->services[0].max_per_source = 1;
    server_fixture->conf->services[0].proxy_protocol = PROXY_V2;
    server_fixture_open(server_fixture);
    server_fixture_join_ready(server_fixture, "a");
}

static struct service_numbers numbers_of(const struct server_fixture *server_fixture) {
    struct service_numbers numbers;
    service_read(server_fixture->server->services.items[0], &numbers);
    return numbers;
}

static void send_to(struct server_fixture *server_fixture, int fd, const void *bytes, size_t length) {
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    server_fixture_run(server_fixture);
}

START_TEST(client_has_the_address_of_its_header) {
    struct server_fixture server_fixture;
    struct fake_order order;
    char text[ADDR_TEXT];
    open_behind(&server_fixture, "127.0.0.0/8");
    int fd = server_fixture_connect(&server_fixture, 0), other = server_fixture_connect(&server_fixture, 0);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    send_to(&server_fixture, fd, header, sizeof header - 1);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_str_eq(addr_format(&order.client->peer, text, sizeof text), "192.0.2.1:40000");
    ck_assert_str_eq(open_address_format(&order.client->local, text, sizeof text), "198.51.100.2:443");
    ck_assert_ptr_null(order.client->tlvs);
    send_to(&server_fixture, other, header, sizeof header - 1); /* max_per_source goes by it, too */
    ck_assert(server_fixture_is_reset(&server_fixture, other));
    ck_assert_uint_eq(numbers_of(&server_fixture).refused[ACCESS_MAX_PER_SOURCE], 1);
    close(other);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(values_of_the_header_go_on_to_the_destination) {
    static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x19\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\x01\xbb"
                             "\x02\0\3a.b\x05\0\4abcd";
    struct server_fixture server_fixture;
    struct fake_order order;
    open_behind(&server_fixture, "127.0.0.0/8");
    int fd = server_fixture_connect(&server_fixture, 0);
    send_to(&server_fixture, fd, v2, sizeof v2 - 1);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_ptr_nonnull(order.client->tlvs);
    ck_assert_uint_eq(order.client->tlvs->length, 6); /* the authority alone: the relay has a unique id of its own */
    ck_assert_mem_eq(order.client->tlvs->bytes, "\x02\0\3a.b", 6);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

/* "127.0.0.1:+0" would lead to whatever port the header has. */
START_TEST(port_that_the_destination_follows_is_the_listener_s) {
    struct server_fixture server_fixture;
    struct fake_order order;
    server_fixture_set_any(&server_fixture);
    struct service_config *conf = &server_fixture.conf->services[0];
    ck_assert_int_eq(strlist_add(&conf->accept_proxy, "127.0.0.0/8"), 0);
    strlist_done(&conf->connect);
    ck_assert_int_eq(strlist_add(&conf->connect, "127.0.0.1:+0"), 0);
    server_fixture_open(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_connect(&server_fixture, 0);
    send_to(&server_fixture, fd, header, sizeof header - 1);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(order.client->local.port, server_fixture.ports[0]);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(what_sends_no_header_is_no_client) {
    struct server_fixture server_fixture;
    open_behind(&server_fixture, _i ? "10.0.0.0/8" : "127.0.0.0/8");
    int fd = server_fixture_connect(&server_fixture, 0);
    if (!_i)
        send_to(&server_fixture, fd, "hello", 5);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(numbers_of(&server_fixture).refused[_i ? ACCESS_PROXY_NOT_LISTED : ACCESS_PROXY_MALFORMED], 1);
    ck_assert_uint_eq(numbers_of(&server_fixture).clients, 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(connections_without_a_header_go_when_the_service_is_paused) {
    struct server_fixture server_fixture;
    open_behind(&server_fixture, "127.0.0.0/8");
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_uint_eq(inspect_count(server_fixture.server->inspect), 1);
    ck_assert(service_pause(server_fixture.server->services.items[0], "test"));
    ck_assert_uint_eq(inspect_count(server_fixture.server->inspect), 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(connection_that_ends_without_a_byte_is_counted_apart) {
    struct server_fixture server_fixture;
    open_behind(&server_fixture, "127.0.0.0/8");
    close(server_fixture_connect(&server_fixture, 0));
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(numbers_of(&server_fixture).balancer_checks, 1);
    ck_assert_uint_eq(service_refused(server_fixture.server->services.items[0]), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *balancers(void) {
    TCase *group = tcase_create("balancers");
    tcase_add_test(group, client_has_the_address_of_its_header);
    tcase_add_test(group, values_of_the_header_go_on_to_the_destination);
    tcase_add_test(group, port_that_the_destination_follows_is_the_listener_s);
    tcase_add_loop_test(group, what_sends_no_header_is_no_client, 0, 2);
    tcase_add_test(group, connections_without_a_header_go_when_the_service_is_paused);
    tcase_add_test(group, connection_that_ends_without_a_byte_is_counted_apart);
    return group;
}

UNIT_MAIN("server/service/service_accept", balancers)

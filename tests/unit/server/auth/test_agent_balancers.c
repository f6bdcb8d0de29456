/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_balancers: an agent port behind balancers that send the PROXY header; by agent_listener.c and
 * agent_listener_life.c.
 */
#include "config.h"

#include "server/auth/agent_port.h"

#include "server/client_hello.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void open_behind(struct server_fixture *server_fixture, const char *balancers) {
    server_fixture_set_any(server_fixture);
    ck_assert_int_eq(strlist_add(&server_fixture->conf->agents.accept_proxy, balancers), 0);
    server_fixture_open(server_fixture);
}

/* The balancer's connection for the agent at this address. */
static int connect_for(struct server_fixture *server_fixture, const char *host) {
    int fd = connect_agent(server_fixture);
    char header[100];

    snprintf(header, sizeof header, "PROXY TCP4 %s 198.51.100.2 40000 10001\r\n", host);
    ck_assert_int_eq(write(fd, header, strlen(header)), (ssize_t)strlen(header));
    server_fixture_run(server_fixture);
    return fd;
}

static void greet_for(struct server_fixture *server_fixture, const char *host, struct fake_order *order) {
    int fd = connect_for(server_fixture, host);

    ck_assert_int_eq(write(fd, client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(server_fixture, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, order));
    close(fd);
}

START_TEST(tls_behind_the_header_is_adopted_with_all_its_bytes) {
    struct server_fixture server_fixture;
    uint8_t bytes[sizeof client_hello + 1];
    struct fake_order order;

    open_behind(&server_fixture, "127.0.0.0/8");
    greet_for(&server_fixture, "192.0.2.1", &order);
    ck_assert_int_eq(read(order.fd, bytes, sizeof bytes), sizeof client_hello);
    ck_assert_mem_eq(bytes, client_hello, sizeof client_hello);
    close(order.fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(bad_agent_behind_a_balancer_locks_out_no_other_one) {
    struct server_fixture server_fixture;
    struct fake_order order;

    open_behind(&server_fixture, "127.0.0.0/8");
    greet_for(&server_fixture, "192.0.2.1", &order);
    close(order.fd);
    lose(order.tag, true); /* a handshake without HELLO */
    int bad = connect_for(&server_fixture, "192.0.2.1");
    ck_assert(server_fixture_is_closed(&server_fixture, bad));
    ck_assert_uint_eq(agent_listener_refused_by(server_fixture.server->agent_listener, AGENT_REFUSAL_BLOCKED), 1);
    greet_for(&server_fixture, "192.0.2.2", &order);
    close(order.fd);
    close(bad);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(agent_port_behind_a_balancer_is_for_that_alone) {
    struct server_fixture server_fixture;
    const enum agent_refusal refusal = _i ? AGENT_REFUSAL_PROXY_NOT_LISTED : AGENT_REFUSAL_PROXY_MALFORMED;

    open_behind(&server_fixture, _i ? "10.0.0.0/8" : "127.0.0.0/8");
    int fd = connect_agent(&server_fixture);
    (void)send(fd, client_hello, sizeof client_hello, MSG_NOSIGNAL); /* fails where it was refused */
    ck_assert(server_fixture_is_closed(&server_fixture, fd));
    ck_assert_uint_eq(agent_listener_refused_by(server_fixture.server->agent_listener, refusal), 1);
    ck_assert_uint_eq(fake_count(FAKE_ADOPT), 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(health_check_of_a_balancer_is_no_failure) {
    struct server_fixture server_fixture;

    open_behind(&server_fixture, "127.0.0.0/8");
    int fd = connect_agent(&server_fixture);
    if (_i)
        ck_assert_int_eq(write(fd, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16), 16);
    close(fd);
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(agent_listener_balancer_checks(server_fixture.server->agent_listener), 1);
    ck_assert_uint_eq(agent_listener_refused(server_fixture.server->agent_listener), 0);
    ck_assert(!is_adopted(&server_fixture)); /* and it is no way round the header */
    server_fixture_clear(&server_fixture);
}
END_TEST

static void change_balancers(struct server_fixture *server_fixture, const char *balancers) {
    struct agent_listener *listener = server_fixture->server->agent_listener;
    struct strlist list = {0};

    if (balancers)
        ck_assert_int_eq(strlist_add(&list, balancers), 0);
    ck_assert_int_eq(agent_listener_prepare_balancers(listener, &list, NULL), 0);
    agent_listener_apply(listener);
    agent_listener_discard(listener);
    strlist_done(&list);
}

/* One that is waited for goes by those of its accept. */
START_TEST(other_balancers_are_for_new_connections) {
    struct server_fixture server_fixture;
    struct fake_order order;

    open_behind(&server_fixture, "127.0.0.0/8");
    int waiting = connect_agent(&server_fixture);
    server_fixture_run(&server_fixture);
    change_balancers(&server_fixture, "10.0.0.0/8");
    ck_assert(!is_adopted(&server_fixture));
    ck_assert_uint_eq(agent_listener_refused_by(server_fixture.server->agent_listener, AGENT_REFUSAL_PROXY_NOT_LISTED),
                      1);
    ck_assert_int_eq(write(waiting, "PROXY UNKNOWN\r\n", 15), 15);
    ck_assert_int_eq(write(waiting, client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, &order));
    close_both(waiting, &order);
    change_balancers(&server_fixture, NULL);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *behind_a_balancer(void) {
    TCase *group = tcase_create("behind a balancer");

    tcase_add_test(group, tls_behind_the_header_is_adopted_with_all_its_bytes);
    tcase_add_test(group, bad_agent_behind_a_balancer_locks_out_no_other_one);
    tcase_add_loop_test(group, agent_port_behind_a_balancer_is_for_that_alone, 0, 2);
    tcase_add_test(group, other_balancers_are_for_new_connections);
    tcase_add_loop_test(group, health_check_of_a_balancer_is_no_failure, 0, 2);
    return group;
}

UNIT_MAIN("server/auth/agent balancers", behind_a_balancer)

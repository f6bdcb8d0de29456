/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock: connecting, the ends of connections, and what wakes a loop. All on the loopback.
 */
#include "config.h"

#include "net_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#ifndef _WIN32
#include <netinet/tcp.h>
#endif

/* At a first look. */
static unsigned stalled_ms(evutil_socket_t fd) {
    struct sock_stall stall = {0, 0};
    return sock_stalled_ms(fd, &stall);
}

static void check_ready(evutil_socket_t fd, bool is_tcp) {
    char byte;
    ck_assert_int_eq(sock_peek(fd, &byte, 1), -1);
    ck_assert(sock_would_block(errno));
    if (is_tcp)
        ck_assert_int_ne(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
}

START_TEST(connections_are_non_blocking_and_without_delay) {
    struct connected_pair pair = connected(loopback(0));
    check_ready(pair.client, true);
    check_ready(pair.server, true);
    char text[ADDR_TEXT];
    ck_assert_str_eq(addr_format_host(&pair.peer, text, sizeof text), "127.0.0.1");
    sock_set_keepalive(pair.client, &sock_keepalive_link);
    ck_assert_int_ne(option_of(pair.client, SOL_SOCKET, SO_KEEPALIVE), 0);
    sock_set_keepalive(pair.client, &(struct sock_keepalive){.idle_s = 0});
    ck_assert_int_eq(option_of(pair.client, SOL_SOCKET, SO_KEEPALIVE), 0);
    ck_assert_uint_eq(stalled_ms(pair.client), 0);
    close_pair(&pair);
}
END_TEST

START_TEST(unix_connections_work_alike) {
    if (!has_unix_sockets())
        return;
    struct connected_pair pair = connected(unix_addr(unit_path("x.sock")));
    check_ready(pair.client, false);
    check_ready(pair.server, false);
    ck_assert(addr_is_unix(&pair.peer));
    ck_assert_uint_eq(stalled_ms(pair.server), 0);
    sock_set_keepalive(pair.server, &sock_keepalive_plain);
    close_pair(&pair);
}
END_TEST

START_TEST(bytes_and_the_end_go_through) {
    struct connected_pair pair = connected(loopback(0));
    char first[] = "hal", second[] = "lo", got[8] = "", peeked[8] = "";
    struct iovec out[2] = {{first, 3}, {second, 2}}, in[2] = {{got, 1}, {got + 1, 6}};
    ck_assert_int_eq(sock_readv(pair.server, in, 2), -1);
    ck_assert(sock_would_block(errno));
    ck_assert_int_eq(sock_writev(pair.client, out, 2), 5);
    ck_assert_int_eq(sock_half_close(pair.client), 0);
    ck_assert(becomes(pair.server, POLLIN));
    ck_assert_int_eq(sock_peek(pair.server, peeked, 7), 5);
    ck_assert_int_eq(sock_readv(pair.server, in, 2), 5);
    ck_assert_str_eq(got, "hallo");
    ck_assert_str_eq(peeked, "hallo");
    ck_assert(becomes(pair.server, POLLIN));
    ck_assert_int_eq(sock_readv(pair.server, in, 2), 0);
    close_pair(&pair);
}
END_TEST

START_TEST(a_socket_is_waited_for) {
    struct connected_pair pair = connected(loopback(0));
    char byte = 'x';
    struct iovec part = {&byte, 1};
    ck_assert_int_eq(sock_wait(pair.client, POLLIN, 0), 0); /* a look */
    uint64_t before_ms = clock_ms();
    ck_assert_int_eq(sock_wait(pair.client, POLLIN, before_ms + 20), 0);
    ck_assert_uint_ge(clock_ms(), before_ms + 20);
    ck_assert_int_eq(sock_writev(pair.server, &part, 1), 1);
    ck_assert(sock_wait(pair.client, POLLIN, clock_ms() + PATIENCE_MS) & POLLIN);
    ck_assert(sock_wait(pair.client, POLLIN | POLLOUT, 0) & POLLOUT);
    close_pair(&pair);
}
END_TEST

START_TEST(the_last_bytes_leave_with_the_end) {
    struct connected_pair pair = connected(loopback(0));
    char out[] = "hallo", got[8] = "";
    struct iovec part = {out, 5}, in = {got, 7};
    ck_assert_int_eq(sock_writev_last(pair.client, &part, 1), 5);
#ifdef MSG_MORE
    ck_assert(!is_ready(pair.server, POLLIN));
#endif
    ck_assert_int_eq(sock_half_close(pair.client), 0);
    ck_assert(becomes(pair.server, POLLIN));
    ck_assert_int_eq(sock_readv(pair.server, &in, 1), 5);
    ck_assert_str_eq(got, "hallo");
    ck_assert(becomes(pair.server, POLLIN));
    ck_assert_int_eq(sock_readv(pair.server, &in, 1), 0);
    close_pair(&pair);
}
END_TEST

START_TEST(a_reset_is_a_reset) {
    struct connected_pair pair = connected(loopback(0));
    sock_close_reset(pair.server);
    pair.server = -1;
    ck_assert(becomes(pair.client, POLLIN));
    char byte;
    struct iovec part = {&byte, 1};
    ck_assert_int_eq(sock_readv(pair.client, &part, 1), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    ck_assert_int_eq(sock_writev(pair.client, &part, 1), -1); /* and no SIGPIPE */
    close_pair(&pair);
}
END_TEST

START_TEST(a_refused_connection_says_so) {
    struct addr addr = loopback(0);
    struct error error = {""};
    evutil_socket_t bound = sock_bind(&addr, &error); /* bound and not listening, so no other program gets the port */
    ck_assert_int_ge(bound, 0);
    addr.length = sizeof addr.storage;
    ck_assert_int_eq(getsockname(bound, (struct sockaddr *)&addr.storage, &addr.length), 0);
    bool done;
    evutil_socket_t fd = sock_connect(&addr, NULL, &done);
    if (fd >= 0) {
        ck_assert(becomes(fd, POLLOUT));
        ck_assert_int_eq(sock_connect_result(fd), ECONNREFUSED);
    } else {
        ck_assert_int_eq(errno, ECONNREFUSED);
    }
    sock_close(fd);
    sock_close(bound);
}
END_TEST

START_TEST(a_connection_with_itself_is_refused) {
    struct addr addr = loopback(0);
    struct error error = {""};
    evutil_socket_t fd = sock_bind(&addr, &error);
    ck_assert_int_ge(fd, 0);
    addr.length = sizeof addr.storage;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr.storage, &addr.length), 0);
    (void)connect(fd, (struct sockaddr *)&addr.storage, addr.length);
    ck_assert(becomes(fd, POLLOUT));
    ck_assert_int_eq(sock_connect_result(fd), ECONNREFUSED);
    sock_close(fd);
}
END_TEST

START_TEST(an_address_of_this_machine_is_not_gone) {
    struct connected_pair pair = connected(loopback(0));
    struct addr here;
    sock_local_addr(pair.client, &here);
    ck_assert(addr_same_host(&here, &(struct addr[]){loopback(0)}[0]));
    ck_assert(!sock_addr_is_gone(&here));
    close_pair(&pair);
    ck_assert(!sock_addr_is_gone(&(struct addr){.length = 0}));
    ck_assert(!sock_addr_is_gone(&(struct addr[]){unix_addr("/nowhere.sock")}[0]));
}
END_TEST

/* Those of RFC 5737 and RFC 3849, which no machine has, and one with an interface that is not there. */
START_TEST(an_address_of_no_machine_is_gone) {
    if (is_wine())
        return;
    struct addr zoned = addr_of("[fe80::1]:80");
    ((struct sockaddr_in6 *)&zoned.storage)->sin6_scope_id = 0x7ffffff0;
    const struct addr gone[] = {addr_of("192.0.2.1:80"), addr_of("[2001:db8::1]:80"), zoned};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        ck_assert_msg(sock_addr_is_gone(&gone[i]), "address %zu", i);
}
END_TEST

/* The reader stops reading: its window closes, which is no stall however long it lasts. */
START_TEST(a_closed_window_is_no_stall) {
    struct connected_pair pair = connected(loopback(0));
    static char bytes[1 << 16];
    struct iovec part = {bytes, sizeof bytes};
    do {
        while (sock_writev(pair.client, &part, 1) > 0) {
        }
    } while (sock_wait(pair.client, POLLOUT, clock_ms() + 300));
    ck_assert_uint_eq(stalled_ms(pair.client), 0);
    close_pair(&pair);
}
END_TEST

static bool is_silent(void *end) {
    sock_wake_clear(*(evutil_socket_t *)end);
    return !is_ready(*(evutil_socket_t *)end, POLLIN);
}

START_TEST(one_end_wakes_the_other) {
    evutil_socket_t ends[2];
    ck_assert_int_eq(sock_wake_pair(ends), 0);
    for (int i = 0; i < 70000; i++)
        sock_wake(ends[1]); /* more than a pipe holds */
    ck_assert(becomes(ends[0], POLLIN));
    ck_assert(unit_wait_until(is_silent, &ends[0], 5000)); /* of a connection some may still be on their way */
    sock_close(ends[0]);
    sock_close(ends[1]);
}
END_TEST

/* On a free port of the loopback. */
static evutil_socket_t datagram_peer(struct addr *addr) {
    evutil_socket_t fd = (evutil_socket_t)socket(AF_INET, SOCK_DGRAM, 0);
    *addr = loopback(0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&addr->storage, addr->length), 0);
    sock_local_addr(fd, addr);
    return fd;
}

START_TEST(datagrams_go_to_one_address_and_come_from_there_alone) {
    char bytes[16];
    struct iovec out = {(char[]){"abc"}, 3}, in = {bytes, sizeof bytes}, nothing = {bytes, 0};
    struct addr to, other, here, from = {.length = sizeof from.storage};
    evutil_socket_t peer = datagram_peer(&to), stranger = datagram_peer(&other);
    evutil_socket_t fd = sock_connect_datagrams(&to, NULL, &here);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)sock_readv(fd, &in, 1), -1);
    ck_assert(sock_would_block(errno));
    ck_assert_int_eq((int)sock_writev(fd, &out, 1), 3);
    ck_assert(becomes(peer, POLLIN));
    ck_assert_int_eq((int)recvfrom(peer, bytes, sizeof bytes, 0, (struct sockaddr *)&from.storage, &from.length), 3);
    ck_assert_int_eq(addr_port(&from), addr_port(&here));
    ck_assert_int_ge((int)sendto(stranger, "x", 1, 0, (const struct sockaddr *)&here.storage, here.length), 0);
    ck_assert_int_ge((int)sendto(peer, "yes", 3, 0, (const struct sockaddr *)&here.storage, here.length), 0);
    ck_assert(becomes(fd, POLLIN));
    ck_assert_int_eq((int)sock_readv(fd, &in, 1), 3);
    ck_assert_int_eq((int)sock_writev(fd, &nothing, 1), 0); /* and it is sent */
    ck_assert(becomes(peer, POLLIN));
    ck_assert_int_eq((int)recvfrom(peer, bytes, sizeof bytes, 0, NULL, NULL), 0);
    sock_close(fd);
    sock_close(peer);
    sock_close(stranger);
}
END_TEST

START_TEST(a_unix_socket_takes_no_datagrams) {
    struct addr here, to = unix_addr("/run/none.sock");
    ck_assert_int_eq((int)sock_connect_datagrams(&to, NULL, &here), -1);
    ck_assert_int_eq(errno, EPROTONOSUPPORT);
}
END_TEST

static TCase *datagrams(void) {
    TCase *group = tcase_create("datagrams");
    tcase_add_test(group, datagrams_go_to_one_address_and_come_from_there_alone);
    tcase_add_test(group, a_unix_socket_takes_no_datagrams);
    return group;
}

static TCase *connections(void) {
    TCase *group = tcase_create("connections");
    tcase_add_test(group, connections_are_non_blocking_and_without_delay);
    tcase_add_test(group, unix_connections_work_alike);
    tcase_add_test(group, bytes_and_the_end_go_through);
    tcase_add_test(group, a_socket_is_waited_for);
    tcase_add_test(group, the_last_bytes_leave_with_the_end);
    tcase_add_test(group, a_reset_is_a_reset);
    tcase_add_test(group, a_refused_connection_says_so);
    tcase_add_test(group, a_connection_with_itself_is_refused);
    tcase_add_test(group, an_address_of_this_machine_is_not_gone);
    tcase_add_test(group, an_address_of_no_machine_is_gone);
    tcase_add_test(group, a_closed_window_is_no_stall);
    tcase_add_test(group, one_end_wakes_the_other);
    return group;
}

UNIT_MAIN("lib/net/sock", connections, datagrams)

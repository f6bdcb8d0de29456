/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Tests of lib/sock: binding and its errors, connecting, ends of connections. All on the loopback. */
#include "config.h"

#include "lib/net/sock.h"
#include "unit.h"

#include <errno.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

static struct addr loopback(uint16_t port) {
    struct endpoint endpoint = {.host = "127.0.0.1", .port = port};
    struct addr addr;
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static struct addr unix_addr(const char *path) {
    struct endpoint endpoint = {.is_unix = true};
    struct addr addr;
    snprintf(endpoint.host, sizeof endpoint.host, "%s", path);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

/* Listens on a free port, or on the path of *addr if it is one; *addr is then where. */
static int listening(struct addr *addr) {
    struct error error = {""};
    int fd = sock_bind(addr, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    ck_assert_int_eq(sock_listen(fd), 0);
    addr->length = sizeof addr->storage;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr->storage, &addr->length), 0);
    return fd;
}

static bool becomes(int fd, short what) {
    struct pollfd ready = {.fd = fd, .events = what};
    return poll(&ready, 1, PATIENCE_MS) == 1;
}

static bool is_ready(int fd, short what) {
    struct pollfd ready = {.fd = fd, .events = what};
    return poll(&ready, 1, 0) == 1;
}

struct pair {
    int listener, client, server;
    struct addr peer;
};

static struct pair connected(struct addr addr) {
    struct pair pair = {.listener = listening(&addr)};
    bool done;
    pair.client = sock_connect(&addr, NULL, &done);
    ck_assert_int_ge(pair.client, 0);
    ck_assert(becomes(pair.listener, POLLIN));
    pair.server = sock_accept(pair.listener, &pair.peer);
    ck_assert_int_ge(pair.server, 0);
    ck_assert(becomes(pair.client, POLLOUT));
    ck_assert_int_eq(sock_connect_result(pair.client), 0);
    return pair;
}

static void close_pair(struct pair *pair) {
    sock_close(pair->listener);
    sock_close(pair->client);
    sock_close(pair->server);
}

static int number_of(int fd, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    ck_assert_int_eq(getsockopt(fd, level, option, &value, &length), 0);
    return value;
}

/* ---- binding ---- */

START_TEST(a_port_in_use_is_named_with_advice) {
    struct addr addr = loopback(0);
    int first = listening(&addr);
    struct error error = {""};
    char expected[ADDR_TEXT];
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    snprintf(expected, sizeof expected, "127.0.0.1:%u is in use by another program", addr_port(&addr));
    ck_assert_msg(strstr(error.text, expected) == error.text, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(error.text, "choose another port or stop that program"));
    sock_close(first);
}
END_TEST

START_TEST(a_foreign_address_is_named) {
    struct endpoint endpoint = {.host = "192.0.2.1", .port = 1};
    struct addr addr;
    struct error error = {""};
    endpoint.port = 10001;
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "this machine has no such address"), "%s", error.text);
}
END_TEST

START_TEST(a_low_port_without_the_right_is_explained) {
    struct addr addr = loopback(443);
    struct error error = {""};
    ck_assert_int_eq(sock_explain(&addr, EACCES, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "CAP_NET_BIND_SERVICE"));
}
END_TEST

START_TEST(ipv4_and_ipv6_share_a_port) {
    struct endpoint endpoint = {.port = 0};
    struct addr list[2];
    ck_assert_int_eq(addr_listen_list(list, &endpoint), 2);
    int ipv4 = listening(&list[0]);
    addr_set_port(&list[1], addr_port(&list[0]));
    struct error error = {""};
    int ipv6 = sock_bind(&list[1], &error);
    ck_assert_msg(ipv6 >= 0 || strstr(error.text, "without such addresses"), "%s", error.text);
    sock_close(ipv4);
    sock_close(ipv6);
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced) {
    struct addr addr = unix_addr(unit_path("stale.sock"));
    struct addr where = addr;
    sock_close(listening(&where)); /* its file stays */
    struct error error = {""};
    int fd = sock_bind(&addr, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    sock_close(fd);
}
END_TEST

START_TEST(a_living_unix_socket_is_left_alone) {
    struct addr addr = unix_addr(unit_path("living.sock"));
    struct addr where = addr;
    int first = listening(&where);
    struct error error = {""};
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "in use by another program"), "%s", error.text);
    bool done;
    int client = sock_connect(&addr, NULL, &done);
    ck_assert_int_ge(client, 0);
    ck_assert(done);
    sock_close(client);
    sock_close(first);
}
END_TEST

START_TEST(a_file_in_the_place_of_a_socket_is_left_alone) {
    const char *path = unit_text_file("file", "precious");
    struct addr addr = unix_addr(path);
    struct error error = {""};
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "there is a file that is no socket; remove it or choose another path"), "%s",
                  error.text);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_size, 8);
}
END_TEST

START_TEST(a_socket_in_a_missing_folder_is_explained) {
    struct addr addr = unix_addr(unit_path("none/socket"));
    struct error error = {""};
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "there is no such folder (No such file or directory); make it"), "%s", error.text);
}
END_TEST

/* ---- connections ---- */

/* At a first look. */
static unsigned stalled_ms(int fd) {
    struct sock_stall stall = {0, 0};
    return sock_stalled_ms(fd, &stall);
}

static void check_ready(int fd, bool is_tcp) {
    ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    if (is_tcp)
        ck_assert_int_ne(number_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
}

START_TEST(connections_are_non_blocking_and_without_delay) {
    struct pair pair = connected(loopback(0));
    check_ready(pair.listener, true);
    check_ready(pair.client, true);
    check_ready(pair.server, true);
    char text[ADDR_TEXT];
    ck_assert_str_eq(addr_format_host(&pair.peer, text, sizeof text), "127.0.0.1");
    sock_set_keepalive(pair.client, SOCK_KEEPALIVE_LINK);
    ck_assert_int_ne(number_of(pair.client, SOL_SOCKET, SO_KEEPALIVE), 0);
    sock_set_user_timeout(pair.client, 5000);
    ck_assert_uint_eq(stalled_ms(pair.client), 0);
    close_pair(&pair);
}
END_TEST

#ifdef __linux__
static void check_unpaced(int fd) {
    char name[16] = "";
    socklen_t length = sizeof name - 1;
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0);
    ck_assert_str_eq(name, "reno");
}

START_TEST(connections_within_the_machine_are_not_paced) {
    struct pair pair = connected(loopback(0));
    check_unpaced(pair.client);
    check_unpaced(pair.server);
    close_pair(&pair);
}
END_TEST
#endif

START_TEST(unix_connections_work_alike) {
    struct pair pair = connected(unix_addr(unit_path("x.sock")));
    check_ready(pair.client, false);
    check_ready(pair.server, false);
    ck_assert(addr_is_unix(&pair.peer));
    ck_assert_uint_eq(stalled_ms(pair.server), 0);
    sock_set_keepalive(pair.server, SOCK_KEEPALIVE_PLAIN);
    close_pair(&pair);
}
END_TEST

START_TEST(bytes_and_the_end_go_through) {
    struct pair pair = connected(loopback(0));
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

START_TEST(the_last_bytes_leave_with_the_end) {
    struct pair pair = connected(loopback(0));
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
    struct pair pair = connected(loopback(0));
    sock_close_reset(pair.server);
    pair.server = -1;
    ck_assert(becomes(pair.client, POLLIN));
    char byte;
    struct iovec part = {&byte, 1};
    ck_assert_int_eq(sock_readv(pair.client, &part, 1), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    ck_assert_int_eq(sock_writev(pair.client, &part, 1), -1); /* and no SIGPIPE */
    ck_assert_int_eq(errno, EPIPE);
    close_pair(&pair);
}
END_TEST

START_TEST(a_refused_connection_says_so) {
    struct addr addr = loopback(0);
    struct error error = {""};
    int bound = sock_bind(&addr, &error); /* bound and not listening: nobody else gets the port */
    ck_assert_int_ge(bound, 0);
    addr.length = sizeof addr.storage;
    ck_assert_int_eq(getsockname(bound, (struct sockaddr *)&addr.storage, &addr.length), 0);
    bool done;
    int fd = sock_connect(&addr, NULL, &done);
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
    int fd = sock_bind(&addr, &error);
    ck_assert_int_ge(fd, 0);
    addr.length = sizeof addr.storage;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr.storage, &addr.length), 0);
    (void)connect(fd, (struct sockaddr *)&addr.storage, addr.length);
    ck_assert(becomes(fd, POLLOUT));
    ck_assert_int_eq(sock_connect_result(fd), ECONNREFUSED);
    sock_close(fd);
}
END_TEST

START_TEST(a_full_unix_backlog_is_a_refusal) {
    struct addr addr = unix_addr(unit_path("full.sock"));
    struct error error = {""};
    int listener = sock_bind(&addr, &error), fds[16], count = 0;
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    bool done = true;
    while (count < 16 && (fds[count] = sock_connect(&addr, NULL, &done)) >= 0)
        count++;
    ck_assert_int_lt(count, 16);
    ck_assert_int_eq(errno, ECONNREFUSED);
    while (count > 0)
        sock_close(fds[--count]);
    sock_close(listener);
}
END_TEST

/* The reader stops reading: its window closes, which is no stall however long it lasts. */
START_TEST(a_closed_window_is_no_stall) {
    struct pair pair = connected(loopback(0));
    static char bytes[1 << 16];
    struct iovec part = {bytes, sizeof bytes};
    do {
        while (sock_writev(pair.client, &part, 1) > 0) {
        }
    } while (poll(&(struct pollfd){.fd = pair.client, .events = POLLOUT}, 1, 300) == 1);
    ck_assert_uint_eq(stalled_ms(pair.client), 0);
    close_pair(&pair);
}
END_TEST

START_TEST(one_end_wakes_the_other) {
    int ends[2];
    ck_assert_int_eq(sock_wake_pair(ends), 0);
    for (int i = 0; i < 200000; i++)
        sock_wake(ends[1]); /* more than the pipe holds */
    ck_assert(becomes(ends[0], POLLIN));
    sock_wake_clear(ends[0]);
    ck_assert_int_eq(poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 0), 0);
    sock_close(ends[0]);
    sock_close(ends[1]);
}
END_TEST

START_TEST(the_descriptor_limit_is_raised) {
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 64;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_gt(sock_raise_limit(), 64);
    struct rlimit now;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
    ck_assert(now.rlim_cur == limit.rlim_max);
}
END_TEST

static TCase *binding(void) {
    TCase *group = tcase_create("binding");
    tcase_add_test(group, a_port_in_use_is_named_with_advice);
    tcase_add_test(group, a_foreign_address_is_named);
    tcase_add_test(group, a_low_port_without_the_right_is_explained);
    tcase_add_test(group, ipv4_and_ipv6_share_a_port);
    tcase_add_test(group, a_stale_unix_socket_is_replaced);
    tcase_add_test(group, a_socket_in_a_missing_folder_is_explained);
    tcase_add_test(group, a_living_unix_socket_is_left_alone);
    tcase_add_test(group, a_file_in_the_place_of_a_socket_is_left_alone);
    return group;
}

static TCase *connections(void) {
    TCase *group = tcase_create("connections");
    tcase_add_test(group, connections_are_non_blocking_and_without_delay);
#ifdef __linux__
    tcase_add_test(group, connections_within_the_machine_are_not_paced);
#endif
    tcase_add_test(group, unix_connections_work_alike);
    tcase_add_test(group, bytes_and_the_end_go_through);
    tcase_add_test(group, the_last_bytes_leave_with_the_end);
    tcase_add_test(group, a_reset_is_a_reset);
    tcase_add_test(group, a_refused_connection_says_so);
    tcase_add_test(group, a_connection_with_itself_is_refused);
    tcase_add_test(group, a_full_unix_backlog_is_a_refusal);
    tcase_add_test(group, a_closed_window_is_no_stall);
    tcase_add_test(group, one_end_wakes_the_other);
    tcase_add_test(group, the_descriptor_limit_is_raised);
    return group;
}

UNIT_MAIN("lib/sock", binding, connections)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock_posix: what sock_posix.c and sock_linux.c do beyond what all systems do alike. All on the loopback.
 */
#include "config.h"

#include "net_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

static void check_flags(int fd) {
    ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

START_TEST(sockets_stay_in_this_process) {
    const struct addr addrs[] = {loopback(0), unix_addr(unit_path("x.sock"))};
    for (int i = 0; i < 2; i++) {
        struct connected_pair pair = connected(addrs[i]);
        check_flags(pair.listener);
        check_flags(pair.client);
        check_flags(pair.server);
        close_pair(&pair);
    }
}
END_TEST

START_TEST(writing_behind_a_reset_is_a_broken_pipe) {
    struct connected_pair pair = connected(loopback(0));
    char byte;
    struct iovec part = {&byte, 1};
    sock_close_reset(pair.server);
    pair.server = -1;
    ck_assert(becomes(pair.client, POLLIN));
    ck_assert_int_eq(sock_readv(pair.client, &part, 1), -1);
    ck_assert_int_eq(sock_writev(pair.client, &part, 1), -1);
    ck_assert_int_eq(errno, EPIPE);
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
    struct connected_pair pair = connected(loopback(0));
    check_unpaced(pair.client);
    check_unpaced(pair.server);
    close_pair(&pair);
}
END_TEST
#endif

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

#ifdef IP_BIND_ADDRESS_NO_PORT
static bool chooses_port_late(evutil_socket_t fd) {
    return option_of(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT) == 1;
}
#else
static bool chooses_port_late(evutil_socket_t fd) {
    (void)fd;
    return true;
}
#endif

/* Of 127.0.0.0/8 each address is this machine's, on Linux. */
START_TEST(a_connection_comes_from_the_address_that_was_asked_for) {
    struct addr to = loopback(0), from = addr_of("127.0.0.1:1"), here;
    evutil_socket_t listener = listening(&to);
    bool done = false;
    addr_set_port(&from, 0);
    evutil_socket_t fd = sock_connect_from(&to, &from, &here, &done);
    ck_assert_int_ge(fd, 0);
    ck_assert(addr_same_host(&here, &from));
    ck_assert_uint_ne(addr_port(&here), 0);
    ck_assert(chooses_port_late(fd));
    sock_close(fd);
    sock_close(listener);
}
END_TEST

static TCase *connections(void) {
    TCase *group = tcase_create("connections");
    tcase_add_test(group, a_connection_comes_from_the_address_that_was_asked_for);
    tcase_add_test(group, sockets_stay_in_this_process);
    tcase_add_test(group, writing_behind_a_reset_is_a_broken_pipe);
#ifdef __linux__
    tcase_add_test(group, connections_within_the_machine_are_not_paced);
#endif
    tcase_add_test(group, a_full_unix_backlog_is_a_refusal);
    tcase_add_test(group, the_descriptor_limit_is_raised);
    return group;
}

UNIT_MAIN("lib/net/sock (POSIX)", connections)

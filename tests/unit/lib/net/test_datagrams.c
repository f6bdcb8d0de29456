/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_datagrams: sockets of UDP with real peers on the loopback: what is read, from whom, and from where answers come.
 */
#include "config.h"

#include "lib/net/datagrams.h"
#include "net_fixture.h"

#include <errno.h>
#include <string.h>

#ifdef __linux__
#include <net/if.h>

enum { TELLS_LOST = true };
#else
enum { TELLS_LOST = false };
#endif

static struct datagram_batch *batch;

static evutil_socket_t bound(struct addr *addr) {
    const struct sock_bind_options options = {.datagrams = true};
    struct error error = {""};
    evutil_socket_t fd = sock_bind_as(addr, &options, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    sock_local_addr(fd, addr);
    return fd;
}

static void send_to(evutil_socket_t fd, const struct addr *to, const void *bytes, size_t length) {
    ssize_t sent = sendto(fd, bytes, (int)length, 0, (const struct sockaddr *)&to->storage, to->length);
    ck_assert_int_eq((int)sent, (int)length);
}

/* The next one. */
static const struct datagram_read *read_one(evutil_socket_t fd) {
    bool more;
    ck_assert(becomes(fd, POLLIN));
    ck_assert_int_eq(datagram_batch_read(batch, fd, &more), 1);
    return datagram_batch_at(batch, 0);
}

START_TEST(a_datagram_is_read_and_answered) {
    struct addr here = loopback(0), there = loopback(0), from;
    evutil_socket_t server = bound(&here), client = bound(&there);
    char answer[8];
    send_to(client, &here, "question", 8);
    const struct datagram_read *datagram = read_one(server);
    ck_assert_uint_eq(datagram->length, 8);
    ck_assert_mem_eq(datagram->bytes, "question", 8);
    from = datagram_peer_addr(&datagram->peer);
    ck_assert(addr_same_host(&from, &there) && addr_port(&from) == addr_port(&there));
    ck_assert_int_eq(datagram_send(server, &datagram->peer, &datagram->local, (const uint8_t *)"yes", 3), 0);
    ck_assert(becomes(client, POLLIN));
    from.length = sizeof from.storage;
    ck_assert_int_eq((int)recvfrom(client, answer, sizeof answer, 0, (struct sockaddr *)&from.storage, &from.length),
                     3);
    ck_assert(addr_same_host(&from, &here) && addr_port(&from) == addr_port(&here));
    sock_close(server);
    sock_close(client);
}
END_TEST

START_TEST(empty_and_the_largest_are_whole) {
    enum { LARGEST = 65507 };
    static uint8_t bytes[LARGEST];
    struct addr here = loopback(0), there = loopback(0);
    evutil_socket_t server = bound(&here), client = bound(&there);
    int room = 4 * LARGEST;
    (void)setsockopt(client, SOL_SOCKET, SO_SNDBUF, (const char *)&room, sizeof room);
    memset(bytes, 'x', sizeof bytes);
    send_to(client, &here, bytes, 0);
    ck_assert_uint_eq(read_one(server)->length, 0);
    send_to(client, &here, bytes, sizeof bytes);
    const struct datagram_read *datagram = read_one(server);
    ck_assert_uint_eq(datagram->length, sizeof bytes);
    ck_assert_mem_eq(datagram->bytes, bytes, sizeof bytes);
    sock_close(server);
    sock_close(client);
}
END_TEST

/* Of what is read, the last one knows how many found no room before it. */
START_TEST(what_found_no_room_is_counted) {
    enum { SENT = 4000, SIZE = 1000 };
    static const uint8_t bytes[SIZE];
    struct addr here = loopback(0), there = loopback(0);
    evutil_socket_t server = bound(&here), client = bound(&there);
    uint32_t lost = 0;
    int read = 0;
    bool more = true;
    for (int i = 0; i < SENT; i++)
        send_to(client, &here, bytes, sizeof bytes);
    for (int count = 1; read < SENT / 2 && count > 0; read += count)
        count = datagram_batch_read(batch, server, &more);
    send_to(client, &here, bytes, sizeof bytes);
    for (int count; (count = datagram_batch_read(batch, server, &more)) > 0; read += count)
        lost = datagram_batch_at(batch, count - 1)->lost;
    ck_assert_uint_eq(lost, TELLS_LOST ? SENT + 1 - (unsigned)read : 0);
    sock_close(server);
    sock_close(client);
}
END_TEST

START_TEST(nothing_is_no_error) {
    struct addr here = loopback(0);
    evutil_socket_t server = bound(&here);
    bool more;
    ck_assert_int_eq(datagram_batch_read(batch, server, &more), 0);
    sock_close(server);
}
END_TEST

START_TEST(a_port_is_one_programs_alone) {
    const struct sock_bind_options options = {.datagrams = true};
    struct addr here = loopback(0);
    struct error error = {""};
    evutil_socket_t server = bound(&here);
    ck_assert_int_eq(sock_bind_as(&here, &options, &error), -1);
    ck_assert_msg(strstr(error.text, "in use"), "%s", error.text);
    sock_close(server);
}
END_TEST

START_TEST(peers_are_told_apart) {
    struct datagram_peer a = {.address.any.sa_family = AF_INET}, b = a;
    ck_assert(datagram_peer_same(&a, &b));
    b.address.four.sin_port = 1;
    ck_assert(!datagram_peer_same(&a, &b));
    b = a;
    b.address.four.sin_addr.s_addr = 1;
    ck_assert(!datagram_peer_same(&a, &b));
    memset(&b, 0, sizeof b);
    b.address.any.sa_family = AF_INET6;
    ck_assert(!datagram_peer_same(&a, &b));
    a = b;
    ck_assert(datagram_peer_same(&a, &b));
    a.address.six.sin6_scope_id = 2;
    ck_assert(!datagram_peer_same(&a, &b));
}
END_TEST

#ifdef __linux__
/* To 127.0.0.2 of a socket that is bound to every address. */
static void expect_answer_from_the_asked(const char *every, const char *asked_host, const char *client_host) {
    struct addr here = addr_of(every), there = addr_of(client_host), asked = addr_of(asked_host), from;
    addr_set_port(&here, 0);
    addr_set_port(&there, 0);
    evutil_socket_t server = bound(&here), client = bound(&there);
    char answer[8];
    addr_set_port(&asked, addr_port(&here));
    send_to(client, &asked, "q", 1);
    const struct datagram_read *datagram = read_one(server);
    struct addr local = datagram_local_addr(&datagram->local, &here);
    ck_assert(addr_same_host(&local, &asked) && addr_port(&local) == addr_port(&here));
    ck_assert_int_eq(datagram_send(server, &datagram->peer, &datagram->local, (const uint8_t *)"a", 1), 0);
    ck_assert(becomes(client, POLLIN));
    from.length = sizeof from.storage;
    ck_assert_int_eq((int)recvfrom(client, answer, sizeof answer, 0, (struct sockaddr *)&from.storage, &from.length),
                     1);
    ck_assert(addr_same_host(&from, &asked));
    sock_close(server);
    sock_close(client);
}

START_TEST(the_answer_comes_from_the_asked_address) {
    expect_answer_from_the_asked("0.0.0.0:1", "127.0.0.2:1", "127.0.0.1:1");
    expect_answer_from_the_asked("[::]:1", "[::1]:1", "[::1]:1");
}
END_TEST

START_TEST(many_come_in_one_call) {
    struct addr here = loopback(0), there = loopback(0);
    evutil_socket_t server = bound(&here), client = bound(&there);
    bool more;
    for (int i = 0; i < DATAGRAMS_BATCH + 1; i++)
        send_to(client, &here, &i, sizeof i);
    ck_assert_int_eq(datagram_batch_read(batch, server, &more), DATAGRAMS_BATCH);
    ck_assert(more);
    for (int i = 0; i < DATAGRAMS_BATCH; i++)
        ck_assert_mem_eq(datagram_batch_at(batch, i)->bytes, &i, sizeof i);
    ck_assert_int_eq(datagram_batch_read(batch, server, &more), 1);
    ck_assert(!more);
    sock_close(server);
    sock_close(client);
}
END_TEST

START_TEST(a_closed_port_is_reported_and_does_not_stop_answers_to_others) {
    struct addr here = loopback(0), there = loopback(0), other = loopback(0), gone;
    evutil_socket_t server = bound(&here), client = bound(&there), witness = bound(&other);
    struct datagram_peer peer, alive, reported;
    const struct datagram_local local = {.interface = 0};
    memset(&peer, 0, sizeof peer);
    alive = peer;
    memcpy(&peer.address.four, &there.storage, sizeof peer.address.four);
    memcpy(&alive.address.four, &other.storage, sizeof alive.address.four);
    sock_close(client);
    ck_assert(!datagrams_take_unreachable(server, &reported));
    ck_assert_int_eq(datagram_send(server, &peer, &local, (const uint8_t *)"a", 1), 0);
    ck_assert_int_eq(datagram_send(server, &alive, &local, (const uint8_t *)"a", 1), 0);
    ck_assert(becomes(witness, POLLIN));
    ck_assert(datagrams_take_unreachable(server, &reported));
    gone = datagram_peer_addr(&reported);
    ck_assert(addr_same_host(&gone, &there) && addr_port(&gone) == addr_port(&there));
    ck_assert(!datagrams_take_unreachable(server, &reported));
    sock_close(server);
    sock_close(witness);
}
END_TEST

/* What the kernel makes of ICMP to another peer is taken by the next call, whichever it is of. */
static int sent_error; /* of the next sendmsg alone */
ssize_t __real_sendmsg(int fd, const struct msghdr *header, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags) {
    errno = sent_error;
    sent_error = 0;
    return errno ? -1 : __real_sendmsg(fd, header, flags);
}

START_TEST(an_error_of_another_peer_stops_no_answer) {
    static const int errors[] = {ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ENOPROTOOPT,
                                 EHOSTDOWN,    ENONET,       EOPNOTSUPP,  EACCES,   EPROTO};
    struct addr here = loopback(0), there = loopback(0);
    evutil_socket_t server = bound(&here), client = bound(&there);
    send_to(client, &here, "q", 1);
    const struct datagram_peer peer = read_one(server)->peer;
    const struct datagram_local local = datagram_batch_at(batch, 0)->local;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        sent_error = errors[i];
        ck_assert_int_eq(datagram_send(server, &peer, &local, (const uint8_t *)"a", 1), 0);
        read_one(client);
    }
    sent_error = EAGAIN;
    ck_assert_int_eq(datagram_send(server, &peer, &local, (const uint8_t *)"a", 1), EAGAIN);
    sock_close(server);
    sock_close(client);
}
END_TEST

/* On an interface that has multicast; false: there is none. */
static bool ask_group(evutil_socket_t client, struct addr group) {
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&group.storage;
    struct if_nameindex *all = if_nameindex();
    bool is_sent = false;
    for (const struct if_nameindex *at = all; at && at->if_index && !is_sent; at++) {
        six->sin6_scope_id = at->if_index;
        is_sent = sendto(client, "q", 1, 0, (const struct sockaddr *)six, group.length) == 1;
    }
    if_freenameindex(all);
    return is_sent;
}

START_TEST(an_answer_to_multicast_comes_from_an_own_address) {
    struct addr here = addr_of("[::]:1"), there = here, group = addr_of("[ff02::1]:1");
    addr_set_port(&here, 0);
    addr_set_port(&there, 0);
    evutil_socket_t server = bound(&here), client = bound(&there);
    addr_set_port(&group, addr_port(&here));
    if (ask_group(client, group)) {
        const struct datagram_peer peer = read_one(server)->peer;
        const struct datagram_local local = datagram_batch_at(batch, 0)->local;
        ck_assert_int_eq(datagram_send(server, &peer, &local, (const uint8_t *)"a", 1), 0);
        ck_assert(becomes(client, POLLIN));
    }
    sock_close(server);
    sock_close(client);
}
END_TEST
#endif

static void begin(void) {
    batch = datagram_batch_new();
    ck_assert_ptr_nonnull(batch);
}

static void end(void) {
    datagram_batch_free(batch);
}

static TCase *on_every_system(void) {
    TCase *group = tcase_create("on every system");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_datagram_is_read_and_answered);
    tcase_add_test(group, empty_and_the_largest_are_whole);
    tcase_add_test(group, what_found_no_room_is_counted);
    tcase_add_test(group, nothing_is_no_error);
    tcase_add_test(group, a_port_is_one_programs_alone);
    tcase_add_test(group, peers_are_told_apart);
    return group;
}

static TCase *on_linux(void) {
    TCase *group = tcase_create("on Linux");
    tcase_add_checked_fixture(group, begin, end);
#ifdef __linux__
    tcase_add_test(group, the_answer_comes_from_the_asked_address);
    tcase_add_test(group, many_come_in_one_call);
    tcase_add_test(group, an_error_of_another_peer_stops_no_answer);
    tcase_add_test(group, an_answer_to_multicast_comes_from_an_own_address);
    tcase_add_test(group, a_closed_port_is_reported_and_does_not_stop_answers_to_others);
#endif
    return group;
}

UNIT_MAIN("lib/datagrams", on_every_system, on_linux)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_listener: a listener accepts no more than its share per turn, rests without descriptors, and keeps its port.
 */
#include "config.h"

#include "lib/net/sock.h"
#include "server/service/listener.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct hall { /* who was let in */
    struct event_base *base;
    struct listener *listener;
    bool has_room;
    int guests[16], count, others;
    unsigned refused;
};

static bool has_room(void *context) {
    struct hall *hall = context;

    hall->refused += !hall->has_room;
    return hall->has_room;
}

static void on_accept(void *context, int fd, const struct addr *peer) {
    struct hall *hall = context;

    ck_assert(addr_is_unix(peer));
    hall->guests[hall->count++] = fd;
}

static struct addr place(void) {
    struct endpoint endpoint = {.is_unix = true};
    struct addr addr;

    snprintf(endpoint.host, sizeof endpoint.host, "%s", unit_path("door"));
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static void hall_new(struct hall *hall) {
    struct addr addr = place();
    struct error error;

    *hall = (struct hall){.base = event_base_new(), .has_room = true};
    struct listener_options options = {.base = hall->base,
                                       .who = "test",
                                       .accepts_per_turn = 2,
                                       .has_room = has_room,
                                       .on_accept = on_accept,
                                       .context = hall};
    hall->listener = listener_new(&options, &addr, &error);
    ck_assert_msg(hall->listener, "%s", error.text);
    ck_assert_int_eq(listener_open(hall->listener, &error), 0);
}

static void hall_free(struct hall *hall) {
    listener_free(hall->listener);
    event_base_free(hall->base);
    for (int i = 0; i < hall->count; i++)
        close(hall->guests[i]);
}

static int knock(void) {
    struct addr addr = place();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&addr.storage, addr.length) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool all_are_in(void *context) {
    return ((struct hall *)context)->count == 5;
}

START_TEST(accepts_no_more_than_its_share_per_turn) {
    struct hall hall;
    int fds[5];

    hall_new(&hall);
    for (int i = 0; i < 5; i++)
        fds[i] = knock();
    event_base_loop(hall.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(hall.count, 2);
    ck_assert(unit_run_until(hall.base, all_are_in, &hall, 2000));
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    hall_free(&hall);
}
END_TEST

static void on_other(evutil_socket_t fd, short what, void *context) {
    struct hall *hall = context;

    (void)fd;
    (void)what;
    ck_assert_int_eq(hall->count, 0);
    hall->others++;
}

/* The listener was ready first, and in the same turn. */
START_TEST(accepts_behind_all_else_that_is_ready) {
    struct hall hall;
    int ends[2];

    hall_new(&hall);
    int fd = knock();
    ck_assert_int_eq(sock_wake_pair(ends), 0);
    struct event *other = event_new(hall.base, ends[0], EV_READ, on_other, &hall);
    event_add(other, NULL);
    sock_wake(ends[1]);
    event_base_loop(hall.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(hall.others, 1);
    ck_assert_int_eq(hall.count, 1);
    event_free(other);
    close(fd);
    close(ends[0]);
    close(ends[1]);
    hall_free(&hall);
}
END_TEST

static bool one_is_in(void *context) {
    return ((struct hall *)context)->count == 1;
}

START_TEST(rests_without_descriptors) {
    struct hall hall;
    struct rlimit limit, before;

    hall_new(&hall);
    int fd = knock(), lowest = dup(0);
    close(lowest);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)lowest;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    event_base_loop(hall.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(hall.count, 0);
    ck_assert_int_eq(event_base_get_num_events(hall.base, EVENT_BASE_COUNT_ACTIVE), 0);
    event_base_loop(hall.base, EVLOOP_ONCE | EVLOOP_NONBLOCK); /* it does not spin: the socket is not watched */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    event_base_loop(hall.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(hall.count, 0);
    ck_assert(unit_run_until(hall.base, one_is_in, &hall, 2000));
    close(fd);
    hall_free(&hall);
}
END_TEST

START_TEST(rests_without_room) {
    struct hall hall;

    hall_new(&hall);
    hall.has_room = false;
    int fd = knock();
    for (int i = 0; i < 10; i++)
        event_base_loop(hall.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_uint_eq(hall.refused, 1);
    hall.has_room = true;
    ck_assert(unit_run_until(hall.base, one_is_in, &hall, 2000));
    close(fd);
    hall_free(&hall);
}
END_TEST

static bool is_over(void *context) {
    char byte;

    return recv(*(int *)context, &byte, 1, MSG_DONTWAIT) == 0 || !sock_would_block(errno);
}

/* A Unix socket cannot stop listening and begin again, nor may a process without privileges make it anew. */
START_TEST(shut_unix_listener_lets_nobody_in_and_opens_again) {
    struct hall hall;
    struct error error;
    struct stat before, after;

    hall_new(&hall);
    ck_assert_int_eq(stat(unit_path("door"), &before), 0);
    listener_shut(hall.listener);
    int fd = knock();
    ck_assert(unit_run_until(hall.base, is_over, &fd, 2000));
    close(fd);
    ck_assert_int_eq(hall.count, 0);
    ck_assert_int_eq(listener_open(hall.listener, &error), 0);
    fd = knock();
    ck_assert(unit_run_until(hall.base, one_is_in, &hall, 2000));
    close(fd);
    ck_assert_int_eq(stat(unit_path("door"), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    hall_free(&hall);
    ck_assert_int_eq(access(unit_path("door"), F_OK), -1); /* the path goes with the listener */
}
END_TEST

/* Until now the umask said who may connect: under 022 nobody but the owner, under 0 everybody. */
static void on_over(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    ((struct hall *)context)->others++;
}

/* Linux cannot stop listening on a Unix socket, so what comes is accepted and reset; which takes a descriptor, too. */
START_TEST(shut_unix_listener_without_descriptors_does_not_spin) {
    struct hall hall;
    struct rlimit limit, before;
    unsigned turns = 0;

    hall_new(&hall);
    listener_shut(hall.listener);
    int fd = knock();
    int lowest = dup(0);
    ck_assert_int_ge(lowest, 0);
    close(lowest);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)lowest;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct event *over = evtimer_new(hall.base, on_over, &hall);
    ck_assert_int_eq(event_add(over, &(struct timeval){0, 50000}), 0); /* half of the pause */
    for (; hall.others == 0; turns++)
        event_base_loop(hall.base, EVLOOP_ONCE);
    ck_assert_uint_le(turns, 5);
    event_free(over);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (fd >= 0)
        close(fd);
    hall_free(&hall);
}
END_TEST

START_TEST(unix_socket_has_the_mode_and_owner_that_were_asked_for) {
    struct event_base *base = event_base_new();
    struct addr addr = place();
    struct error error = {""};
    struct stat status;
    bool is_root = geteuid() == 0;
    struct listener_options options = {.base = base,
                                       .who = "test",
                                       .owner = is_root ? "nobody" : NULL,
                                       .mode = 0660,
                                       .has_room = has_room,
                                       .on_accept = on_accept};
    mode_t before = umask(0);
    struct listener *listener = listener_new(&options, &addr, &error);

    umask(before);
    ck_assert_msg(listener, "%s", error.text);
    ck_assert_int_eq(stat(unit_path("door"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0660);
    if (is_root)
        ck_assert_uint_ne(status.st_uid, 0);
    listener_free(listener);
    options.owner = "no-such-user";
    ck_assert_ptr_null(listener_new(&options, &addr, &error));
    ck_assert_str_eq(error.text, "there is no user \"no-such-user\" on this machine");
    ck_assert_int_eq(access(unit_path("door"), F_OK), -1);
    event_base_free(base);
}
END_TEST

static bool tcp_has_room(void *context) {
    (void)context;
    return true;
}

static void on_tcp_accept(void *context, int fd, const struct addr *peer) {
    (void)peer;
    ++*(int *)context;
    close(fd);
}

static bool tcp_is_in(void *context) {
    return *(int *)context == 1;
}

static int tcp_knock(uint16_t port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(fd);
    return -1;
}

/* One that only the superuser may bind, if we are that. */
static struct listener *bind_low(const struct listener_options *options, uint16_t *port) {
    struct endpoint endpoint = {.host = "127.0.0.1"};
    struct listener *listener = NULL;
    struct error error = {""};
    struct addr addr;
    unsigned first = geteuid() == 0 ? 600 : 21000;

    for (unsigned i = 0; i < 300 && !listener; i++) {
        endpoint.port = *port = (uint16_t)(first + i);
        ck_assert(addr_from_endpoint(&addr, &endpoint));
        listener = listener_new(options, &addr, &error);
    }
    ck_assert_msg(listener, "%s", error.text);
    return listener;
}

START_TEST(port_below_1024_opens_again_without_privileges) {
    struct event_base *base = event_base_new();
    struct error error = {""};
    uint16_t port;
    int count = 0, fd;
    struct listener_options options = {.base = base,
                                       .who = "test",
                                       .accepts_per_turn = 2,
                                       .has_room = tcp_has_room,
                                       .on_accept = on_tcp_accept,
                                       .context = &count};
    struct listener *listener = bind_low(&options, &port);

    ck_assert_int_eq(tcp_knock(port), -1);
    ck_assert_int_eq(listener_open(listener, &error), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0); /* its capabilities go with it */
    for (int i = 0; i < 3; i++) {
        listener_shut(listener);
#ifdef __linux__
        ck_assert_int_eq(tcp_knock(port), -1);
#endif
        ck_assert_msg(listener_open(listener, &error) == 0, "%s", error.text);
        fd = tcp_knock(port);
        ck_assert_int_ge(fd, 0);
        ck_assert(unit_run_until(base, tcp_is_in, &count, 2000));
        close(fd);
        count = 0;
    }
    listener_free(listener);
    event_base_free(base);
    ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

static TCase *listener(void) {
    TCase *group = tcase_create("listener");

    tcase_add_test(group, accepts_no_more_than_its_share_per_turn);
    tcase_add_test(group, accepts_behind_all_else_that_is_ready);
    tcase_add_test(group, rests_without_descriptors);
    tcase_add_test(group, rests_without_room);
    tcase_add_test(group, shut_unix_listener_lets_nobody_in_and_opens_again);
    tcase_add_test(group, shut_unix_listener_without_descriptors_does_not_spin);
    tcase_add_test(group, unix_socket_has_the_mode_and_owner_that_were_asked_for);
    tcase_add_test(group, port_below_1024_opens_again_without_privileges);
    return group;
}

UNIT_MAIN("server/listener", listener)

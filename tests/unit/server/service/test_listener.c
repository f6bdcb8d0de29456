/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_listener: a listener accepts a bounded number per turn, pauses without descriptors, and keeps its port.
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

struct world {
    struct event_base *base;
    struct listener *listener;
    bool has_room;
    int fds[16], count, other_events;
    unsigned refused;
};

static bool has_room(void *context) {
    struct world *world = context;

    world->refused += !world->has_room;
    return world->has_room;
}

static void on_accept(void *context, int fd, const struct addr *peer, const struct addr *local) {
    struct world *world = context;

    ck_assert(addr_is_unix(peer) && addr_is_unix(local));
    world->fds[world->count++] = fd;
}

static struct addr socket_addr(void) {
    struct endpoint endpoint = {.is_unix = true};
    struct addr addr;

    snprintf(endpoint.host, sizeof endpoint.host, "%s", unit_path("socket"));
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static void begin(struct world *world) {
    struct addr addr = socket_addr();
    struct error error;

    *world = (struct world){.base = event_base_new(), .has_room = true};
    struct listener_options options = {.base = world->base,
                                       .who = "test",
                                       .accepts_per_turn = 2,
                                       .has_room = has_room,
                                       .on_accept = on_accept,
                                       .context = world};
    world->listener = listener_new(&options, &addr, &error);
    ck_assert_msg(world->listener, "%s", error.text);
    ck_assert_int_eq(listener_open(world->listener, &error), 0);
}

static void finish(struct world *world) {
    listener_free(world->listener);
    event_base_free(world->base);
    for (int i = 0; i < world->count; i++)
        close(world->fds[i]);
}

static int connect_unix(void) {
    struct addr addr = socket_addr();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&addr.storage, addr.length) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool all_are_accepted(void *context) {
    return ((struct world *)context)->count == 5;
}

START_TEST(accepts_a_bounded_number_per_turn) {
    struct world world;
    int fds[5];

    begin(&world);
    for (int i = 0; i < 5; i++)
        fds[i] = connect_unix();
    event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(world.count, 2);
    ck_assert(unit_run_until(world.base, all_are_accepted, &world, 2000));
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    finish(&world);
}
END_TEST

static void on_other(evutil_socket_t fd, short what, void *context) {
    struct world *world = context;

    (void)fd;
    (void)what;
    ck_assert_int_eq(world->count, 0);
    world->other_events++;
}

/* The listener was ready first, and in the same turn. */
START_TEST(accepts_after_all_other_events_of_the_turn) {
    struct world world;
    int ends[2];

    begin(&world);
    int fd = connect_unix();
    ck_assert_int_eq(sock_wake_pair(ends), 0);
    struct event *other = event_new(world.base, ends[0], EV_READ, on_other, &world);
    event_add(other, NULL);
    sock_wake(ends[1]);
    event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(world.other_events, 1);
    ck_assert_int_eq(world.count, 1);
    event_free(other);
    close(fd);
    close(ends[0]);
    close(ends[1]);
    finish(&world);
}
END_TEST

static bool one_is_accepted(void *context) {
    return ((struct world *)context)->count == 1;
}

/* From now on none can be opened; returns the limit that there was. */
static struct rlimit forbid_descriptors(void) {
    struct rlimit limit, before;
    int lowest = dup(0);

    ck_assert_int_ge(lowest, 0);
    close(lowest);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)lowest;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

START_TEST(accepting_pauses_without_descriptors) {
    struct world world;

    begin(&world);
    int fd = connect_unix();
    struct rlimit before = forbid_descriptors();
    event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(world.count, 0);
    ck_assert_int_eq(event_base_get_num_events(world.base, EVENT_BASE_COUNT_ACTIVE), 0);
    event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK); /* no spinning: the event is not there */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_int_eq(world.count, 0);
    ck_assert(unit_run_until(world.base, one_is_accepted, &world, 2000));
    close(fd);
    finish(&world);
}
END_TEST

START_TEST(accepting_pauses_without_room) {
    struct world world;

    begin(&world);
    world.has_room = false;
    int fd = connect_unix();
    for (int i = 0; i < 10; i++)
        event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_uint_eq(world.refused, 1);
    world.has_room = true;
    ck_assert(unit_run_until(world.base, one_is_accepted, &world, 2000));
    close(fd);
    finish(&world);
}
END_TEST

static bool is_closed(void *context) {
    char byte;

    return recv(*(int *)context, &byte, 1, MSG_DONTWAIT) == 0 || !sock_would_block(errno);
}

/* A Unix socket cannot end listening and begin again, and without privileges its path may not be bound again. */
START_TEST(shut_unix_listener_refuses_clients_and_opens_again) {
    struct world world;
    struct error error;
    struct stat before, after;

    begin(&world);
    ck_assert_int_eq(stat(unit_path("socket"), &before), 0);
    listener_shut(world.listener);
    int fd = connect_unix();
    ck_assert(unit_run_until(world.base, is_closed, &fd, 2000));
    close(fd);
    ck_assert_int_eq(world.count, 0);
    ck_assert_int_eq(listener_open(world.listener, &error), 0);
    fd = connect_unix();
    ck_assert(unit_run_until(world.base, one_is_accepted, &world, 2000));
    close(fd);
    ck_assert_int_eq(stat(unit_path("socket"), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    finish(&world);
    ck_assert_int_eq(access(unit_path("socket"), F_OK), -1); /* the path goes with the listener */
}
END_TEST

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    ((struct world *)context)->other_events++;
}

/* Linux cannot end listening on a Unix socket, so connections are accepted and reset, which takes a descriptor. */
START_TEST(shut_unix_listener_without_descriptors_does_not_spin) {
    struct world world;
    unsigned turns = 0;

    begin(&world);
    listener_shut(world.listener);
    int fd = connect_unix();
    struct rlimit before = forbid_descriptors();
    struct event *timer = evtimer_new(world.base, on_timer, &world);
    ck_assert_int_eq(event_add(timer, &(struct timeval){0, 50000}), 0); /* half of the pause */
    for (; world.other_events == 0; turns++)
        event_base_loop(world.base, EVLOOP_ONCE);
    ck_assert_uint_le(turns, 5);
    event_free(timer);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (fd >= 0)
        close(fd);
    finish(&world);
}
END_TEST

/* Without them the umask decides who may connect. */
START_TEST(unix_socket_has_the_configured_mode_and_owner) {
    struct event_base *base = event_base_new();
    struct addr addr = socket_addr();
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
    ck_assert_int_eq(stat(unit_path("socket"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0660);
    if (is_root)
        ck_assert_uint_ne(status.st_uid, 0);
    listener_free(listener);
    options.owner = "no-such-user";
    ck_assert_ptr_null(listener_new(&options, &addr, &error));
    ck_assert_str_eq(error.text, "there is no user \"no-such-user\" on this machine");
    ck_assert_int_eq(access(unit_path("socket"), F_OK), -1);
    event_base_free(base);
}
END_TEST

static bool tcp_has_room(void *context) {
    (void)context;
    return true;
}

static void on_tcp_accept(void *context, int fd, const struct addr *peer, const struct addr *local) {
    (void)peer;
    (void)local;
    ++*(int *)context;
    close(fd);
}

static bool one_is_accepted_by_tcp(void *context) {
    return *(int *)context == 1;
}

static int connect_tcp(uint16_t port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(fd);
    return -1;
}

/* A port that only the superuser may bind, if the test runs as that. */
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

    ck_assert_int_eq(connect_tcp(port), -1);
    ck_assert_int_eq(listener_open(listener, &error), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0); /* its capabilities go with it */
    for (int i = 0; i < 3; i++) {
        listener_shut(listener);
#ifdef __linux__
        ck_assert_int_eq(connect_tcp(port), -1);
#endif
        ck_assert_msg(listener_open(listener, &error) == 0, "%s", error.text);
        fd = connect_tcp(port);
        ck_assert_int_ge(fd, 0);
        ck_assert(unit_run_until(base, one_is_accepted_by_tcp, &count, 2000));
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

    tcase_add_test(group, accepts_a_bounded_number_per_turn);
    tcase_add_test(group, accepts_after_all_other_events_of_the_turn);
    tcase_add_test(group, accepting_pauses_without_descriptors);
    tcase_add_test(group, accepting_pauses_without_room);
    tcase_add_test(group, shut_unix_listener_refuses_clients_and_opens_again);
    tcase_add_test(group, shut_unix_listener_without_descriptors_does_not_spin);
    tcase_add_test(group, unix_socket_has_the_configured_mode_and_owner);
    tcase_add_test(group, port_below_1024_opens_again_without_privileges);
    return group;
}

UNIT_MAIN("server/service/listener", listener)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock_stall: a connection whose packets get nowhere is found at the same time, whether they are lost on the way
 * or cannot leave the machine.
 *
 * The two ends are in network namespaces that the test makes (Linux, root, ip of iproute2); elsewhere it is skipped.
 */
#include "config.h"

#include "unit.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

enum { STALLED_MS = 5000, LATE_MS = 3000, LOOK_MS = 200, PATIENCE_MS = 10000, PORT = 5000 };

struct world {
    int fd;               /* the near end */
    pid_t far;            /* has the far end and its namespace */
    int to_far, from_far; /* a byte each, when a step is done */
};

static bool run(const char *command) {
    return system(command) == 0;
}

static bool run_for(const char *before, pid_t process, const char *after) {
    char command[160];
    snprintf(command, sizeof command, "%s %d %s", before, (int)process, after);
    return run(command);
}

static void tell(int fd) {
    ck_assert_int_eq(write(fd, "x", 1), 1);
}

static void await(int fd) {
    char byte;
    ck_assert_int_eq(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PATIENCE_MS), 1);
    ck_assert_int_eq(read(fd, &byte, 1), 1);
}

static struct addr far_address(void) {
    struct addr address;
    struct endpoint endpoint = {.host = "10.9.0.2", .port = PORT};
    ck_assert(addr_from_endpoint(&address, &endpoint));
    return address;
}

/* In a process of its own: reads all that comes, until it is killed. */
static void be_far(int from_near, int to_near) {
    struct error error = {""};
    struct addr address = far_address(), peer;
    ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
    tell(to_near);
    await(from_near);
    ck_assert(run("ip addr add 10.9.0.2/24 dev far1 && ip link set far1 up"));
    int listener = sock_bind(&address, &error);
    ck_assert_msg(listener >= 0 && sock_listen(listener, SOCK_BACKLOG) == 0, "%s", error.text);
    tell(to_near);
    ck_assert_int_eq(poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, PATIENCE_MS), 1);
    int fd = sock_accept(listener, &peer);
    char bytes[4096];
    for (;;) {
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        if (read(fd, bytes, sizeof bytes) > 0)
            tell(to_near);
    }
}

static void start_far(struct world *world) {
    int there[2], back[2];
    ck_assert(pipe(there) == 0 && pipe(back) == 0);
    world->far = fork();
    ck_assert_int_ge(world->far, 0);
    if (world->far == 0) {
        be_far(there[0], back[1]);
        _exit(1);
    }
    world->to_far = there[1];
    world->from_far = back[0];
}

static void say(struct world *world, const char *text) {
    const struct iovec part = {(void *)text, strlen(text)};
    ck_assert_int_eq(sock_writev(world->fd, &part, 1), (ssize_t)strlen(text));
}

/* A connection over a cable of its own, over which something has gone. False: this cannot be had here. */
static bool begin(struct world *world) {
    bool done;
    struct addr address = far_address();
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 ||
        !run("ip link add near1 type veth peer name far1 2>/dev/null")) {
        printf("# skipped: network namespaces need root, and ip of iproute2\n");
        return false;
    }
    start_far(world);
    await(world->from_far);
    ck_assert(run_for("ip link set far1 netns", world->far, ""));
    ck_assert(run("ip addr add 10.9.0.1/24 dev near1 && ip link set near1 up"));
    tell(world->to_far);
    await(world->from_far);
    world->fd = sock_connect(&address, NULL, &done);
    ck_assert_int_ge(world->fd, 0);
    ck_assert_int_eq(poll(&(struct pollfd){.fd = world->fd, .events = POLLOUT}, 1, PATIENCE_MS), 1);
    say(world, "hello");
    await(world->from_far);
    return true;
}

static void finish(struct world *world) {
    sock_close_reset(world->fd);
    kill(world->far, SIGKILL);
    waitpid(world->far, NULL, 0);
}

/* Looks as a sweep does until it counts as stalled for so long; returns how long that took. */
static uint64_t find_stall(const struct world *world) {
    struct sock_stall stall = {0, 0};
    uint64_t begun = clock_ms();
    while (sock_stalled_ms(world->fd, &stall) < STALLED_MS && clock_ms() - begun < STALLED_MS + LATE_MS)
        poll(NULL, 0, LOOK_MS);
    return clock_ms() - begun;
}

enum loss { OWN_INTERFACE, OWN_ROUTE, CARRIER, LOSSES };

static bool lose(const struct world *world, enum loss loss) {
    switch (loss) {
    case OWN_INTERFACE:
        return run("ip link set near1 down");
    case OWN_ROUTE:
        return run("ip route add blackhole 10.9.0.2/32");
    default:
        return run_for("nsenter -n -t", world->far, "ip link set far1 down");
    }
}

START_TEST(what_cannot_leave_the_machine_is_a_stall) {
    struct world world;
    struct sock_stall stall = {0, 0};
    if (!begin(&world))
        return;
    ck_assert_uint_eq(sock_stalled_ms(world.fd, &stall), 0);
    ck_assert(lose(&world, (enum loss)_i));
    say(&world, "is anybody there?");
    uint64_t found_ms = find_stall(&world);
    ck_assert_msg(found_ms >= STALLED_MS - LOOK_MS && found_ms < STALLED_MS + LATE_MS, "found after %u ms",
                  (unsigned)found_ms);
    finish(&world);
}
END_TEST

/* Data is under way at each look, and acknowledged between them. */
START_TEST(a_connection_that_goes_on_is_no_stall) {
    struct world world;
    struct sock_stall stall = {0, 0};
    if (!begin(&world))
        return;
    for (int i = 0; i < 20; i++) {
        say(&world, "more");
        ck_assert_uint_lt(sock_stalled_ms(world.fd, &stall), STALLED_MS / 2);
        await(world.from_far);
    }
    finish(&world);
}
END_TEST

static TCase *stalls(void) {
    TCase *group = tcase_create("stalls");
    tcase_add_loop_test(group, what_cannot_leave_the_machine_is_a_stall, 0, LOSSES);
    tcase_add_test(group, a_connection_that_goes_on_is_no_stall);
    return group;
}
#else
static TCase *stalls(void) {
    return tcase_create("stalls");
}
#endif

UNIT_MAIN("lib/net/sock_stall", stalls)

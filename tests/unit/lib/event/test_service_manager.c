/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_manager: what a service manager receives, also a slow one, and when memory lacks for the retry timer.
 */
#include "config.h"

#include "lib/event/service_manager.h"
#include "unit.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool timers_fail;

int __real_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout) {
    return timers_fail && timeout ? -1 : __real_event_add(event, timeout);
}

static struct {
    struct event_base *base;
    struct service_manager *manager;
    int fd;
    char received[8192]; /* a line for each datagram */
    bool alive;
} world;

static bool is_alive(void *context) {
    (void)context;
    return world.alive;
}

static void listen_at(const char *address) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    size_t length = strlen(address);

    world.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    memcpy(place.sun_path, address, length);
    if (*address == '@')
        place.sun_path[0] = '\0';
    ck_assert_int_eq(bind(world.fd, (struct sockaddr *)&place,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
}

static void begin(const char *address) {
    world.base = event_base_new();
    world.alive = true;
    world.received[0] = '\0';
    if (address) {
        listen_at(address);
        setenv("NOTIFY_SOCKET", address, 1);
    }
    world.manager = service_manager_new(world.base, is_alive, NULL);
    ck_assert_ptr_nonnull(world.manager);
}

static void end(void) {
    service_manager_free(world.manager);
    event_base_free(world.base);
    close(world.fd);
}

static bool has_received(const char *text) {
    char part[600];
    ssize_t got;

    while ((got = recv(world.fd, part, sizeof part - 1, 0)) > 0) {
        size_t used = strlen(world.received);
        part[got] = '\0';
        snprintf(world.received + used, sizeof world.received - used, "%s\n", part);
    }
    return strstr(world.received, text);
}

static bool has_received_context(void *context) {
    return has_received(context);
}

static bool receives_soon(const char *text) {
    return unit_run_until(world.base, has_received_context, (void *)(uintptr_t)text, 3000);
}

START_TEST(without_a_manager_nothing_happens) {
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000", 1);
    begin(NULL);
    service_manager_ready(world.manager);
    service_manager_status(world.manager, "%s", "well");
    unit_run_rounds(world.base, 3);
    service_manager_stopping(world.manager);
    service_manager_free(world.manager);
    event_base_free(world.base);
}
END_TEST

static const char *address_of(int which) {
    static char text[64];

    if (which == 0)
        return unit_path("notify");
    snprintf(text, sizeof text, "@munnel-unit-%d", (int)getpid());
    return text;
}

START_TEST(states_are_sent_as_the_protocol_names_them) {
    unlink(unit_path("notify"));
    begin(address_of(_i));
    ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
    service_manager_ready(world.manager);
    service_manager_status(world.manager, "serves %d", 3);
    service_manager_status(world.manager, "serves %d", 3); /* nothing new */
    service_manager_reloading(world.manager);
    service_manager_stopping(world.manager);
    ck_assert(has_received("STOPPING=1"));
    char *reloading = strstr(world.received, "RELOADING=1\nMONOTONIC_USEC=");
    ck_assert_ptr_nonnull(reloading);
    ck_assert_uint_gt(strtoull(reloading + strlen("RELOADING=1\nMONOTONIC_USEC="), NULL, 10), 0);
    *reloading = '\0';
    ck_assert_str_eq(world.received, "READY=1\nSTATUS=serves 3\n");
    end();
}
END_TEST

START_TEST(watchdog_is_sent_while_the_program_is_alive) {
    unlink(unit_path("notify"));
    setenv("WATCHDOG_USEC", "20000", 1);
    begin(unit_path("notify"));
    ck_assert(receives_soon("WATCHDOG=1"));
    world.alive = false;
    has_received("");
    world.received[0] = '\0';
    struct timeval while_long = {0, 100 * 1000};
    event_base_loopexit(world.base, &while_long);
    event_base_dispatch(world.base);
    ck_assert(!has_received("WATCHDOG=1"));
    end();
}
END_TEST

START_TEST(watchdog_of_another_process_is_left_alone) {
    unlink(unit_path("notify"));
    setenv("WATCHDOG_USEC", "1000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    begin(unit_path("notify"));
    struct timeval while_long = {0, 50 * 1000};
    event_base_loopexit(world.base, &while_long);
    event_base_loop(world.base, EVLOOP_NO_EXIT_ON_EMPTY);
    ck_assert(!has_received("WATCHDOG=1"));
    end();
}
END_TEST

/* Its queue is full: the loop does not wait, and the last of each is sent once there is room. */
START_TEST(a_slow_manager_receives_the_last_state_and_status) {
    unlink(unit_path("notify"));
    begin(unit_path("notify"));
    for (int i = 0; i < 5000; i++)
        service_manager_status(world.manager, "step %d", i);
    service_manager_stopping(world.manager);
    ck_assert(receives_soon("STOPPING=1"));
    ck_assert(receives_soon("STATUS=step 4999"));
    end();
}
END_TEST

/* The timer that would send again cannot be added: the next status does it, also one that is not new. */
START_TEST(a_retry_without_memory_is_made_with_the_next_status) {
    unlink(unit_path("notify"));
    begin(unit_path("notify"));
    timers_fail = true;
    for (int i = 0; i < 5000; i++)
        service_manager_status(world.manager, "step %d", i);
    service_manager_stopping(world.manager);
    ck_assert(!has_received("STOPPING=1"));
    service_manager_status(world.manager, "step %d", 4999);
    ck_assert(has_received("STOPPING=1"));
    ck_assert(has_received("STATUS=step 4999"));
    end();
}
END_TEST

static TCase *messages(void) {
    TCase *group = tcase_create("messages");

    tcase_add_test(group, without_a_manager_nothing_happens);
    tcase_add_loop_test(group, states_are_sent_as_the_protocol_names_them, 0, 2);
    tcase_add_test(group, a_retry_without_memory_is_made_with_the_next_status);
    tcase_add_test(group, a_slow_manager_receives_the_last_state_and_status);
    return group;
}

static TCase *watchdog(void) {
    TCase *group = tcase_create("watchdog");

    tcase_add_test(group, watchdog_is_sent_while_the_program_is_alive);
    tcase_add_test(group, watchdog_of_another_process_is_left_alone);
    return group;
}

UNIT_MAIN("lib/event/service_manager", messages, watchdog)

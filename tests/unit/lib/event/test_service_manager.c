/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_manager: what a service manager hears, also one that is slow.
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

static struct {
    struct event_base *base;
    struct service_manager *notify;
    int fd;
    char heard[8192]; /* a line for each datagram */
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
    world.heard[0] = '\0';
    if (address) {
        listen_at(address);
        setenv("NOTIFY_SOCKET", address, 1);
    }
    world.notify = service_manager_new(world.base, is_alive, NULL);
    ck_assert_ptr_nonnull(world.notify);
}

static void end(void) {
    service_manager_free(world.notify);
    event_base_free(world.base);
    close(world.fd);
}

static bool hears(const char *words) {
    char part[600];
    ssize_t got;

    while ((got = recv(world.fd, part, sizeof part - 1, 0)) > 0) {
        size_t used = strlen(world.heard);
        part[got] = '\0';
        snprintf(world.heard + used, sizeof world.heard - used, "%s\n", part);
    }
    return strstr(world.heard, words) != NULL;
}

static bool hears_context(void *context) {
    return hears(context);
}

static bool hears_soon(const char *words) {
    return unit_run_until(world.base, hears_context, (void *)(uintptr_t)words, 3000);
}

START_TEST(without_a_manager_nothing_happens) {
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000", 1);
    begin(NULL);
    service_manager_ready(world.notify);
    service_manager_status(world.notify, "%s", "well");
    unit_run_rounds(world.base, 3);
    service_manager_stopping(world.notify);
    service_manager_free(world.notify);
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

START_TEST(states_are_said_in_their_words) {
    unlink(unit_path("notify"));
    begin(address_of(_i));
    ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
    service_manager_ready(world.notify);
    service_manager_status(world.notify, "serves %d", 3);
    service_manager_status(world.notify, "serves %d", 3); /* nothing new */
    service_manager_reloading(world.notify);
    service_manager_stopping(world.notify);
    ck_assert(hears("STOPPING=1"));
    char *reloading = strstr(world.heard, "RELOADING=1\nMONOTONIC_USEC=");
    ck_assert_ptr_nonnull(reloading);
    ck_assert_uint_gt(strtoull(reloading + strlen("RELOADING=1\nMONOTONIC_USEC="), NULL, 10), 0);
    *reloading = '\0';
    ck_assert_str_eq(world.heard, "READY=1\nSTATUS=serves 3\n");
    end();
}
END_TEST

START_TEST(watchdog_is_fed_while_all_is_well) {
    unlink(unit_path("notify"));
    setenv("WATCHDOG_USEC", "20000", 1);
    begin(unit_path("notify"));
    ck_assert(hears_soon("WATCHDOG=1"));
    world.alive = false;
    hears("");
    world.heard[0] = '\0';
    struct timeval while_long = {0, 100 * 1000};
    event_base_loopexit(world.base, &while_long);
    event_base_dispatch(world.base);
    ck_assert(!hears("WATCHDOG=1"));
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
    ck_assert(!hears("WATCHDOG=1"));
    end();
}
END_TEST

/* Its queue is full: the loop does not wait, and what counts is said once there is room. */
START_TEST(slow_manager_hears_the_last_word) {
    unlink(unit_path("notify"));
    begin(unit_path("notify"));
    for (int i = 0; i < 5000; i++)
        service_manager_status(world.notify, "step %d", i);
    service_manager_stopping(world.notify);
    ck_assert(hears_soon("STOPPING=1"));
    ck_assert(hears_soon("STATUS=step 4999"));
    end();
}
END_TEST

static TCase *words(void) {
    TCase *group = tcase_create("words");

    tcase_add_test(group, without_a_manager_nothing_happens);
    tcase_add_loop_test(group, states_are_said_in_their_words, 0, 2);
    tcase_add_test(group, slow_manager_hears_the_last_word);
    return group;
}

static TCase *watchdog(void) {
    TCase *group = tcase_create("watchdog");

    tcase_add_test(group, watchdog_is_fed_while_all_is_well);
    tcase_add_test(group, watchdog_of_another_process_is_left_alone);
    return group;
}

UNIT_MAIN("lib/notify", words, watchdog)

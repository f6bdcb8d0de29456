/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_liveness: a relay thread that is stuck is found, and a service manager with a watchdog notices it by silence.
 */
#include "config.h"

#include "lib/event/service_manager.h"
#include "relay/plane_priv.h"
#include "relay/thread_priv.h"
#include "unit.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 5000, SILENCE_MS = 200 };

struct block {              /* a message that keeps the thread that it is delivered to */
    struct message message; /* first */
    sem_t entered, left;
};

struct world {
    struct loop *loop;
    struct plane *plane;
    struct block block;
    evutil_socket_t fd; /* the service manager's */
    unsigned fed;
};

static void on_block(struct message *message) {
    struct block *block = (struct block *)message;
    sem_post(&block->entered);
    while (sem_wait(&block->left) != 0) {
    }
}

static void begin(struct world *world) {
    static const struct plane_events events = {0};
    struct error error = {""};
    *world = (struct world){.loop = loop_new("test"), .fd = -1};
    ck_assert_ptr_nonnull(world->loop);
    const struct plane_options options = {.threads = 2,
                                          .control = world->loop,
                                          .instance = "00112233445566778899aabbccddeeff",
                                          .greeting_ms = 5000,
                                          .events = &events};
    world->plane = plane_new(&options, &error);
    ck_assert_msg(world->plane, "%s", error.text);
    ck_assert_int_eq(sem_init(&world->block.entered, 0, 0), 0);
    ck_assert_int_eq(sem_init(&world->block.left, 0, 0), 0);
}

/* Returns once the second thread stands. */
static void block(struct world *world) {
    world->block.message.deliver = on_block;
    loop_post(world->plane->threads[1]->loop, &world->block.message);
    while (sem_wait(&world->block.entered) != 0) {
    }
}

static void unblock(struct world *world) {
    sem_post(&world->block.left);
}

static void finish(struct world *world) {
    plane_free(world->plane);
    loop_free(world->loop);
    sem_destroy(&world->block.entered);
    sem_destroy(&world->block.left);
}

static bool all_answered(void *context) {
    const struct world *world = context;
    return atomic_load(&world->plane->unanswered) == 0;
}

static bool one_owes(void *context) {
    const struct world *world = context;
    return atomic_load(&world->plane->unanswered) == 1;
}

START_TEST(a_stuck_thread_is_found_and_recovers) {
    struct world world;
    begin(&world);
    ck_assert(plane_probe_liveness(world.plane));
    ck_assert(unit_wait_until(all_answered, &world, PATIENCE_MS));
    block(&world);
    ck_assert(plane_probe_liveness(world.plane)); /* it is asked now, and may answer until the next time */
    ck_assert(unit_wait_until(one_owes, &world, PATIENCE_MS));
    ck_assert(!plane_probe_liveness(world.plane));
    ck_assert(!plane_probe_liveness(world.plane)); /* nor is it asked again and again meanwhile */
    ck_assert_uint_eq(atomic_load(&world.plane->unanswered), 1);
    unblock(&world);
    ck_assert(unit_wait_until(all_answered, &world, PATIENCE_MS));
    ck_assert(plane_probe_liveness(world.plane));
    ck_assert(unit_wait_until(all_answered, &world, PATIENCE_MS));
    finish(&world);
}
END_TEST

/* ---- the watchdog ---- */

static bool is_alive(void *context) {
    struct world *world = context;
    return plane_probe_liveness(world->plane);
}

static bool is_fed(void *context) {
    struct world *world = context;
    char text[512];
    ptrdiff_t got;
    while ((got = unit_receive(world->fd, text, sizeof text - 1)) > 0) {
        text[got] = '\0';
        world->fed += strstr(text, "WATCHDOG=1") ? 1 : 0;
    }
    return world->fed > 0;
}

static bool never(void *context) {
    (void)context;
    return false;
}

static bool listen_as_manager(struct world *world) {
    world->fd = unit_datagram_socket(unit_path("notify"));
    if (world->fd < 0)
        return false;
    unit_set_environment("NOTIFY_SOCKET", unit_path("notify"));
    unit_set_environment("WATCHDOG_USEC", "20000");
    unit_set_environment("WATCHDOG_PID", NULL);
    return true;
}

START_TEST(a_stuck_thread_gets_no_watchdog_notification) {
    struct world world;
    begin(&world);
    if (!listen_as_manager(&world)) {
        finish(&world);
        return;
    }
    struct service_manager *notify = service_manager_new(loop_base(world.loop), is_alive, &world);
    ck_assert_ptr_nonnull(notify);
    ck_assert(unit_run_until(loop_base(world.loop), is_fed, &world, PATIENCE_MS));
    ck_assert(unit_wait_until(all_answered, &world,
                              PATIENCE_MS)); /* or the other thread may be the one that has not answered */
    block(&world);
    ck_assert(unit_run_until(loop_base(world.loop), one_owes, &world, PATIENCE_MS));
    is_fed(&world);
    world.fed = 0;
    unit_run_until(loop_base(world.loop), never, NULL, SILENCE_MS);
    ck_assert(!is_fed(&world));
    unblock(&world);
    ck_assert(unit_run_until(loop_base(world.loop), is_fed, &world, PATIENCE_MS));
    service_manager_free(notify);
    ck_assert(unit_wait_until(all_answered, &world, PATIENCE_MS));
    finish(&world);
    evutil_closesocket(world.fd);
}
END_TEST

static TCase *probes(void) {
    TCase *group = tcase_create("probes");
    tcase_add_test(group, a_stuck_thread_is_found_and_recovers);
    tcase_add_test(group, a_stuck_thread_gets_no_watchdog_notification);
    return group;
}

UNIT_MAIN("relay/liveness", probes)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_services: the service table of a session reaches each relay thread, and the control thread hears of it
 * only when all of them have it.
 */
#include "config.h"

#include "relay/plane_priv.h"
#include "unit.h"

#include <semaphore.h>
#include <string.h>

enum { PATIENCE_MS = 5000, SESSION = 12, OTHER = 34 };

struct block {              /* a message that keeps the thread that it is delivered to */
    struct message message; /* first */
    sem_t entered, left;
};

struct world {
    struct loop *loop;
    struct plane *plane;
    unsigned confirmed;
    uint64_t session;
};

static void on_services_set(void *context, uint64_t session) {
    struct world *world = context;
    world->confirmed++;
    world->session = session;
}

static void begin(struct world *world) {
    static const struct plane_events events = {.on_services_set = on_services_set};
    struct error error = {""};
    *world = (struct world){.loop = loop_new("test")};
    ck_assert_ptr_nonnull(world->loop);
    const struct plane_options options = {.is_agent = true,
                                          .threads = 2,
                                          .control = world->loop,
                                          .instance = "00112233445566778899aabbccddeeff",
                                          .greeting_ms = 5000,
                                          .events = &events,
                                          .context = world};
    world->plane = plane_new(&options, &error);
    ck_assert_msg(world->plane, "%s", error.text);
}

static void finish(struct world *world) {
    plane_free(world->plane);
    loop_free(world->loop);
}

static void set(struct world *world, uint64_t session, uint32_t id) {
    static const struct services_part nothing = {.version = 1};
    struct service_offer offer = {.id = id, .name = "s", .to = {"a:1"}, .to_count = 1};
    struct served_service *service = served_service_new(&offer);
    struct service_table *table = service_table_change(NULL, "00112233", &nothing, &service, 1);
    ck_assert(plane_set_services(world->plane, session, table));
    service_table_release(table);
    served_service_release(service);
}

static bool is_confirmed(void *context) {
    const struct world *world = context;
    return world->confirmed > 0;
}

static void await_confirmation(struct world *world, uint64_t session) {
    ck_assert(unit_run_until(loop_base(world->loop), is_confirmed, world, PATIENCE_MS));
    ck_assert_uint_eq(world->session, session);
    world->confirmed = 0;
}

/* What a thread has; only when it is at rest, or has just confirmed. */
static bool has(const struct world *world, unsigned thread, uint64_t session, uint32_t id) {
    return service_table_find(relay_thread_services(world->plane->threads[thread], session), id);
}

START_TEST(all_threads_have_the_newest_table_of_each_session) {
    struct world world;
    begin(&world);
    set(&world, SESSION, 1);
    await_confirmation(&world, SESSION);
    set(&world, OTHER, 2);
    await_confirmation(&world, OTHER);
    set(&world, SESSION, 3);
    await_confirmation(&world, SESSION);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(has(&world, i, SESSION, 3) && has(&world, i, OTHER, 2));
        ck_assert(!has(&world, i, SESSION, 1) && !has(&world, i, SESSION, 2) && !has(&world, i, OTHER, 3));
    }
    finish(&world);
}
END_TEST

static void on_block(struct message *message) {
    struct block *block = (struct block *)message;
    sem_post(&block->entered);
    while (sem_wait(&block->left) != 0) {
    }
}

START_TEST(table_is_not_confirmed_before_the_last_thread_has_it) {
    struct world world;
    struct block block = {.message.deliver = on_block};
    begin(&world);
    ck_assert_int_eq(sem_init(&block.entered, 0, 0), 0);
    ck_assert_int_eq(sem_init(&block.left, 0, 0), 0);
    loop_post(world.plane->threads[1]->loop, &block.message);
    while (sem_wait(&block.entered) != 0) {
    }
    set(&world, SESSION, 1);
    unit_run_rounds(loop_base(world.loop), 20);
    ck_assert_uint_eq(world.confirmed, 0);
    sem_post(&block.left);
    await_confirmation(&world, SESSION);
    finish(&world);
    sem_destroy(&block.entered);
    sem_destroy(&block.left);
}
END_TEST

START_TEST(session_that_is_over_has_no_services_any_more) {
    struct world world;
    begin(&world);
    set(&world, SESSION, 1);
    await_confirmation(&world, SESSION);
    ck_assert(plane_set_services(world.plane, SESSION, NULL));
    set(&world, OTHER, 2); /* each thread takes its orders one after the other */
    await_confirmation(&world, OTHER);
    for (unsigned i = 0; i < 2; i++)
        ck_assert(!has(&world, i, SESSION, 1) && has(&world, i, OTHER, 2));
    finish(&world);
}
END_TEST

static TCase *tables(void) {
    TCase *group = tcase_create("tables");
    tcase_add_test(group, all_threads_have_the_newest_table_of_each_session);
    tcase_add_test(group, table_is_not_confirmed_before_the_last_thread_has_it);
    tcase_add_test(group, session_that_is_over_has_no_services_any_more);
    return group;
}

UNIT_MAIN("relay/plane_services", tables)

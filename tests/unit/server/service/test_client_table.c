/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_client_table: clients are numbered, counted and limited, and a struct that is used again starts empty.
 */
#include "config.h"

#include "server/service/client_table.h"
#include "unit.h"

#include <stdlib.h>

enum { MANY = 1100 /* more than are kept unused */ };

struct world {
    struct client_table *clients;
    struct service_terms *terms;
    struct addr peer;
};

static void begin(struct world *world) {
    static const struct service_terms_plan plan = {.service = "test", .destination = ""};
    const struct endpoint endpoint = {.host = "192.0.2.1", .port = 4321};

    *world = (struct world){.clients = client_table_new(), .terms = service_terms_new(&plan)};
    ck_assert(world->clients && world->terms);
    ck_assert(addr_from_endpoint(&world->peer, &endpoint));
}

static void finish(struct world *world) {
    client_table_free(world->clients);
    ck_assert_uint_eq(atomic_load(&world->terms->references), 1);
    service_terms_release(world->terms);
}

static struct client *take(struct world *world, int fd) {
    struct client *client = client_table_take(world->clients, fd, &world->peer, world->terms);

    ck_assert_ptr_nonnull(client);
    return client;
}

START_TEST(new_client_has_its_connection_and_a_number_of_its_own) {
    struct world world;

    begin(&world);
    for (uint64_t i = 1; i <= 3; i++) {
        struct client *client = take(&world, 5);
        ck_assert_uint_eq(client->number, i);
        ck_assert_int_eq(client->fd, 5);
        ck_assert(addr_same_host(&client->peer, &world.peer));
        ck_assert_ptr_eq(client->terms, world.terms);
        ck_assert_uint_ne(client->accepted_us, 0);
        ck_assert_uint_eq(atomic_load(&world.terms->references), 2);
        client_table_give_back(world.clients, client);
        ck_assert_uint_eq(atomic_load(&world.terms->references), 1);
    }
    ck_assert_uint_eq(client_table_total(world.clients), 3);
    finish(&world);
}
END_TEST

/* A struct is used again; what its last client left must not reach the next. */
START_TEST(client_has_nothing_of_the_one_before) {
    struct world world;

    begin(&world);
    struct client *before = take(&world, 5);
    before->attempts = 3;
    before->opened_us = before->session = before->avoided = 7;
    before->tried = malloc(sizeof *before->tried); /* given back, too */
    before->tried_count = 1;
    before->holds_early = before->early_end = before->is_waiting = true;
    before->early = evbuffer_new();
    before->agent[0] = 'a';
    client_table_give_back(world.clients, before);
    const struct client *after = take(&world, 6);
    ck_assert_ptr_eq(after, before);
    ck_assert(after->attempts == 0 && after->opened_us == 0 && after->session == 0 && after->avoided == 0);
    ck_assert(!after->holds_early && !after->early_end && !after->is_waiting && !after->early && !after->tried);
    ck_assert_str_eq(after->agent, "");
    client_table_give_back(world.clients, before);
    finish(&world);
}
END_TEST

START_TEST(room_is_up_to_the_limit) {
    struct world world;

    begin(&world);
    ck_assert_uint_eq(client_table_limit(world.clients), SIZE_MAX);
    client_table_set_limit(world.clients, 2);
    ck_assert_uint_eq(client_table_limit(world.clients), 2);
    struct client *first = take(&world, 5);
    ck_assert(client_table_has_room(world.clients));
    struct client *second = take(&world, 5);
    ck_assert(!client_table_has_room(world.clients));
    ck_assert_uint_eq(client_table_live(world.clients), 2);
    client_table_give_back(world.clients, first);
    ck_assert(client_table_has_room(world.clients));
    ck_assert_uint_eq(client_table_live(world.clients), 1);
    client_table_give_back(world.clients, second);
    ck_assert_uint_eq(client_table_live(world.clients), 0);
    finish(&world);
}
END_TEST

/* Under a sanitizer: those that are not kept are freed at once, the others with the table. */
START_TEST(many_clients_come_and_go) {
    static struct client *clients[MANY];
    struct world world;

    begin(&world);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++)
            clients[i] = take(&world, 5);
        ck_assert_uint_eq(client_table_live(world.clients), MANY);
        for (int i = 0; i < MANY; i++)
            client_table_give_back(world.clients, clients[i]);
        ck_assert_uint_eq(client_table_live(world.clients), 0);
    }
    ck_assert_uint_eq(client_table_total(world.clients), 2 * MANY);
    finish(&world);
}
END_TEST

static TCase *clients(void) {
    TCase *group = tcase_create("clients");

    tcase_add_test(group, new_client_has_its_connection_and_a_number_of_its_own);
    tcase_add_test(group, client_has_nothing_of_the_one_before);
    tcase_add_test(group, room_is_up_to_the_limit);
    tcase_add_test(group, many_clients_come_and_go);
    return group;
}

UNIT_MAIN("server/service/client_table", clients)

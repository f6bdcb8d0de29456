/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_all: which clients plane_recall() takes back from an agent.
 */
#include "config.h"

#include "relay/two_planes.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 2, TAG = 1 /* of the links that two_planes makes */, PORT = 1000 };

struct world {
    struct two_planes planes;
    struct link_ref idle[CLIENTS];
    int idle_count, links_gone;
    struct client *clients[CLIENTS]; /* NULL: given back */
    enum client_outcome outcomes[CLIENTS];
    int ends[CLIENTS]; /* the test's ends of the clients' connections */
};

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    struct world *world = context;

    (void)tag;
    if (world->idle_count < CLIENTS)
        world->idle[world->idle_count++] = link;
}

static void on_gone(void *context, const struct link_end *end) {
    struct world *world = context;

    (void)end;
    world->links_gone++;
}

static void on_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    struct world *world = context;

    (void)link;
    (void)tag;
    world->clients[client->number] = NULL;
    world->outcomes[client->number] = client->outcome;
    if (client->fd >= 0)
        memory_close(client->fd);
    if (client->early)
        evbuffer_free(client->early);
    service_terms_release(client->terms);
    free(client);
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_idle = on_idle,
                                                  .on_client_back = on_client_back,
                                                  .on_gone = on_gone};
static const struct plane_events agent_events = {.on_greeting = NULL};

/* Each has a service of its own. The agent never answers OPEN: the destination's connection stays under way. */
static void serve(struct world *world, int which, const char *early) {
    static const struct service_terms_plan plan = {.service = "test"};
    char destination[32];

    snprintf(destination, sizeof destination, "127.0.0.1:%d", PORT + which);
    struct client *client = two_planes_client(&plan, destination, &world->ends[which]);
    client->number = (uint64_t)which;
    world->clients[which] = client;
    if (*early) {
        memory_send(world->ends[which], early, strlen(early));
        memory_carry(client->fd, MUCH);
    }
    memory_connect_will(MEMORY_LATER);
    plane_serve(world->planes.server, world->idle[which], client);
    two_planes_settle(&world->planes);
}

static void begin(struct world *world) {
    *world = (struct world){.idle_count = 0};
    two_planes_begin(&world->planes, world, MUCH, &server_events, &agent_events);
    for (int i = 0; i < CLIENTS; i++)
        two_planes_add_link(&world->planes);
    ck_assert_int_eq(world->idle_count, CLIENTS);
}

static void recall(struct world *world, uint64_t tag, const struct client *client) {
    plane_recall(world->planes.server, tag, client->terms, "its agent does not answer");
    two_planes_settle(&world->planes);
}

static void finish(struct world *world) {
    int far;

    for (int i = 0; i < CLIENTS; i++)
        if (world->ends[i])
            memory_close(world->ends[i]);
    two_planes_carry_all(&world->planes);
    for (unsigned port; (far = memory_accepted(&port)) >= 0;)
        memory_close(far);
    two_planes_finish(&world->planes);
}

START_TEST(clients_of_another_service_stay_where_they_are) {
    struct world world;

    begin(&world);
    serve(&world, 0, "");
    serve(&world, 1, "");
    recall(&world, TAG, world.clients[1]);
    ck_assert_ptr_null(world.clients[1]);
    ck_assert_int_eq(world.outcomes[1], CLIENT_UNANSWERED);
    ck_assert_ptr_nonnull(world.clients[0]);
    ck_assert_int_eq(world.links_gone, 1);
    finish(&world);
}
END_TEST

START_TEST(clients_of_another_agent_stay_where_they_are) {
    struct world world;

    begin(&world);
    serve(&world, 0, "");
    recall(&world, TAG + 1, world.clients[0]);
    ck_assert_ptr_nonnull(world.clients[0]);
    ck_assert_int_eq(world.links_gone, 0);
    finish(&world);
}
END_TEST

/* The destination may have seen what was sent: another one must not get it again. */
START_TEST(clients_whose_bytes_are_sent_stay_where_they_are) {
    struct world world;

    begin(&world);
    serve(&world, 0, "early");
    recall(&world, TAG, world.clients[0]);
    ck_assert_ptr_nonnull(world.clients[0]);
    ck_assert_int_eq(world.links_gone, 0);
    finish(&world);
}
END_TEST

static TCase *recalls(void) {
    TCase *group = tcase_create("recall");

    tcase_add_test(group, clients_of_another_service_stay_where_they_are);
    tcase_add_test(group, clients_of_another_agent_stay_where_they_are);
    tcase_add_test(group, clients_whose_bytes_are_sent_stay_where_they_are);
    return group;
}

UNIT_MAIN("relay/plane_all", recalls)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_agent: OPEN names a service by its id, and the table that has the id may change at any time.
 */
#include "config.h"

#include "relay/two_planes.h"

#include <stdlib.h>
#include <string.h>

enum { UNKNOWN = 999, PORT = 1000 };

struct world {
    struct two_planes planes; /* first */
    struct link_ref idle;
    int idle_count, back_count, client, far;
    enum client_outcome outcome;
    enum refusal refusal;
    enum relay_reason reason;
};

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    (void)tag;
    world->idle = link;
    world->idle_count++;
}

static void on_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    (void)link;
    (void)tag;
    world->back_count++;
    world->outcome = client->outcome;
    world->refusal = client->refusal;
    world->reason = client->reason;
    if (client->fd >= 0)
        memory_close(client->fd);
    if (client->early)
        evbuffer_free(client->early);
    service_terms_release(client->terms);
    free(client);
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_idle = on_idle,
                                                  .on_client_back = on_client_back};
static const struct plane_events agent_events = {.on_greeting = NULL};

static void begin(struct world *world) {
    *world = (struct world){.client = -1, .far = -1};
    two_planes_begin(&world->planes, world, MUCH, &server_events, &agent_events);
    two_planes_add_link(&world->planes);
    ck_assert_int_eq(world->idle_count, 1);
}

static struct client *new_client(struct world *world) {
    static const struct service_terms_plan plan = {.half_close_timeout_s = 60};
    return two_planes_client(&plan, "127.0.0.1:1000", &world->client);
}

static void serve(struct world *world, struct client *client) {
    plane_serve(world->planes.server, world->idle, client);
    two_planes_settle(&world->planes);
    two_planes_carry_all(&world->planes);
}

/* The server announces its services anew, and this one is not among them. */
static void take_services_away(struct world *world) {
    ck_assert(plane_set_services(world->planes.agent, 0, NULL));
    two_planes_settle(&world->planes);
}

static void carry_plain(struct world *world) {
    int ends[] = {world->client, world->far};
    for (int i = 0; i < 4; i++) {
        memory_carry(memory_peer(ends[i % 2]), MUCH);
        memory_carry(ends[i % 2], MUCH);
        two_planes_settle(&world->planes);
        two_planes_carry_all(&world->planes);
    }
}

static void expect_unknown_service(struct world *world) {
    unsigned port;
    ck_assert_int_eq(world->back_count, 1);
    ck_assert_int_eq(world->outcome, CLIENT_REFUSED);
    ck_assert_int_eq(world->refusal, REFUSAL_UNKNOWN_SERVICE);
    ck_assert_int_lt(memory_accepted(&port), 0);
    memory_close(world->client);
}

START_TEST(unknown_service_is_refused_and_its_link_serves_the_next_client) {
    struct world world;
    begin(&world);
    struct client *client = new_client(&world);
    client->terms->id = UNKNOWN;
    serve(&world, client);
    expect_unknown_service(&world);
    ck_assert_int_eq(world.idle_count, 2);
    serve(&world, new_client(&world));
    world.far = two_planes_accepted();
    memory_close(world.client);
    memory_close(world.far);
    two_planes_finish(&world.planes);
}
END_TEST

START_TEST(service_of_a_session_that_is_over_is_unknown) {
    struct world world;
    begin(&world);
    struct client *client = new_client(&world);
    take_services_away(&world);
    serve(&world, client);
    expect_unknown_service(&world);
    two_planes_finish(&world.planes);
}
END_TEST

/* Also while its destination is still being dialled. */
START_TEST(relay_goes_on_when_its_service_is_taken_away) {
    struct world world;
    char got[8];
    begin(&world);
    memory_connect_will(MEMORY_LATER);
    serve(&world, new_client(&world));
    world.far = two_planes_accepted();
    take_services_away(&world);
    memory_connect_done(world.far, false);
    two_planes_settle(&world.planes);
    memory_send(world.far, "hello", 5);
    memory_send(world.client, "there", 5);
    carry_plain(&world);
    ck_assert_uint_eq(memory_receive(world.client, got, sizeof got), 5);
    ck_assert_uint_eq(memory_receive(world.far, got, sizeof got), 5);
    memory_finish(world.client);
    memory_finish(world.far);
    carry_plain(&world);
    ck_assert_int_eq(world.back_count, 1);
    ck_assert_int_eq(world.outcome, CLIENT_ENDED);
    ck_assert_int_eq(world.reason, REASON_DONE);
    memory_close(world.client);
    memory_close(world.far);
    two_planes_finish(&world.planes);
}
END_TEST

static TCase *services(void) {
    TCase *group = tcase_create("services");
    tcase_add_test(group, unknown_service_is_refused_and_its_link_serves_the_next_client);
    tcase_add_test(group, service_of_a_session_that_is_over_is_unknown);
    tcase_add_test(group, relay_goes_on_when_its_service_is_taken_away);
    return group;
}

UNIT_MAIN("relay/stream/relay_agent", services)

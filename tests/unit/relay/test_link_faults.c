/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_link_faults: what an agent that breaks the rules does to its own link, and never to another's; and orders that
 * memory lacks for.
 *
 * A server and an agent with two data links over a network in memory (memory_net.h). The agent's own links write what
 * an honest agent never would.
 */
#include "config.h"

#include "memory_net.h"
#include "unit.h"

#include "lib/pki.h"
#include "lib/tls.h"
#include "relay/link_bio.h"
#include "relay/link_priv.h"
#include "relay/plane_priv.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS = 2, MUCH = 1 << 20, ROUNDS = 300 };

static bool memory_lacks;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return memory_lacks ? NULL : __real_calloc(count, size);
}

struct world {
    struct loop *loop;
    struct plane *server, *agent;
    SSL_CTX *server_tls, *agent_tls;
    int server_ends[LINKS + 1], agent_ends[LINKS + 1], wire_count;
    int idle, gone;            /* links of the server */
    struct link_end agent_end; /* of the last link that the agent lost */
};

/* ---- the server's control plane ---- */

static void on_greeting(void *context, const struct greeting *greeting) {
    struct world *world = context;
    plane_accept(world->server, greeting->link, false, 1, "{}", "agent test", 0, 0);
}

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    (void)link, (void)tag;
    world->idle++;
}

static void on_gone(void *context, const struct link_end *end) {
    struct world *world = context;
    (void)end;
    world->gone++;
}

static const struct plane_events server_events = {.on_greeting = on_greeting, .on_idle = on_idle, .on_gone = on_gone};

/* ---- the agent's ---- */

static void on_agent_gone(void *context, const struct link_end *end) {
    struct world *world = context;
    world->agent_end = *end;
}

static const struct plane_events agent_events = {.on_gone = on_agent_gone};

/* ---- the world ---- */

static void settle(struct world *world) {
    unit_run_rounds(loop_base(world->loop), 4);
}

static void carry_all(struct world *world) {
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < 2 * world->wire_count; i++) {
            int end = i % 2 ? world->server_ends[i / 2] : world->agent_ends[i / 2];
            moved |= memory_on_its_way(end) > 0;
            memory_carry(end, MUCH);
            settle(world);
        }
    }
}

static SSL_CTX *server_context(const char *client_ca) {
    struct error error = {""};
    struct tls_server_options options = {.certificate = unit_path("server.pem"),
                                         .key = unit_path("server.key"),
                                         .client_ca = client_ca};
    SSL_CTX *context = tls_server_context(&options, &error);
    ck_assert_msg(context != NULL, "%s", error.text);
    return context;
}

static void make_certificates(struct world *world) {
    static const char *const names[] = {"127.0.0.1"};
    struct error error = {""};
    struct pki_request ca = {.common_name = "test CA", .days = 2, .use = PKI_CA};
    struct pki_request server = {
        .common_name = "server", .names = names, .name_count = 1, .days = 2, .use = PKI_SERVER};
    const char *ca_pem = unit_path("ca.pem"), *ca_key = unit_path("ca.key");
    const char *pem = unit_path("server.pem"), *key = unit_path("server.key");
    ck_assert_msg(pki_make(&ca, NULL, NULL, ca_pem, ca_key, &error) == 0, "%s", error.text);
    ck_assert_msg(pki_make(&server, ca_pem, ca_key, pem, key, &error) == 0, "%s", error.text);
    struct tls_client_options client_options = {.ca = ca_pem};
    world->server_tls = server_context(NULL);
    world->agent_tls = tls_client_context(&client_options, &error);
    ck_assert_msg(world->agent_tls != NULL, "%s", error.text);
}

/* The agent dials, and the server takes the connection in; nothing was said yet. Returns the server's end. */
static int join_ends(struct world *world) {
    struct addr peer;
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 1};
    ck_assert(addr_from_endpoint(&peer, &endpoint));
    struct dial_order order = {.address = peer,
                               .tls = world->agent_tls,
                               .server_name = "127.0.0.1",
                               .hello = "{\"a\":1}"};
    unsigned port;
    memory_connect_will(MEMORY_AT_ONCE);
    plane_dial(world->agent, &order);
    settle(world);
    int far = memory_accepted(&port);
    ck_assert_int_ge(far, 0);
    plane_adopt(world->server, far, &peer, world->server_tls, 1, 0);
    world->server_ends[world->wire_count] = far;
    world->agent_ends[world->wire_count++] = memory_peer(far);
    return far;
}

static void add_link(struct world *world) {
    int far = join_ends(world);
    for (int i = 0; i < 10; i++) { /* bufferevents of the greeting wait to be told that they may write */
        memory_wake_writer(far);
        memory_wake_writer(memory_peer(far));
        settle(world);
        carry_all(world);
    }
}

static void begin(struct world *world, size_t capacity) {
    struct error error = {""};
    *world = (struct world){.loop = loop_new("test")};
    ck_assert_ptr_nonnull(world->loop);
    memory_net_begin(loop_base(world->loop), capacity);
    make_certificates(world);
    struct plane_options options = {.threads = 1,
                                    .control = world->loop,
                                    .instance = "00112233445566778899aabbccddeeff",
                                    .greeting_ms = 5000,
                                    .events = &server_events,
                                    .context = world};
    world->server = plane_new(&options, &error);
    options.is_agent = true;
    options.events = &agent_events;
    world->agent = plane_new(&options, &error);
    ck_assert_msg(world->server && world->agent, "%s", error.text);
    for (int i = 0; i < LINKS; i++)
        add_link(world);
    ck_assert_int_eq(world->idle, LINKS);
}

static void finish(struct world *world) {
    plane_free(world->server);
    plane_free(world->agent);
    ck_assert_int_eq(memory_open_ends(), 0);
    SSL_CTX_free(world->server_tls);
    SSL_CTX_free(world->agent_tls);
    loop_free(world->loop);
}

static struct link *link_at(struct plane *plane, int end) {
    struct worker *worker = plane->threads[0];
    for (uint32_t i = 0; i < worker->slot_count; i++)
        if (worker->slots[i] && worker->slots[i]->fd == end)
            return worker->slots[i];
    ck_abort_msg("no link has that end");
    return NULL;
}

/* ---- the tests ---- */

/* A frame that is not allowed, and behind it a record that is not one: TLS then has an alert to say to a closed link.
 */
START_TEST(an_alert_of_one_link_never_leaves_on_another) {
    static const uint8_t not_a_frame[8] = {0x7f, 0, 0, 1}, not_a_record[100] = {0x17, 3, 3, 0, 60};
    struct world world;
    begin(&world, MUCH);
    struct link *bad = link_at(world.agent, world.agent_ends[0]), *good = link_at(world.agent, world.agent_ends[1]);
    struct batch *batch = link_batch(bad);
    memcpy(batch->bytes, not_a_frame, sizeof not_a_frame);
    batch->length = sizeof not_a_frame;
    link_send(bad);
    memory_send(bad->fd, not_a_record, sizeof not_a_record);
    carry_all(&world);
    ck_assert_int_eq(world.gone, 1);
    batch_add(link_batch(good), FRAME_PING, "12345678", 8); /* the server's PONG is the next thing that it sends */
    link_send(good);
    carry_all(&world);
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

static void send_pings(struct link *link) {
    struct batch *batch = link_batch(link);
    while (batch_add(batch, FRAME_PING, "12345678", 8)) {
    }
    link_send(link);
}

/* An agent that asks and asks and never reads the answers must not fill the server's memory. */
START_TEST(pings_without_end_close_the_link) {
    struct world world;
    begin(&world, 1 << 16);
    struct link *link = link_at(world.agent, world.agent_ends[0]);
    for (int round = 0; round < ROUNDS && world.gone == 0; round++) {
        send_pings(link);
        for (int i = 0; i < 4; i++) { /* only towards the server */
            memory_carry(world.server_ends[0], MUCH);
            settle(&world);
        }
        if (world.gone == 0)
            ck_assert_uint_le(link_bio_parked(link_at(world.server, world.server_ends[0])->bio), MUCH);
    }
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

static void close_without_memory(struct plane *plane, struct link_ref link, bool when_idle) {
    memory_lacks = true;
    plane_close(plane, link, "enough", when_idle);
    memory_lacks = false;
}

START_TEST(links_are_closed_without_memory) {
    struct world world;
    begin(&world, MUCH);
    struct link_ref first = link_at(world.server, world.server_ends[0])->ref;
    struct link_ref second = link_at(world.server, world.server_ends[1])->ref;
    close_without_memory(world.server, first, false);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    close_without_memory(world.server, second, true); /* it is idle */
    settle(&world);
    ck_assert_int_eq(world.gone, 2);
    finish(&world);
}
END_TEST

START_TEST(all_links_are_closed_without_memory_at_once) {
    struct world world;
    begin(&world, MUCH);
    for (int i = 0; i < LINKS; i++)
        close_without_memory(world.server, link_at(world.server, world.server_ends[i])->ref, false);
    settle(&world);
    ck_assert_int_eq(world.gone, LINKS);
    finish(&world);
}
END_TEST

/* Its slot is another's by the time that the order arrives. */
START_TEST(an_order_without_memory_does_not_meet_a_successor) {
    struct world world;
    begin(&world, MUCH);
    struct link_ref gone = link_at(world.server, world.server_ends[1])->ref;
    plane_close(world.server, gone, "enough", false);
    close_without_memory(world.server, gone, false);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    add_link(&world);
    ck_assert_uint_eq(link_at(world.server, world.server_ends[LINKS])->ref.slot, gone.slot);
    close_without_memory(world.server, gone, false);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

START_TEST(an_agent_drains_without_memory) {
    struct world world;
    begin(&world, MUCH);
    memory_lacks = true;
    plane_drain(world.agent);
    memory_lacks = false;
    settle(&world);
    ck_assert(atomic_load(&world.agent->threads[0]->draining));
    finish(&world);
}
END_TEST

static void adopt_stranger(struct world *world, uint64_t tag, int *end) {
    struct addr peer = {.storage = {.ss_family = AF_UNIX}, .length = sizeof(sa_family_t)};
    int ends[2];
    memory_pair(ends);
    *end = ends[1];
    plane_adopt(world->server, ends[0], &peer, world->server_tls, tag, 0);
    settle(world);
}

/* It has the tag of the door; links that have greeted keep theirs, and are left alone. */
START_TEST(only_who_has_not_greeted_is_expelled_as_slow) {
    struct world world;
    int strangers[2];
    begin(&world, MUCH);
    adopt_stranger(&world, 7, &strangers[0]);
    adopt_stranger(&world, 8, &strangers[1]);
    ck_assert(plane_expel_greeting(world.server, 1, "slow")); /* the tag of both links */
    settle(&world);
    ck_assert_int_eq(world.gone, 0);
    ck_assert(plane_expel_greeting(world.server, 7, "slow"));
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    ck_assert(memory_got_reset(strangers[0]));
    ck_assert_int_ge(memory_peer(strangers[1]), 0);
    ck_assert(plane_expel_greeting(world.server, 7, "slow")); /* nobody any more */
    ck_assert(plane_expel_greeting(world.server, 8, "slow"));
    settle(&world);
    ck_assert_int_eq(world.gone, 2);
    for (int i = 0; i < 2; i++)
        memory_close(strangers[i]);
    finish(&world);
}
END_TEST

/* Or the next FIN that the link owes would leave alone, when this one was due. */
START_TEST(a_fin_that_went_along_is_not_waited_for) {
    struct world world;
    begin(&world, MUCH);
    struct link *link = link_at(world.server, world.server_ends[0]);
    link_owe_fin(link);
    ck_assert_ptr_nonnull(link->owed.previous);
    ck_assert_uint_eq(link_batch(link)->length, FRAME_HEADER);
    ck_assert_ptr_null(link->owed.previous);
    finish(&world);
}
END_TEST

/* For the agent the handshake is over, and HELLO waits to be written, when the refusal comes and the reset with it. */
START_TEST(why_the_server_refused_is_read_although_a_write_met_its_reset) {
    struct world world;
    begin(&world, MUCH);
    SSL_CTX_free(world.server_tls);
    world.server_tls = server_context(unit_path("ca.pem"));
    int server = join_ends(&world), agent = memory_peer(server);
    memory_wake_writer(agent);
    settle(&world);
    memory_carry(server, MUCH);
    settle(&world);
    memory_carry(agent, MUCH);
    settle(&world);
    ck_assert_int_eq(link_at(world.agent, agent)->state, LINK_GREETING);
    memory_carry(server, MUCH); /* its certificate: none */
    settle(&world);
    ck_assert_str_eq(world.agent_end.why, "the other side asks for a certificate and we have none");
    ck_assert(world.agent_end.refused_by_peer);
    finish(&world);
}
END_TEST

static TCase *honest_ends(void) {
    TCase *group = tcase_create("honest ends");
    tcase_add_test(group, a_fin_that_went_along_is_not_waited_for);
    return group;
}

static TCase *greetings(void) {
    TCase *group = tcase_create("greetings");
    tcase_add_test(group, only_who_has_not_greeted_is_expelled_as_slow);
    tcase_add_test(group, why_the_server_refused_is_read_although_a_write_met_its_reset);
    return group;
}

static TCase *without_memory(void) {
    TCase *group = tcase_create("without memory");
    tcase_add_test(group, links_are_closed_without_memory);
    tcase_add_test(group, all_links_are_closed_without_memory_at_once);
    tcase_add_test(group, an_order_without_memory_does_not_meet_a_successor);
    tcase_add_test(group, an_agent_drains_without_memory);
    return group;
}

static TCase *hostile_agents(void) {
    TCase *group = tcase_create("hostile agents");
    tcase_add_test(group, an_alert_of_one_link_never_leaves_on_another);
    tcase_add_test(group, pings_without_end_close_the_link);
    return group;
}

UNIT_MAIN("relay/link_faults", hostile_agents, greetings, without_memory, honest_ends)

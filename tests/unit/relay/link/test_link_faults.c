/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_link_faults: what an agent that breaks the rules does to its own link, and never to another's; and orders that
 * memory lacks for (close_marks.c).
 *
 * A server and an agent with two data links over a network in memory (memory_net.h). The agent's own links write what
 * an honest agent never would.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "relay/link/bio.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <string.h>

enum {
    LINKS = 2,
    ROUNDS = 300, /* of requests */
    PINGS = 1000, /* in a round: 16 KB of answers */
    KEYS = 100,
    FILLED = 490 * 1024 /* of answers: a round of pings below what closes the link (PARKED_MOST in send.c) */
};

static bool memory_lacks;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return memory_lacks ? NULL : __real_calloc(count, size);
}

static uint64_t now_us = 1000000000;

uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return now_us++; /* it nearly stands: on a slow machine no link is silent too soon */
}

struct world {
    struct two_planes planes;
    int carriers, gone;                    /* links of the server */
    bool loses_verdict;                    /* the server has no memory for it */
    struct link_end agent_end, server_end; /* of the last link that it lost */
    char received[64];                     /* to the agent, last */
};

/* ---- the server's control plane ---- */

static void on_greeting(void *context, const struct greeting *greeting) {
    struct world *world = context;
    memory_lacks = world->loses_verdict;
    two_planes_on_greeting(context, greeting);
    memory_lacks = false;
}

static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    struct world *world = context;
    (void)tag, (void)role;
    world->carriers++;
}

static void on_gone(void *context, const struct link_end *end) {
    struct world *world = context;
    world->server_end = *end;
    world->gone++;
}

static const struct plane_events server_events = {.on_greeting = on_greeting,
                                                  .on_carrier = on_carrier,
                                                  .on_gone = on_gone};

/* ---- the agent's ---- */

static void on_agent_gone(void *context, const struct link_end *end) {
    struct world *world = context;
    world->agent_end = *end;
}

static void on_agent_greeting(void *context, const struct greeting *greeting) {
    struct world *world = context;
    plane_accept_control(world->planes.agent, greeting->link, 1, NULL, "server test", 0, 0);
}

static void on_agent_told(void *context, struct link_ref link, uint64_t tag, const char *text, size_t length) {
    struct world *world = context;
    (void)link, (void)tag;
    snprintf(world->received, sizeof world->received, "%.*s", (int)length, text);
}

static const struct plane_events agent_events = {.on_greeting = on_agent_greeting,
                                                 .on_control = on_agent_told,
                                                 .on_gone = on_agent_gone};

/* ---- the world ---- */

static void settle(struct world *world) {
    two_planes_settle(&world->planes);
}

static void carry_all(struct world *world) {
    two_planes_carry_all(&world->planes);
}

static void begin(struct world *world, size_t capacity) {
    *world = (struct world){.gone = 0};
    two_planes_begin(&world->planes, world, capacity, &server_events, &agent_events);
    for (int i = 0; i < LINKS; i++)
        two_planes_add_link(&world->planes);
    ck_assert_int_eq(world->carriers, LINKS);
}

static void finish(struct world *world) {
    two_planes_finish(&world->planes);
}

/* The server's or the agent's half of the link over the wire of that number. */
static struct link *server_link(const struct world *world, int wire) {
    return two_planes_link(world->planes.server, world->planes.wires[wire].server);
}

static struct link *agent_link(const struct world *world, int wire) {
    return two_planes_link(world->planes.agent, world->planes.wires[wire].agent);
}

/* ---- the tests ---- */

static void send_bytes(struct link *link, const uint8_t *bytes, size_t length) {
    link_data_write(link, bytes, length);
    link_data_flush_written(link);
}

/* A frame that is not allowed, and behind it a record that is not one: TLS then has an alert to send on a closed link.
 */
START_TEST(an_alert_of_one_link_never_leaves_on_another) {
    static const uint8_t not_a_frame[FRAME_HEADER] = {0x7f, 0, 0, 1}, not_a_record[100] = {0x17, 3, 3, 0, 60};
    struct world world;
    begin(&world, MUCH);
    struct link *bad = agent_link(&world, 0), *good = agent_link(&world, 1);
    send_bytes(bad, not_a_frame, sizeof not_a_frame);
    memory_send(bad->fd, not_a_record, sizeof not_a_record);
    carry_all(&world);
    ck_assert_int_eq(world.gone, 1);
    link_data_send_frame(good, FRAME_PING, "12345678", 8); /* the server's PONG is the next thing that it sends */
    carry_all(&world);
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

/* What waits in the thread's memory for another link, until a frame of this one makes it leave. */
static void gather_ping(struct link *link) {
    struct mux_gather *gather = &link->thread->gather;
    gather->carrier = link->carrier;
    gather->length = frame_write_header(gather->bytes, FRAME_PING, 0, FRAME_PING_SIZE) + FRAME_PING_SIZE;
    memset(gather->bytes + FRAME_HEADER, 0, FRAME_PING_SIZE);
}

START_TEST(an_alert_never_leaves_on_a_link_that_a_frame_before_it_makes_send) {
    static const uint8_t not_a_record[100] = {0x17, 3, 3, 0, 60};
    uint8_t ping[FRAME_HEADER + FRAME_PING_SIZE] = {0};
    struct world world;
    begin(&world, MUCH);
    struct link *bad = agent_link(&world, 0);
    frame_write_header(ping, FRAME_PING, 0, FRAME_PING_SIZE);
    send_bytes(bad, ping, sizeof ping);
    memory_send(bad->fd, not_a_record, sizeof not_a_record);
    gather_ping(server_link(&world, 1));
    carry_all(&world);
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

/* The first three are wrong by their header, whose payload never comes; the others are not for such a link. */
static const struct {
    bool is_from_server;
    uint8_t length; /* of the payload that comes */
    uint8_t bytes[FRAME_HEADER + 2];
    const char *detail;
} misplaced[] = {
    {false, 0, {FRAME_PING, 0, 0, 8, 0, 0, 0, 1}, "malformed frame: PING of 8 bytes on stream 1"},
    {false, 0, {FRAME_DATA, 0, 0, 1, 0, 0, 0, 0}, "malformed frame: DATA of 1 bytes on stream 0"},
    {true, 0, {FRAME_OPEN, 0, 0, 200, 0, 0, 0, 0}, "malformed frame: OPEN of 200 bytes on stream 0"},
    {false, 0, {FRAME_FIN, 0, 0, 0, 0, 0, 0, 1}, "a frame of a stream that was never opened"},
    {true, 0, {FRAME_FIN, 0, 0, 0, 0, 0, 0, 1}, "a frame of a stream that was never opened"},
    {true, 2, {FRAME_CONTROL, 0, 0, 2, 0, 0, 0, 0, '{', '}'}, "CONTROL on a data link"},
    {false, 2, {FRAME_HELLO, 0, 0, 2, 0, 0, 0, 0, '{', '}'}, "HELLO on a data link"},
};

START_TEST(a_frame_of_a_stream_that_is_not_there_closes_the_link) {
    struct world world;
    begin(&world, MUCH);
    bool is_from_server = misplaced[_i].is_from_server;
    struct link_end *end = is_from_server ? &world.agent_end : &world.server_end;
    send_bytes(is_from_server ? server_link(&world, 0) : agent_link(&world, 0), misplaced[_i].bytes,
               FRAME_HEADER + misplaced[_i].length);
    carry_all(&world);
    ck_assert_int_eq(world.gone, 1);
    ck_assert(end->misbehaved);
    ck_assert_str_eq(end->detail, misplaced[_i].detail);
    finish(&world);
}
END_TEST

static void send_pings(struct link *link) {
    uint8_t frame[FRAME_HEADER + FRAME_PING_SIZE] = {0};
    frame_write_header(frame, FRAME_PING, 0, FRAME_PING_SIZE);
    for (int i = 0; i < PINGS; i++)
        link_data_write(link, frame, sizeof frame);
    link_data_flush_written(link);
}

/* OpenSSL answers such a request by itself. */
static void ask_for_keys(struct link *link) {
    for (int i = 0; i < KEYS; i++) {
        ck_assert_int_eq(SSL_key_update(link->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        ck_assert_int_eq(SSL_do_handshake(link->ssl), 1);
    }
    ck_assert(link_data_flush(link));
}

/* A round of requests: they arrive, and their answers do not. */
static void ask_once(struct world *world, void (*ask)(struct link *link)) {
    struct link *link = agent_link(world, 0);
    evutil_socket_t server = world->planes.wires[0].server;
    ask(link);
    while (world->gone == 0 && link_bio_parked(link->bio) + memory_on_its_way(server) > 0) {
        memory_carry(server, MUCH); /* only towards the server */
        memory_wake_writer(link->fd);
        settle(world);
    }
}

/* An agent that asks and asks and never reads the answers must not fill the server's memory. */
static void ask_until_closed(struct world *world, void (*ask)(struct link *link)) {
    for (int round = 0; round < ROUNDS && world->gone == 0; round++) {
        ask_once(world, ask);
        if (world->gone == 0)
            ck_assert_uint_le(link_bio_parked(server_link(world, 0)->bio), MUCH);
    }
    ck_assert_int_ge(world->gone, 1); /* the agent may have noticed it already */
    ck_assert(world->server_end.misbehaved);
    finish(world);
}

START_TEST(pings_without_end_close_the_link) {
    struct world world;
    begin(&world, 1 << 16);
    ask_until_closed(&world, send_pings);
}
END_TEST

/* Behind answers to pings, since it takes a slow machine minutes to make that many keys. */
START_TEST(changes_of_keys_without_end_close_the_link) {
    struct world world;
    begin(&world, 1 << 16);
    while (world.gone == 0 && link_bio_parked(server_link(&world, 0)->bio) < FILLED)
        ask_once(&world, send_pings);
    ck_assert_int_eq(world.gone, 0);
    ask_until_closed(&world, ask_for_keys);
}
END_TEST

static void close_without_memory(struct plane *plane, struct link_ref link) {
    memory_lacks = true;
    plane_close(plane, link, "enough");
    memory_lacks = false;
}

START_TEST(links_are_closed_without_memory) {
    struct world world;
    begin(&world, MUCH);
    struct link_ref first = server_link(&world, 0)->ref;
    struct link_ref second = server_link(&world, 1)->ref;
    close_without_memory(world.planes.server, first);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    close_without_memory(world.planes.server, second);
    settle(&world);
    ck_assert_int_eq(world.gone, 2);
    finish(&world);
}
END_TEST

START_TEST(all_links_are_closed_without_memory_at_once) {
    struct world world;
    begin(&world, MUCH);
    for (int i = 0; i < LINKS; i++)
        close_without_memory(world.planes.server, server_link(&world, i)->ref);
    settle(&world);
    ck_assert_int_eq(world.gone, LINKS);
    finish(&world);
}
END_TEST

/* Its slot is another's by the time that the order arrives. */
START_TEST(an_order_without_memory_does_not_meet_a_successor) {
    struct world world;
    begin(&world, MUCH);
    struct link_ref gone = server_link(&world, 1)->ref;
    plane_close(world.planes.server, gone, "enough");
    close_without_memory(world.planes.server, gone);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    two_planes_add_link(&world.planes);
    ck_assert_uint_eq(server_link(&world, LINKS)->ref.slot, gone.slot);
    close_without_memory(world.planes.server, gone);
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

START_TEST(an_order_that_is_lost_ends_its_link) {
    struct world world;
    begin(&world, MUCH);
    two_planes_add_control(&world.planes);
    struct link_ref control = two_planes_link(world.planes.server, world.planes.wires[LINKS].server)->ref;
    memory_lacks = true;
    plane_send_control(world.planes.server, control, "{\"op\":\"links\",\"count\":3}");
    memory_lacks = false;
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    finish(&world);
}
END_TEST

START_TEST(a_verdict_that_is_lost_ends_its_link) {
    struct world world;
    begin(&world, MUCH);
    world.loses_verdict = true;
    two_planes_add_link(&world.planes);
    ck_assert_int_eq(world.gone, 1);
    ck_assert_int_eq(world.carriers, LINKS);
    finish(&world);
}
END_TEST

START_TEST(an_agent_drains_without_memory) {
    struct world world;
    begin(&world, MUCH);
    memory_lacks = true;
    plane_drain(world.planes.agent);
    memory_lacks = false;
    settle(&world);
    ck_assert(atomic_load(&world.planes.agent->threads[0]->draining));
    finish(&world);
}
END_TEST

static void adopt_stranger(struct world *world, uint64_t tag, evutil_socket_t *end) {
    struct addr peer = {.storage = {.ss_family = AF_UNIX}, .length = sizeof peer.storage.ss_family};
    evutil_socket_t ends[2];
    memory_pair(ends);
    *end = ends[1];
    plane_adopt(world->planes.server, ends[0], &peer, world->planes.server_tls, tag, 0);
    settle(world);
}

/* It has the agent listener's tag; links that have greeted keep theirs, and are left alone. */
START_TEST(only_a_preauth_connection_is_disconnected_as_slow) {
    struct world world;
    evutil_socket_t strangers[2];
    begin(&world, MUCH);
    adopt_stranger(&world, 7, &strangers[0]);
    adopt_stranger(&world, 8, &strangers[1]);
    ck_assert(plane_disconnect_preauth(world.planes.server, 1, "slow")); /* the tag of both links */
    settle(&world);
    ck_assert_int_eq(world.gone, 0);
    ck_assert(plane_disconnect_preauth(world.planes.server, 7, "slow"));
    settle(&world);
    ck_assert_int_eq(world.gone, 1);
    ck_assert(memory_got_reset(strangers[0]));
    ck_assert_int_ge(memory_peer(strangers[1]), 0);
    ck_assert(plane_disconnect_preauth(world.planes.server, 7, "slow")); /* no such connection any more */
    ck_assert(plane_disconnect_preauth(world.planes.server, 8, "slow"));
    settle(&world);
    ck_assert_int_eq(world.gone, 2);
    for (int i = 0; i < 2; i++)
        memory_close(strangers[i]);
    finish(&world);
}
END_TEST

/* For the agent the handshake is over, and HELLO waits to be written, when the refusal comes and the reset with it. */
START_TEST(the_servers_alert_is_read_although_a_write_met_its_reset) {
    struct world world;
    begin(&world, MUCH);
    SSL_CTX_free(world.planes.server_tls);
    world.planes.server_tls = two_planes_server_tls(unit_path("ca.pem"));
    two_planes_dial(&world.planes);
    evutil_socket_t server = two_planes_accepted(), agent = memory_peer(server);
    two_planes_take_in(&world.planes, server);
    memory_wake_writer(agent);
    settle(&world);
    memory_carry(server, MUCH);
    settle(&world);
    memory_carry(agent, MUCH);
    settle(&world);
    ck_assert_int_eq(two_planes_link(world.planes.agent, agent)->state, LINK_GREETING);
    memory_carry(server, MUCH); /* its certificate: none */
    settle(&world);
    ck_assert_str_eq(world.agent_end.detail, "the other side asks for a certificate and we have none");
    ck_assert(world.agent_end.untrusted);
    finish(&world);
}
END_TEST

static const char goodbye[] = "{\"op\":\"bye\",\"reason\":\"revoked\"}";

START_TEST(the_last_message_arrives_with_the_end_behind_it) {
    struct world world;
    begin(&world, MUCH);
    two_planes_add_control(&world.planes);
    struct link_ref control = two_planes_link(world.planes.server, world.planes.wires[LINKS].server)->ref;
    plane_send_control(world.planes.server, control, goodbye);
    plane_close(world.planes.server, control, "enough");
    settle(&world);
    carry_all(&world);
    memory_carry(world.planes.wires[LINKS].agent, MUCH); /* a bufferevent gets its event again while there is more */
    settle(&world);
    ck_assert_str_eq(world.received, goodbye);
    ck_assert(world.agent_end.is_control);
    finish(&world);
}
END_TEST

/* The agent was about to ping. */
START_TEST(the_last_message_arrives_although_a_write_met_the_reset) {
    struct world world;
    begin(&world, MUCH);
    two_planes_add_control(&world.planes);
    struct link *server = two_planes_link(world.planes.server, world.planes.wires[LINKS].server);
    plane_send_control(world.planes.server, server->ref, goodbye);
    settle(&world);
    memory_wake_writer(server->fd);
    settle(&world);
    ck_assert(link_put_frame(two_planes_link(world.planes.agent, world.planes.wires[LINKS].agent), FRAME_PING,
                             "12345678", 8));
    memory_wake_writer(world.planes.wires[LINKS].agent); /* writes before it reads */
    link_close(server, LINK_CLOSE_RESET, REASON_STOPPED, "enough");
    settle(&world);
    ck_assert_str_eq(world.received, goodbye);
    ck_assert(world.agent_end.is_control);
    finish(&world);
}
END_TEST

static TCase *close_event(void) {
    TCase *group = tcase_create("close_event");
    tcase_add_test(group, the_last_message_arrives_with_the_end_behind_it);
    tcase_add_test(group, the_last_message_arrives_although_a_write_met_the_reset);
    return group;
}

static TCase *greetings(void) {
    TCase *group = tcase_create("greetings");
    tcase_add_test(group, only_a_preauth_connection_is_disconnected_as_slow);
    tcase_add_test(group, the_servers_alert_is_read_although_a_write_met_its_reset);
    return group;
}

static TCase *without_memory(void) {
    TCase *group = tcase_create("without memory");
    tcase_add_test(group, links_are_closed_without_memory);
    tcase_add_test(group, all_links_are_closed_without_memory_at_once);
    tcase_add_test(group, an_order_without_memory_does_not_meet_a_successor);
    tcase_add_test(group, an_order_that_is_lost_ends_its_link);
    tcase_add_test(group, a_verdict_that_is_lost_ends_its_link);
    tcase_add_test(group, an_agent_drains_without_memory);
    return group;
}

static TCase *hostile_agents(void) {
    TCase *group = tcase_create("hostile agents");
    tcase_add_test(group, an_alert_of_one_link_never_leaves_on_another);
    tcase_add_test(group, an_alert_never_leaves_on_a_link_that_a_frame_before_it_makes_send);
    tcase_add_loop_test(group, a_frame_of_a_stream_that_is_not_there_closes_the_link, 0,
                        (int)(sizeof misplaced / sizeof *misplaced));
    tcase_add_test(group, pings_without_end_close_the_link);
    tcase_add_test(group, changes_of_keys_without_end_close_the_link);
    return group;
}

UNIT_MAIN("relay/link/link_faults", hostile_agents, greetings, close_event, without_memory)

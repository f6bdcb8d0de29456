/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_handshake: a data link that shakes hands by its session's key, message by message over a network in memory: who
 * may say what when, and what becomes of a handshake that does not come to its end.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "lib/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 5000, NEVER_MS = 1200 /* two sweeps */ };

static uint64_t ahead_us; /* of the real clock */

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + ahead_us;
}

static struct world {
    struct two_planes planes;
    int server_end, agent_end;
    struct link_ref link; /* the server's */
    char identity[100], rejected[200], *welcome;
    unsigned greetings, idle, gone, agents_idle, agents_gone;
    struct link_end end;
} world;

/* ---- the control planes only record their events ---- */

static void on_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    world.greetings++;
    world.link = greeting->link;
    snprintf(world.identity, sizeof world.identity, "%s", greeting->identity ? greeting->identity : greeting->text);
    world.welcome = two_planes_welcome(greeting);
}

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    (void)context, (void)link, (void)tag;
    world.idle++;
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    world.gone++;
    world.end = *end;
}

static void on_agents_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    ck_assert(greeting->rejected);
    snprintf(world.rejected, sizeof world.rejected, "%s", greeting->text);
    plane_reject(world.planes.agent, greeting->link, NULL);
}

static void on_agents_idle(void *context, struct link_ref link, uint64_t tag) {
    (void)context, (void)link, (void)tag;
    world.agents_idle++;
}

static void on_agents_gone(void *context, const struct link_end *end) {
    (void)context, (void)end;
    world.agents_gone++;
}

static void on_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    (void)context, (void)client, (void)link, (void)tag;
}

static const struct plane_events server_events = {.on_greeting = on_greeting,
                                                  .on_idle = on_idle,
                                                  .on_gone = on_gone,
                                                  .on_client_back = on_client_back};
static const struct plane_events agent_events = {.on_greeting = on_agents_greeting,
                                                 .on_idle = on_agents_idle,
                                                 .on_gone = on_agents_gone};

/* ---- the world ---- */

static void settle(void) {
    two_planes_settle(&world.planes);
    two_planes_settle(&world.planes);
}

/* All that is on its way to one end arrives. */
static void carry(int end) {
    memory_carry(end, MUCH);
    settle();
}

static void carry_all(void) {
    two_planes_greet(&world.planes, world.server_end);
}

/* The agent's ClientHello is on its way. */
static void dial(const char *identity) {
    world.planes.identity = identity;
    two_planes_dial(&world.planes);
    world.server_end = two_planes_accepted();
    world.agent_end = memory_peer(world.server_end);
    two_planes_take_in(&world.planes, world.server_end);
    settle();
}

static void begin(void) {
    memset(&world, 0, sizeof world);
    ahead_us = 0;
    two_planes_begin(&world.planes, &world, MUCH, &server_events, &agent_events);
}

static void finish(void) {
    two_planes_finish(&world.planes);
}

static uint64_t handshakes(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return counts.handshakes_done;
}

static uint64_t servers_handshakes(void) {
    return handshakes(world.planes.server);
}

static void accept_it(void) {
    plane_accept(world.planes.server, world.link, false, 1, world.welcome, "agent test", 0, 0);
    free(world.welcome);
    world.welcome = NULL;
    settle();
}

/* As far as the server goes without the agent's Finished. */
static void known(void) {
    dial("ID.1");
    carry(world.server_end);
    ck_assert_uint_eq(world.greetings, 1);
    ck_assert_str_eq(world.identity, "ID.1");
    ck_assert_uint_eq(servers_handshakes(), 0);
}

static void let_in(void) {
    known();
    accept_it();
    ck_assert_uint_eq(world.idle, 1);
}

static bool is_gone(void *context) {
    (void)context;
    return world.gone > 0;
}

static void expect_gone(const char *why) {
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_gone, NULL, SOON_MS));
    ck_assert_msg(strstr(world.end.detail, why), "%s", world.end.detail);
}

static void forget(struct client *client) {
    service_terms_release(client->terms);
    free(client);
}

/* ---- what goes well ---- */

static bool more_is_on_its_way(void *context) {
    return memory_on_its_way(world.agent_end) > *(size_t *)context;
}

/* WELCOME would go with a client's OPEN. */
static void await_welcome(void) {
    size_t handshake = memory_on_its_way(world.agent_end);
    ck_assert_uint_gt(handshake, 0);
    ck_assert(unit_run_until(loop_base(world.planes.loop), more_is_on_its_way, &handshake, SOON_MS));
}

START_TEST(a_link_by_the_session_key_sends_no_hello) {
    begin();
    let_in();
    await_welcome();
    ck_assert_uint_eq(world.agents_idle, 0);
    carry(world.agent_end);
    ck_assert_uint_eq(world.agents_idle, 1); /* by a WELCOME that was there before its own Finished */
    ck_assert_uint_eq(handshakes(world.planes.agent), 1);
    ck_assert_uint_eq(servers_handshakes(), 0);
    carry(world.server_end);
    ck_assert_uint_eq(servers_handshakes(), 1);
    ck_assert_uint_eq(world.greetings, 1);
    ck_assert_uint_eq(world.gone + world.agents_gone, 0);
    finish();
}
END_TEST

/* Order, TCP, ClientHello, and the server's next words have it in them: three round trips and not four. */
START_TEST(a_client_leaves_with_the_servers_part) {
    int far;
    unsigned port = 0;
    char bytes[5];
    begin();
    let_in();
    struct client *client = two_planes_client(&(struct service_terms_plan){0}, "127.0.0.1:7777", &far);
    memory_send(far, "early", 5);
    carry(client->fd);
    plane_serve(world.planes.server, world.link, client);
    settle();
    carry(world.agent_end); /* once: nothing more has gone to the server */
    int destination = memory_accepted(&port);
    ck_assert_int_ge(destination, 0);
    ck_assert_uint_eq(port, 7777);
    memory_carry(destination, MUCH);
    ck_assert_uint_eq(memory_receive(destination, bytes, sizeof bytes), 5);
    ck_assert_mem_eq(bytes, "early", 5);
    ck_assert_uint_eq(servers_handshakes(), 0);
    memory_send(destination, "early", 5);
    carry(memory_peer(destination));
    carry(world.server_end); /* the agent's Finished, OPENED and the answer */
    ck_assert_uint_eq(servers_handshakes(), 1);
    memory_carry(far, MUCH);
    ck_assert_uint_eq(memory_receive(far, bytes, sizeof bytes), 5);
    memory_close(destination);
    memory_close(far);
    settle();
    carry_all();
    forget(client);
    finish();
}
END_TEST

/* The server wants another group than the agent began with; OpenSSL reports the key only at the end then. */
START_TEST(a_second_client_hello_identifies_the_session) {
    begin();
    ck_assert_int_eq(SSL_CTX_set1_groups_list(world.planes.agent_tls, "P-384:P-256"), 1);
    dial("ID.1");
    carry_all();
    ck_assert_uint_eq(world.greetings, 1);
    ck_assert_str_eq(world.identity, "ID.1");
    accept_it();
    carry_all();
    ck_assert_uint_eq(world.idle, 1);
    ck_assert_uint_eq(world.agents_idle, 1);
    ck_assert_uint_eq(servers_handshakes(), 1);
    ck_assert_uint_eq(world.gone + world.agents_gone, 0);
    finish();
}
END_TEST

static TCase *well(void) {
    TCase *group = tcase_create("well");
    tcase_add_test(group, a_link_by_the_session_key_sends_no_hello);
    tcase_add_test(group, a_client_leaves_with_the_servers_part);
    tcase_add_test(group, a_second_client_hello_identifies_the_session);
    return group;
}

/* ---- what does not ---- */

/* A client that has sent nothing; the test's end of it in *far. */
static struct client *serve_patient(int *far) {
    struct client *client = two_planes_client(&(struct service_terms_plan){0}, "127.0.0.1:7777", far);
    client->attempt_ms = 40000;
    plane_serve(world.planes.server, world.link, client);
    return client;
}

START_TEST(a_rejected_link_gets_the_reason) {
    begin();
    known();
    plane_reject(world.planes.server, world.link, "{\"code\":\"session\",\"reason\":\"used\"}");
    settle();
    carry_all();
    ck_assert_str_eq(world.rejected, "{\"code\":\"session\",\"reason\":\"used\"}");
    ck_assert_uint_eq(world.agents_gone, 1);
    expect_gone("rejected");
    ck_assert_uint_eq(world.idle + world.agents_idle, 0);
    finish();
}
END_TEST

/* A replayed ClientHello: the replayer cannot make the Finished. */
START_TEST(a_link_without_Finished_is_closed_in_time) {
    begin();
    let_in();
    ahead_us = 6000000;
    expect_gone("the TLS handshake was not completed in time");
    finish();
}
END_TEST

/* Nor while it carries a client, which is given back if nothing of it was sent. */
START_TEST(a_link_without_Finished_gives_its_client_back) {
    int far;
    begin();
    let_in();
    struct client *client = serve_patient(&far);
    settle();
    ahead_us = 6000000;
    expect_gone("the TLS handshake was not completed in time");
    ck_assert_uint_eq(client->outcome, CLIENT_UNANSWERED);
    memory_close(client->fd);
    memory_close(far);
    forget(client);
    finish();
}
END_TEST

/* Once Finished has come, a client may wait for its destination. */
START_TEST(a_link_with_Finished_leaves_its_client_time) {
    int far;
    unsigned port;
    begin();
    let_in();
    struct client *client = serve_patient(&far);
    memory_connect_will(MEMORY_LATER);
    settle();
    carry_all();
    ck_assert_uint_eq(servers_handshakes(), 1);
    ahead_us = 6000000;
    ck_assert(!unit_run_until(loop_base(world.planes.loop), is_gone, NULL, NEVER_MS));
    memory_close(memory_accepted(&port));
    memory_close(far);
    settle();
    carry_all();
    forget(client);
    finish();
}
END_TEST

START_TEST(a_wrong_Finished_ends_the_link) {
    static const uint8_t wrong[] = {0x17, 3,  3,  0,  32, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                    15,   16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
    begin();
    let_in();
    memory_send(world.agent_end, wrong, sizeof wrong);
    carry(world.server_end);
    expect_gone("a record was changed on the way");
    ck_assert_uint_eq(servers_handshakes(), 0);
    finish();
}
END_TEST

/* It arrives while the control plane still thinks. */
START_TEST(a_cut_before_the_verdict_is_met_behind_it) {
    begin();
    known();
    memory_cut(world.server_end);
    settle();
    accept_it();
    expect_gone("");
    finish();
}
END_TEST

/* It costs the server a signature, and the other end next to nothing. */
START_TEST(a_handshake_with_nothing_behind_it_is_reported) {
    begin();
    world.planes.is_control = true;
    dial(NULL);
    for (int i = 0; i < 3; i++) { /* the agent's bufferevent gets no event to write */
        carry(world.server_end);
        carry(world.agent_end);
    }
    ck_assert_uint_eq(servers_handshakes(), 1);
    ck_assert_uint_eq(world.greetings, 0);
    memory_cut(world.server_end);
    settle();
    expect_gone("");
    ck_assert(world.end.no_hello);
    finish();
}
END_TEST

START_TEST(a_handshake_that_is_cut_is_none) {
    begin();
    world.planes.is_control = true;
    dial(NULL);
    carry(world.server_end);
    memory_cut(world.server_end);
    settle();
    expect_gone("");
    ck_assert(!world.end.no_hello);
    finish();
}
END_TEST

START_TEST(a_link_lost_after_its_hello_is_no_bare_handshake) {
    begin();
    world.planes.is_control = true;
    dial(NULL);
    carry_all();
    ck_assert_uint_eq(world.greetings, 1);
    memory_cut(world.server_end);
    settle();
    accept_it();
    expect_gone("");
    ck_assert(!world.end.no_hello);
    finish();
}
END_TEST

/* Its certificates are what both ends check then. */
START_TEST(without_a_key_hello_is_sent) {
    begin();
    dial(NULL);
    carry_all();
    ck_assert_uint_eq(world.greetings, 1);
    ck_assert_msg(strstr(world.identity, "\"a\""), "%s", world.identity);
    accept_it();
    carry_all();
    ck_assert_uint_eq(world.idle, 1);
    ck_assert_uint_eq(world.agents_idle, 1);
    finish();
}
END_TEST

static TCase *badly(void) {
    TCase *group = tcase_create("badly");
    tcase_add_test(group, a_rejected_link_gets_the_reason);
    tcase_add_test(group, a_link_without_Finished_is_closed_in_time);
    tcase_add_test(group, a_link_without_Finished_gives_its_client_back);
    tcase_add_test(group, a_link_with_Finished_leaves_its_client_time);
    tcase_add_test(group, a_wrong_Finished_ends_the_link);
    tcase_add_test(group, a_cut_before_the_verdict_is_met_behind_it);
    tcase_add_test(group, a_handshake_with_nothing_behind_it_is_reported);
    tcase_add_test(group, a_handshake_that_is_cut_is_none);
    tcase_add_test(group, a_link_lost_after_its_hello_is_no_bare_handshake);
    tcase_add_test(group, without_a_key_hello_is_sent);
    return group;
}

UNIT_MAIN("relay/link/handshake", well, badly)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay: the whole data plane, server and agent in one process, over a network in memory (memory_net.h).
 *
 * The real links (TLS, greeting, frames), relays, dials and plain sides. Random walks with fixed seeds let clients,
 * destinations and the network do everything that can be done in every order: send, end, abort, refuse, dial late,
 * arrive byte by byte, meet full sockets, lose links. Checked all the way:
 *   - what a peer has received is the beginning of what its partner sent, in one relay and never in another;
 *   - a clean end is seen only by who received everything; who was cut sees a reset;
 *   - when all is still, every client has come back exactly once, links are idle again or gone, and nothing is left
 * open.
 */
#include "config.h"

#include "memory_net.h"
#include "unit.h"

#include "lib/pki.h"
#include "lib/tls.h"
#include "relay/relay_msg.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS = 2, RELAYS_MAX = 400, STEPS = 400, PIECE = 3000, FIRST_PORT = 1000 };

struct pair { /* one client and the destinations that were dialled for it */
    bool in_use, back, client_ended, client_gone, far_ended, far_gone, was_refused;
    int client, far; /* the test's ends; -1: none */
    size_t client_sent, client_got, far_sent, far_got;
    struct client *ticket;
};

struct world {
    struct loop *loop;
    struct plane *server, *agent;
    struct log *log;
    SSL_CTX *server_tls, *agent_tls;
    struct link_ref idle[LINKS * 64];
    int idle_count, links_up, links_gone;
    int server_ends[LINKS * 64], agent_ends[LINKS * 64], wire_count; /* the planes' own ends of each link */
    struct pair pairs[RELAYS_MAX];
    int pair_count, back_count;
    unsigned seed;
    size_t most; /* bytes that a stream may have */
};

static unsigned chance(struct world *world, unsigned of) {
    world->seed = world->seed * 1103515245u + 12345u;
    return (world->seed >> 16) % of;
}

/* The byte at a place of a stream is a function of relay, direction and place: a stray one is seen at once. */
static uint8_t byte_at(int relay, bool up, size_t place) {
    return (uint8_t)(place * 31 + (place >> 8) * 7 + (size_t)relay * 131 + (up ? 17 : 0));
}

static void send_some(int end, int relay, bool up, size_t *sent, size_t count) {
    uint8_t bytes[PIECE];
    while (count > 0) {
        size_t part = count < PIECE ? count : PIECE;
        for (size_t i = 0; i < part; i++) {
            bytes[i] = byte_at(relay, up, *sent + i);
        }
        memory_send(end, bytes, part);
        *sent += part;
        count -= part;
    }
}

static void receive_all(int end, int relay, bool up, size_t *got, size_t sent) {
    uint8_t bytes[PIECE];
    size_t n;
    while ((n = memory_receive(end, bytes, sizeof bytes)) > 0) {
        for (size_t i = 0; i < n; i++) {
            ck_assert_msg(bytes[i] == byte_at(relay, up, *got + i), "relay %d: a byte that is not its own", relay);
        }
        *got += n;
        ck_assert_uint_le(*got, sent);
    }
}

/* ---- the control planes of both ends ---- */

static void server_greeting(void *context, const struct greeting *greeting) {
    struct world *world = context;
    plane_accept(world->server, greeting->link, false, 1, "{}", "agent test", 0, 0);
}

static void server_idle(void *context, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    (void)tag;
    world->idle[world->idle_count++] = link;
}

static void server_gone(void *context, const struct link_end *end) {
    struct world *world = context;
    world->links_gone++;
    for (int i = 0; i < world->idle_count; i++) {
        if (link_ref_same(world->idle[i], end->link)) {
            world->idle[i] = world->idle[--world->idle_count];
        }
    }
}

static void server_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    struct world *world = context;
    struct pair *pair = client->place;
    (void)link;
    (void)tag;
    ck_assert(!pair->back);
    pair->back = true;
    world->back_count++;
    if (client->outcome != CLIENT_ENDED) { /* this control plane has no second agent: the client is reset */
        ck_assert_int_ge(client->fd, 0);
        pair->was_refused = true;
        memory_close(client->fd);
    } else {
        ck_assert_int_eq(client->fd, -1);
    }
    if (client->early) {
        evbuffer_free(client->early);
    }
    terms_release(client->terms);
    free(client);
    pair->ticket = NULL;
}

static const struct plane_events server_events = {.on_greeting = server_greeting,
                                                  .on_idle = server_idle,
                                                  .on_client_back = server_client_back,
                                                  .on_gone = server_gone};
static const struct plane_events agent_events = {.on_greeting = NULL};

/* ---- the world ---- */

static void settle(struct world *world) {
    for (int i = 0; i < 4; i++) {
        event_base_loop(loop_base(world->loop), EVLOOP_NONBLOCK);
    }
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
    struct tls_server_options server_options = {.certificate = pem, .key = key};
    struct tls_client_options client_options = {.ca = ca_pem};
    world->server_tls = tls_server_context(&server_options, &error);
    ck_assert_msg(world->server_tls != NULL, "%s", error.text);
    world->agent_tls = tls_client_context(&client_options, &error);
    ck_assert_msg(world->agent_tls != NULL, "%s", error.text);
}

static void carry_all(struct world *world) {
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < world->wire_count; i++) {
            int ends[2] = {world->server_ends[i], world->agent_ends[i]};
            for (int side = 0; side < 2; side++) {
                if (memory_on_its_way(ends[side]) > 0) {
                    memory_carry(ends[side], 1 << 20);
                    moved = true;
                    settle(world);
                }
            }
        }
        settle(world);
    }
}

static void begin(struct world *world, unsigned seed, size_t capacity, size_t most) {
    struct error error = {""};
    memset(world, 0, sizeof *world);
    world->seed = seed;
    world->most = most;
    world->loop = loop_new("test");
    ck_assert_ptr_nonnull(world->loop);
    memory_net_begin(loop_base(world->loop), capacity);
    make_certificates(world);
    if (getenv("MUNNEL_TEST_LOG")) { /* for whoever looks for a bug */
        world->log = log_new(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, "stderr", &error);
    }
    struct plane_options options = {.threads = 1,
                                    .log = world->log,
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
}

static void finish(struct world *world) {
    plane_free(world->server);
    plane_free(world->agent);
    for (int i = 0; i < world->pair_count; i++) { /* what is still open now is not the test's */
        struct pair *pair = &world->pairs[i];
        if (!pair->client_gone) {
            memory_close(pair->client);
        }
        if (pair->far >= 0 && !pair->far_gone) {
            memory_close(pair->far);
        }
    }
    ck_assert_int_eq(memory_open_ends(), 0);
    SSL_CTX_free(world->server_tls);
    SSL_CTX_free(world->agent_tls);
    loop_free(world->loop);
    if (world->log) {
        log_free(world->log);
    }
}

/* ---- what can happen ---- */

static struct pair *some_pair(struct world *world) {
    if (world->pair_count == 0) {
        return NULL;
    }
    unsigned recent = world->pair_count < 3 ? (unsigned)world->pair_count : 3;
    return &world->pairs[world->pair_count - 1 - (int)chance(world, recent)];
}

static int index_of(const struct world *world, const struct pair *pair) {
    return (int)(pair - world->pairs);
}

/* Each relay has a destination of its own, so that a dial says whose it is. */
static struct terms *terms_to(int relay) {
    char text[32], *to[] = {text};
    snprintf(text, sizeof text, "127.0.0.1:%d", FIRST_PORT + relay);
    struct terms *terms = terms_new(&(struct terms_plan){.service = "test", .connect = to, .connect_count = 1});
    ck_assert_ptr_nonnull(terms);
    return terms;
}

static void new_client(struct world *world) {
    if (world->idle_count == 0 || world->pair_count == RELAYS_MAX) {
        return;
    }
    struct pair *pair = &world->pairs[world->pair_count];
    struct client *client = calloc(1, sizeof *client);
    int ends[2];
    ck_assert_ptr_nonnull(client);
    memory_pair(ends);
    *pair = (struct pair){.in_use = true, .client = ends[1], .far = -1, .ticket = client};
    client->fd = ends[0];
    client->terms = terms_to(world->pair_count);
    client->number = (uint64_t)world->pair_count++;
    client->attempt_ms = 10000;
    client->place = pair;
    client->peer.storage.ss_family = AF_UNIX;
    client->peer.length = sizeof client->peer.storage.ss_family;
    if (chance(world, 2)) { /* it has spoken before it is served */
        send_some(pair->client, index_of(world, pair), true, &pair->client_sent, 1 + chance(world, 200));
        memory_carry(ends[0], 1 << 20);
    }
    memory_connect_will((enum memory_connect)chance(world, 8) % 3);
    plane_serve(world->server, world->idle[--world->idle_count], client);
}

static void meet(struct world *world, int far, unsigned port) {
    struct pair *pair = &world->pairs[(int)port - FIRST_PORT];
    ck_assert_int_lt(pair->far, 0); /* dialled once */
    bool refused = chance(world, 4) == 0;
    pair->far = far;
    if (refused && memory_is_connecting(far)) {
        memory_connect_done(far, true);
        memory_close(far);
        pair->far_gone = true;
        return;
    }
    memory_connect_done(far, false);
}

static void meet_dial(struct world *world) {
    unsigned port;
    int far = memory_accepted(&port);
    if (far >= 0) {
        meet(world, far, port);
    }
}

static void add_link(struct world *world) {
    struct addr peer;
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 1};
    ck_assert(addr_from_endpoint(&peer, &endpoint));
    struct dial_order order = {.address = peer,
                               .tls = world->agent_tls,
                               .server_name = "127.0.0.1",
                               .hello = "{\"a\":1}"};
    memory_connect_will(MEMORY_AT_ONCE);
    plane_dial(world->agent, &order);
    settle(world);
    unsigned port;
    int far = memory_accepted(&port);
    for (; far >= 0 && port >= FIRST_PORT; far = memory_accepted(&port)) {
        meet(world, far, port);
    }
    ck_assert_int_ge(far, 0);
    plane_adopt(world->server, far, &peer, world->server_tls, 1, 0);
    world->server_ends[world->wire_count] = far;
    world->agent_ends[world->wire_count++] = memory_peer(far);
    world->links_up++;
    for (int i = 0; i < 10; i++) { /* bufferevents of the greeting wait to be told that they may write */
        memory_wake_writer(far);
        memory_wake_writer(memory_peer(far));
        settle(world);
        carry_all(world);
    }
}

static void client_acts(struct world *world, struct pair *pair) {
    int relay = index_of(world, pair);
    if (pair->client < 0 || pair->client_gone) {
        return;
    }
    unsigned what = chance(world, 12);
    if (what == 0) {
        memory_reset(pair->client);
        pair->client_gone = true;
    } else if (what <= 2 && !pair->client_ended) {
        memory_finish(pair->client);
        pair->client_ended = true;
    } else if (!pair->client_ended && pair->client_sent < world->most) {
        send_some(pair->client, relay, true, &pair->client_sent, 1 + chance(world, (unsigned)world->most / 4));
    }
}

static void far_acts(struct world *world, struct pair *pair) {
    int relay = index_of(world, pair);
    if (pair->far < 0 || pair->far_gone) {
        return;
    }
    unsigned what = chance(world, 12);
    if (what == 0) {
        memory_reset(pair->far);
        pair->far_gone = true;
    } else if (what <= 2 && !pair->far_ended) {
        memory_finish(pair->far);
        pair->far_ended = true;
    } else if (!pair->far_ended && pair->far_sent < world->most) {
        send_some(pair->far, relay, false, &pair->far_sent, 1 + chance(world, (unsigned)world->most / 4));
    }
}

/* A clean end before everything has come would be a lie. */
static void check_pair(struct world *world, struct pair *pair) {
    int relay = index_of(world, pair);
    if (pair->client >= 0 && !pair->client_gone) {
        receive_all(pair->client, relay, false, &pair->client_got, pair->far_sent);
        if (memory_got_end(pair->client) && !memory_got_reset(pair->client)) {
            ck_assert_msg(pair->far_ended && pair->client_got == pair->far_sent,
                          "relay %d: the client saw a clean end after %zu of %zu bytes", relay, pair->client_got,
                          pair->far_sent);
        }
    }
    if (pair->far >= 0 && !pair->far_gone) {
        receive_all(pair->far, relay, true, &pair->far_got, pair->client_sent);
        if (memory_got_end(pair->far) && !memory_got_reset(pair->far)) {
            ck_assert_msg(pair->client_ended && pair->far_got == pair->client_sent,
                          "relay %d: the destination saw a clean end after %zu of %zu bytes", relay, pair->far_got,
                          pair->client_sent);
        }
    }
}

static void carry_some(struct world *world) {
    static const size_t amounts[] = {1, 5, 40, 1000, 20000, 1 << 20};
    size_t amount = amounts[chance(world, sizeof amounts / sizeof *amounts)];
    unsigned which = chance(world, 4);
    if (which < 2 && world->wire_count > 0) {
        unsigned wire = chance(world, (unsigned)world->wire_count);
        memory_carry(which ? world->server_ends[wire] : world->agent_ends[wire], amount);
        return;
    }
    struct pair *pair = some_pair(world);
    if (!pair) {
        return;
    }
    int mine = which == 2 ? pair->client : pair->far;
    bool gone = which == 2 ? pair->client_gone : pair->far_gone;
    if (mine < 0 || gone) {
        return;
    }
    memory_carry(memory_peer(mine), amount);
    memory_carry(mine, amount);
    check_pair(world, pair);
}

static void lose_link(struct world *world) {
    unsigned wire = chance(world, (unsigned)world->wire_count);
    memory_cut(world->server_ends[wire]);
    settle(world);
    if (world->links_up - world->links_gone < LINKS && world->wire_count < LINKS * 64) {
        add_link(world);
    }
}

static void step(struct world *world, bool may_lose_links) {
    struct pair *pair = some_pair(world);
    unsigned what = chance(world, may_lose_links ? 101 : 100);
    if (what < 10) {
        new_client(world);
    } else if (what < 25) {
        meet_dial(world);
    } else if (what < 35 && pair) {
        client_acts(world, pair);
    } else if (what < 45 && pair) {
        far_acts(world, pair);
    } else if (what == 100) {
        lose_link(world);
    } else {
        carry_some(world);
    }
    settle(world);
}

/* Everybody ends in good order, everything arrives. */
static void calm_down(struct world *world) {
    for (int round = 0; round < 40; round++) {
        meet_dial(world);
        for (int i = 0; i < world->pair_count; i++) {
            struct pair *pair = &world->pairs[i];
            if (!pair->client_gone && !pair->client_ended) {
                memory_finish(pair->client);
                pair->client_ended = true;
            }
            if (pair->far >= 0 && !pair->far_gone && !pair->far_ended) {
                memory_finish(pair->far);
                pair->far_ended = true;
            }
            int ends[2] = {pair->client_gone ? -1 : pair->client, pair->far_gone ? -1 : pair->far};
            for (int side = 0; side < 2; side++) {
                if (ends[side] >= 0) {
                    memory_carry(memory_peer(ends[side]), 1 << 20);
                    memory_carry(ends[side], 1 << 20);
                }
            }
            settle(world);
            check_pair(world, pair);
        }
        carry_all(world);
    }
}

static bool held_is_over(void *context) {
    struct plane_counts counts;
    struct world *world = context;
    calm_down(world);
    plane_count(world->agent, &counts);
    return world->back_count == world->pair_count && counts.relays == 0;
}

static void check_still(struct world *world) {
    struct plane_counts counts;
    bool is_still = unit_run_until(loop_base(world->loop), held_is_over, world, 3000);
    for (int i = 0; i < world->pair_count && !is_still; i++) {
        const struct pair *pair = &world->pairs[i];
        printf("# relay %d: back %d, client %d%s%s sent %zu got %zu, far %d%s%s sent %zu got %zu\n", i, pair->back,
               pair->client, pair->client_ended ? " ended" : "", pair->client_gone ? " gone" : "", pair->client_sent,
               pair->client_got, pair->far, pair->far_ended ? " ended" : "", pair->far_gone ? " gone" : "",
               pair->far_sent, pair->far_got);
    }
    ck_assert_msg(is_still, "%d of %d clients came back", world->back_count, world->pair_count);
    plane_count(world->server, &counts);
    ck_assert_uint_eq(counts.relays, 0);
    ck_assert_int_eq((int)counts.links, world->links_up - world->links_gone);
    for (int i = 0; i < world->pair_count; i++) {
        struct pair *pair = &world->pairs[i];
        bool whole = !pair->client_gone && !pair->far_gone && pair->far >= 0 && !pair->was_refused;
        if (whole && !memory_got_reset(pair->client)) {
            ck_assert_uint_eq(pair->client_got, pair->far_sent);
        }
    }
}

static void walk(unsigned seed, size_t capacity, size_t most, bool may_lose_links) {
    struct world *world = malloc(sizeof *world);
    ck_assert_ptr_nonnull(world);
    begin(world, seed, capacity, most);
    for (int i = 0; i < LINKS; i++) {
        add_link(world);
    }
    ck_assert_int_eq(world->idle_count, LINKS);
    for (int i = 0; i < STEPS; i++) {
        step(world, may_lose_links);
    }
    check_still(world);
    ck_assert_int_gt(world->pair_count, 0);
    finish(world);
    free(world);
}

START_TEST(short_streams_in_any_order) {
    walk((unsigned)_i + 1, 1 << 20, 400, false);
}
END_TEST

START_TEST(long_streams_and_narrow_wires) {
    walk((unsigned)_i + 1000, 30000, 300000, false);
}
END_TEST

START_TEST(links_are_lost_in_every_state) {
    walk((unsigned)_i + 2000, 1 << 16, 20000, true);
}
END_TEST

/* MUNNEL_TEST_SEED=n walks one seed only, for whoever looks for a bug; CK_RUN_CASE chooses the kind of walk. */
static TCase *walks(const char *name, const TTest *test, int count) {
    TCase *group = tcase_create(name);
    const char *only = getenv("MUNNEL_TEST_SEED");
    int first = only ? atoi(only) : 0;
    tcase_add_loop_test(group, test, first, only ? first + 1 : count);
    return group;
}

static TCase *short_walks(void) {
    return walks("short", short_streams_in_any_order, 60);
}

static TCase *long_walks(void) {
    return walks("long", long_streams_and_narrow_wires, 40);
}

static TCase *lost_walks(void) {
    return walks("lost", links_are_lost_in_every_state, 60);
}

UNIT_MAIN("relay/relay", short_walks, long_walks, lost_walks)

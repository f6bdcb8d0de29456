/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_handshakes: data links shake hands by the key of their session, and by certificates when that key is gone.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <unistd.h>

enum { ASK_MS = 5000, SAYS_MS = 10000, IDLE_LINKS = 16 };

static unsigned by_key(struct process *agent, size_t mark) {
    return process_count(agent, mark, "handshake by the session's key", NULL);
}

static unsigned by_certificate(struct process *agent, size_t mark) {
    return process_count(agent, mark, "handshake by certificate", NULL);
}

struct pair { /* a server with an agent that says each step */
    struct stand *stand;
    struct server server;
    struct process *agent;
    struct destination *echo;
    uint16_t port;
};

static struct pair pair_start(const char *name) {
    struct pair pair = {.stand = stand_new(name), .port = port_take(), .echo = destination_start(serve_echo, NULL)};
    const char *service = service_to(pair.stand, "echo", pair.port, destination_port(pair.echo), NULL);
    pair.server = server_start(pair.stand, (struct server_plan){.services = service});
    pair.agent = agent_start(&pair.server, "alpha", NULL, "-v", NULL);
    agent_await(&pair.server, 0, "alpha", JOIN_MS);
    return pair;
}

static void pair_end(struct pair *pair) {
    stand_free(pair->stand);
    destination_free(pair->echo);
}

START_TEST(only_the_control_link_needs_certificates) {
    struct pair pair = pair_start(__func__);
    ck_assert(HOLDS_WITHIN(SAYS_MS, by_key(pair.agent, 0) >= IDLE_LINKS));
    ck_assert_uint_eq(by_certificate(pair.agent, 0), 1);
    ck_assert(HOLDS_WITHIN(SAYS_MS, live_of(pair.server.process).idle_links >= IDLE_LINKS));
    ck_assert(socket_echoes(pair.port, ASK_MS));
    pair_end(&pair);
}
END_TEST

/* The new process has another secret: the old session's key opens nothing, and the agent takes a new one. */
START_TEST(a_restarted_server_gives_a_new_key) {
    struct pair pair = pair_start(__func__);
    ck_assert(HOLDS_WITHIN(SAYS_MS, live_of(pair.server.process).idle_links >= IDLE_LINKS));
    int client = socket_client(pair.port);
    ck_assert(socket_converse(client, "before", ASK_MS));
    size_t mark = process_mark(pair.agent);
    stand_kill(pair.stand, pair.server.process);
    ck_assert(socket_wait_end(client, ASK_MS) == END_RESET);
    close(client);
    server_start_again(&pair.server);
    agent_await(&pair.server, 0, "alpha", SAYS_MS);
    ck_assert(HOLDS_WITHIN(SAYS_MS, by_key(pair.agent, mark) >= IDLE_LINKS));
    ck_assert_uint_ge(by_certificate(pair.agent, mark), 1);
    ck_assert(HOLDS_WITHIN(SAYS_MS, live_of(pair.server.process).idle_links >= IDLE_LINKS));
    ck_assert(socket_echoes(pair.port, ASK_MS));
    pair_end(&pair);
}
END_TEST

SCENARIO_MAIN("handshakes", SCENARIO(only_the_control_link_needs_certificates, 30),
              SCENARIO(a_restarted_server_gives_a_new_key, 60))

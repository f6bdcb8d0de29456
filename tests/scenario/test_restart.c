/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_restart: a server or an agent is started again while a long relay runs: the relay ends whole in the old process,
 * and new clients are served by the new one meanwhile.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 5000, SERVED_MS = 2000, END_MS = 30000, BACK_MS = 25000, BYTES = 20 << 20 };

struct site {
    struct sandbox *sandbox;
    struct destination *echo;
    struct server server;
    struct process *agent;
    uint16_t port;
    const char *path; /* "unix:" and that of the service that listens on a Unix socket */
    int relay;        /* a client that stays */
};

static struct site site_start(const char *name) {
    struct site site = {.sandbox = sandbox_new(name), .port = port_take()};
    site.echo = destination_start(handle_echo, NULL);
    uint16_t to = destination_port(site.echo);
    site.path = sandbox_text(site.sandbox, "unix:%s", sandbox_path(site.sandbox, "service.sock"));
    site.server = server_start(
        site.sandbox,
        (struct server_plan){
            .services = sandbox_text(site.sandbox, "%s, { 'name': 'unix', 'listen': '%s', 'connect': '127.0.0.1:%u' }",
                                     service_to(site.sandbox, "echo", site.port, to, NULL), site.path, to)});
    site.agent = agent_join_warm(&site.server, "alpha", NULL);
    site.relay = socket_client(site.port);
    ck_assert(socket_converse(site.relay, "here", ASK_MS));
    return site;
}

static void assert_relay_ends_whole(struct site *site) {
    struct exchange exchange = {.seed = 7, .length = BYTES};
    ck_assert(socket_converse(site->relay, "still here", ASK_MS));
    socket_exchange(site->relay, &exchange, END_MS);
    close(site->relay);
    ck_assert(exchange.sent_all);
    ck_assert_int_eq(exchange.end, END_FILE);
    ck_assert_uint_eq(exchange.received.bytes, BYTES);
    ck_assert(tally_same(&exchange.received, &exchange.sent));
}

static void site_end(struct site *site) {
    destination_free(site->echo);
    sandbox_free(site->sandbox);
}

static bool echoes_on_path(const char *path) {
    int fd = socket_try(path, 0);
    bool echoed = fd >= 0 && socket_converse(fd, "over unix", ASK_MS);
    if (fd >= 0)
        close(fd);
    return echoed;
}

START_TEST(a_server_s_restart_is_no_outage_beside_a_long_relay) {
    struct site site = site_start(__func__);
    struct server next = site.server;
    process_signal(site.server.process, SIGTERM);
    process_await(site.server.process, 0, ASK_MS, "no new clients", NULL);
    next.name = "next";
    server_start_again(&next);
    process_await(next.process, 0, START_MS, "listening for agents on", NULL);
    ck_assert(HOLDS_WITHIN(SERVED_MS, socket_echoes(site.port, SERVED_MS)));
    ck_assert(HOLDS_WITHIN(SERVED_MS, echoes_on_path(site.path)));
    ck_assert(!process_is_over(site.server.process));
    assert_relay_ends_whole(&site);
    ck_assert_int_eq(process_wait(site.server.process, ASK_MS), 0);
    ck_assert(socket_echoes(site.port, ASK_MS));
    ck_assert(echoes_on_path(site.path)); /* the one that left has not removed the other's socket */
    site_end(&site);
}
END_TEST

/* The agent would keep them for "resume" seconds, though no server can take them up again. */
START_TEST(connections_to_services_do_not_outlive_a_server_that_was_killed) {
    struct site site = site_start(__func__);
    sandbox_kill(site.sandbox, site.server.process);
    server_start_again(&site.server);
    ck_assert_str_eq(end_name(socket_wait_end(site.relay, ASK_MS)), end_name(END_RESET));
    close(site.relay);
    ck_assert(HOLDS_WITHIN(BACK_MS, socket_echoes(site.port, SERVED_MS)));
    process_await(site.agent, 0, BACK_MS, "session lost", "the server does not know the session any more", NULL);
    process_await(site.agent, 0, ASK_MS, "\"cut\"", "the link to the other side was lost", NULL);
    site_end(&site);
}
END_TEST

START_TEST(an_agent_s_restart_is_no_outage_beside_a_long_relay) {
    struct site site = site_start(__func__);
    size_t mark = process_mark(site.server.process);
    process_signal(site.agent, SIGTERM);
    process_await(site.server.process, mark, ASK_MS, "draining: no new clients", NULL);
    agent_start(&site.server, "beta", NULL, NULL);
    ck_assert(HOLDS_WITHIN(SERVED_MS, socket_echoes(site.port, SERVED_MS)));
    ck_assert(!process_is_over(site.agent));
    assert_relay_ends_whole(&site);
    ck_assert_int_eq(process_wait(site.agent, ASK_MS), 0);
    ck_assert(socket_echoes(site.port, ASK_MS));
    site_end(&site);
}
END_TEST

SCENARIO_MAIN("restart", SCENARIO(a_server_s_restart_is_no_outage_beside_a_long_relay, 90),
              SCENARIO(connections_to_services_do_not_outlive_a_server_that_was_killed, 60),
              SCENARIO(an_agent_s_restart_is_no_outage_beside_a_long_relay, 90))

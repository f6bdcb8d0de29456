/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_carriers: relays that change between shared links and links of their own, and what agents cost that wait.
 *
 * With MUNNEL_SLOW_TESTS=1 it is 200 relays of up to 64 MB, and 1,000 agents.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/flow.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/proc_stats.h"
#include "harness/scenario.h"

#include <openssl/opensslv.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- relays that are promoted, go quiet and are demoted ---- */

enum {
    QUIET_MS = 4000, /* an end moves back after three seconds */
    BURSTS = 3,
    RELAY_MS = 300000,
    LINKS_CLOSE_MS = 60000, /* exclusive ones that are not used any more */
    EXCLUSIVE_MOST = 60
};

struct crowd {
    struct destination *destination;
    uint16_t port;
    unsigned relays, largest_log2; /* sizes: 1 byte to 2^largest_log2 */
    atomic_bool never;
};

/* As many of each magnitude. */
static uint64_t draw_size(struct source *random, unsigned largest_log2) {
    uint64_t most = 1ull << source_number(random, largest_log2 + 1);
    return 1 + source_number(random, most);
}

static const char *relay_in_bursts(unsigned job, void *context) {
    struct crowd *crowd = context;
    struct source random;
    source_begin(&random, job + 1);
    struct flow_plan plan = {.tag = 10 * (job + 1), .pause_ms = QUIET_MS, .ms = RELAY_MS};
    plan.up = draw_size(&random, crowd->largest_log2);
    plan.down = draw_size(&random, crowd->largest_log2);
    uint64_t larger = plan.up > plan.down ? plan.up : plan.down;
    plan.burst = (uint32_t)(larger / BURSTS + 1);
    int fd = socket_client(crowd->port);
    const char *wrong = flow_differs(fd, crowd->destination, &plan, &crowd->never);
    close(fd);
    return wrong;
}

START_TEST(relays_of_random_sizes_are_promoted_go_quiet_and_are_demoted) {
    struct crowd crowd = {.relays = scenario_runs_slow() ? 200 : 40, .largest_log2 = scenario_runs_slow() ? 26 : 22};
    crowd.destination = destination_start(handle_flow, &crowd.never);
    struct simple simple = simple_start(__func__, destination_port(crowd.destination), NULL, NULL);
    crowd.port = simple.port;
    agent_await_warm(&simple.server, simple.agent);
    struct usage server = usage_of(simple.server.process), agent = usage_of(simple.agent);
    parallel_clients_run(crowd.relays, crowd.relays, relay_in_bursts, &crowd);
    ck_assert_uint_gt(live_of(simple.server.process).links, server.links); /* some had links of their own */
    server.extra_links = agent.extra_links = scenario_runs_slow() ? 0 : 2 * EXCLUSIVE_MOST;
    server.extra_heap = agent.extra_heap = USAGE_BULK_HEAP;
    usage_await(simple.server.process, &server, LINKS_CLOSE_MS);
    usage_await(simple.agent, &agent, LINKS_CLOSE_MS);
    destination_free(crowd.destination);
    sandbox_free(simple.sandbox);
}
END_TEST

/* ---- clients that are gone as soon as they are there ---- */

static void connect_and_reset(const struct simple *simple, unsigned clients) {
    for (unsigned i = 0; i < clients; i++)
        socket_reset(socket_client(simple->port));
}

/* What a first burst keeps: tables that have grown, free blocks that the allocator holds for each thread. */
static void rest_after_burst(struct process *process, struct usage before) {
    before.extra_heap = USAGE_BULK_HEAP;
    usage_await(process, &before, LINKS_CLOSE_MS);
}

/* Each is a stream that is opened and reset. Measured behind a burst of the same size, so that what is left by the
 * second one was left by its streams. */
START_TEST(streams_that_are_opened_and_reset_at_once_leave_nothing) {
    enum { CLIENTS = 3000, ASK_MS = 5000 };
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), NULL, NULL);
    agent_await_warm(&simple.server, simple.agent);
    ck_assert(socket_echoes(simple.port, ASK_MS));
    struct usage server = usage_of(simple.server.process), agent = usage_of(simple.agent);
    connect_and_reset(&simple, CLIENTS);
    rest_after_burst(simple.server.process, server);
    rest_after_burst(simple.agent, agent);
    server = usage_of(simple.server.process);
    agent = usage_of(simple.agent);
    connect_and_reset(&simple, CLIENTS);
    usage_await(simple.server.process, &server, LINKS_CLOSE_MS);
    usage_await(simple.agent, &agent, LINKS_CLOSE_MS);
    ck_assert(socket_echoes(simple.port, ASK_MS));
    destination_free(echo);
    sandbox_free(simple.sandbox);
}
END_TEST

/* ---- many agents ---- */

enum {
    AGENT_DESCRIPTORS = 3, /* on the server: a control link, and a data link to each of its two threads */
    /* OpenSSL 3.5 keeps the peer's ML-KEM key with each link, 13 KiB. */
    AGENT_BYTES = (OPENSSL_VERSION_NUMBER >= 0x30500000L ? 100 : 60) * 1024,
    AGENTS_START_MS = 120000,
    PROCESSES = 4,
    BACK_MS = 10000
};

static void start_agents(const struct server *server, const char *name, unsigned count) {
    struct sandbox *sandbox = server->sandbox;
    const char *build = getenv("top_builddir"), *program = "tests/scenario/agents/many_agents";
    sandbox_run(sandbox, name, build ? sandbox_text(sandbox, "%s/%s", build, program) : program,
                sandbox_text(sandbox, "%u", count), "--log-format", "json", "--name", name, "--ca",
                sandbox_text(sandbox, "%s/ca.pem", server->pki), sandbox_text(sandbox, "127.0.0.1:%u", server->port),
                NULL);
}

static bool all_are_there(struct process *server, unsigned agents) {
    struct live live = live_of(server);
    return live.agents == agents && live.data_links == 2ull * agents && live.links == 3ull * agents;
}

/* Looks five times a second: to count its descriptors costs a server with thousands of them some time. */
static bool all_come_within(unsigned ms, struct process *server, unsigned agents) {
    uint64_t deadline = deadline_in(ms);
    while (!all_are_there(server, agents)) {
        if (deadline_left(deadline) == 0)
            return false;
        for (int i = 0; i < 20; i++)
            (void)deadline_nap(deadline);
    }
    return true;
}

static unsigned long long statistic(struct process *server, const char *key) {
    char *line = statistics_line(server);
    unsigned long long number = number_in_line(line, key);
    free(line);
    return number;
}

START_TEST(many_agents_cost_little_and_are_back_soon_after_a_restart) {
    unsigned agents = scenario_runs_slow() ? 1000 : 100;
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct server_plan plan = {.services = service_to(sandbox, "echo", port, port, NULL),
                               .agents = "'unauthenticated': { 'max': 2048, 'per_source': 2048 },"};
    struct server server = server_start(sandbox, plan);
    struct usage before = usage_of(server.process);
    for (unsigned i = 0; i < PROCESSES; i++)
        start_agents(&server, sandbox_text(sandbox, "a%u-", i), agents / PROCESSES);
    ck_assert(all_come_within(AGENTS_START_MS, server.process, agents));
    struct usage with = usage_of(server.process);
    printf("# each of %u agents: %.1f descriptors, %.1f KiB\n", agents,
           (double)(with.descriptors - before.descriptors) / agents, (double)(with.heap - before.heap) / agents / 1024);
    ck_assert_uint_le(with.descriptors, before.descriptors + agents * AGENT_DESCRIPTORS);
    ck_assert_uint_le(with.heap, before.heap + (unsigned long long)agents * AGENT_BYTES);
    sandbox_kill(sandbox, server.process);
    server_start_again(&server);
    process_await(server.process, 0, START_MS, "listening for agents on", NULL);
    uint64_t since_ms = now_ms();
    bool are_back = all_come_within(BACK_MS, server.process, agents);
    unsigned long long handshakes = statistic(server.process, "handshakes_done");
    printf("# after the restart: %llu handshakes in %u ms\n", handshakes, (unsigned)(now_ms() - since_ms));
    ck_assert_msg(are_back, "%llu agents with %llu data links", live_of(server.process).agents,
                  live_of(server.process).data_links);
    ck_assert_uint_le(handshakes, 4ull * agents); /* three for each, and few that have to be repeated */
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("carriers", SCENARIO(relays_of_random_sizes_are_promoted_go_quiet_and_are_demoted, 400),
              SCENARIO(streams_that_are_opened_and_reset_at_once_leave_nothing, 120),
              SCENARIO(many_agents_cost_little_and_are_back_soon_after_a_restart, 300))

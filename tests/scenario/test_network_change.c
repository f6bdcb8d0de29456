/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_network_change: an agent with two ways to its server, of which one is lost: announced by the kernel, or not.
 *
 * Server and agent are on machines of their own, two network namespaces with two veth pairs between them; the server
 * has an address that both lead to. "ping" and "dead_after" are so long that they have no part in it.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/netns.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    AGENT_PORT = 10001,
    SERVICE_PORT = 8001,
    AGAIN_MS = 5000,         /* on a machine that has nothing else to do it is less than one */
    AGAIN_PROBED_MS = 10000, /* the same with 2 to 3 s of waiting for PONG in front */
    LOGGED_MS = 10000,
    ECHO_MS = 10000
};

struct machines {
    struct sandbox *sandbox;
    int server_netns, agent_netns;
    struct destination *echo; /* on the agent's machine */
    struct process *server, *agent;
};

/* Way 0 is by 10.77.0.0/24, way 1 by 10.78.0.0/24. */
#define ADD_FIRST    "ip addr add 10.77.0.2/24 dev agt0 && ip route add 10.79.0.1 via 10.77.0.1 metric 1"
#define ADD_SECOND   "ip addr add 10.78.0.2/24 dev agt1 && ip route add 10.79.0.1 via 10.78.0.1 metric 2"
#define REMOVE_FIRST "ip addr del 10.77.0.2/24 dev agt0"
#define ADD_ANOTHER  "ip addr add 10.80.0.1/32 dev lo"

static bool is_up(const char *device) {
    return netns_run("ip link show dev %s | grep -q 'state UP'", device);
}

static bool make_network(struct machines *machines) {
    machines->agent_netns = netns_new();
    machines->server_netns = netns_new();
    if (!netns_connect("srv0", machines->agent_netns, "agt0") || !netns_connect("srv1", machines->agent_netns, "agt1"))
        return false;
    ck_assert(netns_run("ip addr add 10.79.0.1/32 dev lo && ip addr add 10.77.0.1/24 dev srv0 &&"
                        " ip addr add 10.78.0.1/24 dev srv1 && ip link set srv0 up && ip link set srv1 up"));
    netns_enter(machines->agent_netns);
    ck_assert(netns_run("ip link set agt0 addrgenmode none up && ip link set agt1 addrgenmode none up && " ADD_FIRST));
    ck_assert(HOLDS_WITHIN(START_MS, is_up("agt0") && is_up("agt1"))); /* announced up to a second later */
    machines->echo = destination_start(handle_echo, NULL);
    return true;
}

static void start_server(struct machines *machines, const char *times) {
    struct sandbox *sandbox = machines->sandbox;
    const char *folder = sandbox_path(sandbox, "pki"), *munnel = sandbox_program(sandbox, "munnel");
    ck_assert_int_eq(sandbox_do(sandbox, "init", munnel, "init", "--name", "10.79.0.1", folder, NULL), 0);
    const char *text =
        sandbox_text(sandbox,
                     "{ 'agents': { 'listen': ['10.79.0.1:%d'], %s\n"
                     "    'tls': { 'cert': '%s/server.pem', 'key': '%s/server.key' },\n"
                     "    'auth': { 'tokens': '%s/agents.json' } },\n"
                     "  'services': [ { 'name': 'echo', 'listen': '127.0.0.1:%d',\n"
                     "    'connect': '127.0.0.1:%u' } ],\n"
                     "  'log': { 'format': 'json' } }\n",
                     AGENT_PORT, times, folder, folder, folder, SERVICE_PORT, destination_port(machines->echo));
    const char *file = sandbox_write(sandbox, "server.json", text, true);
    netns_enter(machines->server_netns);
    machines->server = sandbox_run(sandbox, "server", sandbox_program(sandbox, "munneld"), "--config", file, NULL);
    process_await(machines->server, 0, START_MS, "listening for agents on", NULL);
}

static void await_joined(struct machines *machines, size_t mark, unsigned ms) {
    process_await(machines->server, mark, ms, "\"agent alpha\"", "\"joined\"", NULL);
}

static void start_agent(struct machines *machines) {
    struct sandbox *sandbox = machines->sandbox;
    netns_enter(machines->agent_netns);
    machines->agent =
        sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "-v", "--log-format", "json", "--name",
                    "alpha", "--ca", sandbox_path(sandbox, "pki/ca.pem"), "10.79.0.1:10001", NULL);
    await_joined(machines, 0, JOIN_MS);
}

/* Leaves the test on the agent's machine, whose network it then changes. False: it cannot run here. */
static bool begin(struct machines *machines, const char *name, const char *times) {
    if (!netns_may_be_made() || !make_network(machines)) {
        printf("# skipped: network namespaces need root, and ip of iproute2\n");
        return false;
    }
    machines->sandbox = sandbox_new(name);
    start_server(machines, times);
    start_agent(machines);
    return true;
}

static bool service_echoes(const struct machines *machines) {
    netns_enter(machines->server_netns);
    return socket_echoes(SERVICE_PORT, ECHO_MS);
}

static void finish(struct machines *machines) {
    netns_enter(machines->server_netns);
    sandbox_end(machines->sandbox, machines->agent);
    destination_free(machines->echo);
    sandbox_free(machines->sandbox);
    close(machines->server_netns);
    close(machines->agent_netns);
}

#define PATIENT "'ping': 600, 'dead_after': 1200,"

START_TEST(an_agent_whose_address_is_replaced_joins_again_at_once) {
    struct machines machines = {0};
    if (!begin(&machines, __func__, PATIENT))
        return;
    size_t server_mark = process_mark(machines.server), agent_mark = process_mark(machines.agent);
    ck_assert(netns_run(REMOVE_FIRST " && " ADD_SECOND));
    await_joined(&machines, server_mark, AGAIN_MS);
    process_await(machines.agent, agent_mark, LOGGED_MS, "connection lost",
                  "network changed: address 10.77.0.2 is gone", NULL);
    ck_assert(service_echoes(&machines));
    finish(&machines);
}
END_TEST

/* Until then every attempt fails, and the waits between them grow. */
START_TEST(an_agent_without_a_way_connects_when_one_comes) {
    struct machines machines = {0};
    if (!begin(&machines, __func__, PATIENT))
        return;
    ck_assert(netns_run(REMOVE_FIRST));
    for (size_t mark = process_mark(machines.agent), i = 0; i < 3; i++, mark = process_mark(machines.agent))
        process_await(machines.agent, mark, 5 * LOGGED_MS, "address failed", "unreachable", NULL);
    size_t server_mark = process_mark(machines.server);
    ck_assert(netns_run(ADD_SECOND));
    await_joined(&machines, server_mark, AGAIN_MS);
    ck_assert(service_echoes(&machines));
    finish(&machines);
}
END_TEST

START_TEST(an_agent_whose_way_is_gone_takes_the_other_after_a_probe) {
    struct machines machines = {0};
    if (!begin(&machines, __func__, PATIENT))
        return;
    ck_assert(netns_run(ADD_SECOND));
    process_await(machines.agent, 0, LOGGED_MS, "control link works", "network changed", NULL);
    size_t server_mark = process_mark(machines.server), agent_mark = process_mark(machines.agent);
    ck_assert(netns_run("ip link set agt0 down")); /* its address stays */
    await_joined(&machines, server_mark, AGAIN_PROBED_MS);
    process_await(machines.agent, agent_mark, LOGGED_MS, "connection lost", "network changed: no PONG for", NULL);
    ck_assert(service_echoes(&machines));
    finish(&machines);
}
END_TEST

START_TEST(a_change_that_does_not_concern_it_leaves_an_agent_joined) {
    struct machines machines = {0};
    if (!begin(&machines, __func__, PATIENT))
        return;
    size_t agent_mark = process_mark(machines.agent);
    ck_assert(netns_run(ADD_ANOTHER));
    process_await(machines.agent, agent_mark, LOGGED_MS, "control link works", "network changed", NULL);
    ck_assert(service_echoes(&machines));
    ck_assert_uint_eq(process_count(machines.server, 0, "\"joined\"", NULL), 1);
    ck_assert_uint_eq(process_count(machines.agent, 0, "connection lost", NULL), 0);
    finish(&machines);
}
END_TEST

/* What the server's machine sends goes to another Ethernet address, of which neither kernel hears anything. */
START_TEST(a_way_that_is_lost_without_an_announcement_is_found_by_silence) {
    struct machines machines = {0};
    if (!begin(&machines, __func__, "'ping': 1, 'dead_after': 3,"))
        return;
    size_t agent_mark = process_mark(machines.agent);
    netns_enter(machines.server_netns);
    ck_assert(netns_run("ip neigh replace 10.77.0.2 lladdr 02:00:00:00:00:99 nud permanent dev srv0"));
    process_await(machines.agent, agent_mark, 3 * LOGGED_MS, "connection lost", "nothing received for 3 s", NULL);
    finish(&machines);
}
END_TEST

START_TEST(a_relay_goes_on_when_its_address_comes_back) {
    struct machines machines = {0};
    if (!begin(&machines, __func__, PATIENT))
        return;
    netns_enter(machines.server_netns);
    int client = socket_client(SERVICE_PORT);
    ck_assert(socket_converse(client, "before", ECHO_MS));
    netns_enter(machines.agent_netns);
    size_t server_mark = process_mark(machines.server), agent_mark = process_mark(machines.agent);
    ck_assert(netns_run(REMOVE_FIRST));
    process_await(machines.agent, agent_mark, LOGGED_MS, "connection lost", "address 10.77.0.2 is gone", NULL);
    ck_assert(netns_run(ADD_FIRST));
    await_joined(&machines, server_mark, AGAIN_MS);
    ck_assert(socket_converse(client, "after", 3 * ECHO_MS));
    close(client);
    finish(&machines);
}
END_TEST

SCENARIO_MAIN("network_change", SCENARIO(an_agent_whose_address_is_replaced_joins_again_at_once, 60),
              SCENARIO(an_agent_without_a_way_connects_when_one_comes, 120),
              SCENARIO(an_agent_whose_way_is_gone_takes_the_other_after_a_probe, 60),
              SCENARIO(a_change_that_does_not_concern_it_leaves_an_agent_joined, 60),
              SCENARIO(a_way_that_is_lost_without_an_announcement_is_found_by_silence, 90),
              SCENARIO(a_relay_goes_on_when_its_address_comes_back, 90))

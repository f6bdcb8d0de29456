/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_ipv6_zones: server and agent on two machines with nothing but link-local addresses, each with an interface name
 * of its own. The machines are two network namespaces and a veth pair between them, so this needs root and iproute2.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/netns.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 10000, LOGGED_MS = 15000, AGENT_PORT = 10001, SERVICE_PORT = 8001, MISSING_PORT = 8002 };

struct two_machines {
    struct sandbox *sandbox;
    int server_netns, agent_netns;
    struct destination *echo; /* on the agent's machine */
    struct process *server;
    const char *folder;
};

/* False: namespaces or ip cannot be had here. */
static bool make_network(struct two_machines *machines) {
    if (!netns_may_be_made())
        return false;
    machines->agent_netns = netns_new();
    machines->server_netns = netns_new();
    if (!netns_connect("srv0", machines->agent_netns, "agt0"))
        return false;
    ck_assert(netns_run("ip link set srv0 addrgenmode none up && ip -6 addr add fe80::1/64 dev srv0 nodad"));
    netns_enter(machines->agent_netns);
    ck_assert(netns_run("ip link set agt0 addrgenmode none up && ip -6 addr add fe80::2/64 dev agt0 nodad"));
    machines->echo = destination_start_at("::", handle_echo, NULL);
    netns_enter(machines->server_netns);
    return true;
}

static void start_server(struct two_machines *machines) {
    struct sandbox *sandbox = machines->sandbox;
    uint16_t to = destination_port(machines->echo);
    machines->folder = sandbox_path(sandbox, "pki");
    ck_assert_int_eq(sandbox_do(sandbox, "init", sandbox_program(sandbox, "munnel"), "init", "--name", "fe80::1",
                                machines->folder, NULL),
                     0);
    const char *text =
        sandbox_text(sandbox,
                     "{ 'agents': { 'listen': ['[fe80::1%%srv0]:%d'],\n"
                     "    'tls': { 'cert': '%s/server.pem', 'key': '%s/server.key' },\n"
                     "    'auth': { 'tokens': '%s/agents.json' } },\n"
                     "  'services': [\n"
                     "    { 'name': 'echo', 'listen': '127.0.0.1:%d', 'connect': '[fe80::2%%agt0]:%u' },\n"
                     "    { 'name': 'nowhere', 'listen': '127.0.0.1:%d',\n"
                     "      'connect': '[fe80::2%%agt9]:%u' } ],\n"
                     "  'log': { 'format': 'json' } }\n",
                     AGENT_PORT, machines->folder, machines->folder, machines->folder, SERVICE_PORT, to, MISSING_PORT,
                     to);
    const char *file = sandbox_write(sandbox, "server.json", text, true);
    machines->server = sandbox_run(sandbox, "server", sandbox_program(sandbox, "munneld"), "--config", file, NULL);
    process_await(machines->server, 0, START_MS, "listening for agents on", NULL);
}

static struct process *start_agent(struct two_machines *machines, const char *server) {
    struct sandbox *sandbox = machines->sandbox;
    netns_enter(machines->agent_netns);
    struct process *agent =
        sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--log-format", "json", "--name",
                    "alpha", "--ca", sandbox_text(sandbox, "%s/ca.pem", machines->folder), "--allow", "[fe80::2%agt0]",
                    server, NULL);
    netns_enter(machines->server_netns);
    return agent;
}

static bool begin(struct two_machines *machines, const char *name) {
    if (!make_network(machines)) {
        printf("# skipped: network namespaces need root, and ip of iproute2\n");
        return false;
    }
    machines->sandbox = sandbox_new(name);
    start_server(machines);
    return true;
}

static void finish(struct two_machines *machines) {
    destination_free(machines->echo);
    sandbox_free(machines->sandbox);
    close(machines->server_netns);
    close(machines->agent_netns);
}

START_TEST(zones_are_of_the_machine_that_connects) {
    struct two_machines machines = {0};
    if (!begin(&machines, __func__))
        return;
    struct process *agent = start_agent(&machines, "[fe80::1%agt0]:10001");
    process_await(machines.server, 0, JOIN_MS, "\"agent alpha\"", "\"joined\"", NULL);
    ck_assert(socket_echoes(SERVICE_PORT, ASK_MS));
    int client = socket_client(MISSING_PORT);
    process_await(machines.server, 0, LOGGED_MS, "agt9", "the agent's machine has no interface", NULL);
    close(client);
    sandbox_end(machines.sandbox, agent);
    finish(&machines);
}
END_TEST

START_TEST(a_server_behind_an_interface_that_is_not_there_is_named_as_such) {
    struct two_machines machines = {0};
    if (!begin(&machines, __func__))
        return;
    struct process *agent = start_agent(&machines, "[fe80::1%agt9]:10001");
    process_await(agent, 0, LOGGED_MS, "cannot connect", "this machine has no interface", "agt9", "retry_ms", NULL);
    sandbox_end(machines.sandbox, agent);
    finish(&machines);
}
END_TEST

SCENARIO_MAIN("ipv6_zones", SCENARIO(zones_are_of_the_machine_that_connects, 60),
              SCENARIO(a_server_behind_an_interface_that_is_not_there_is_named_as_such, 60))

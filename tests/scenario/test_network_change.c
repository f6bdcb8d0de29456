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
#include "harness/machines.h"
#include "harness/netns.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SERVICE_PORT = 8001,
    AGAIN_MS = 5000,         /* on a machine that has nothing else to do it is less than one */
    AGAIN_PROBED_MS = 10000, /* the same with 2 to 3 s of waiting for PONG in front */
    LOGGED_MS = 10000,
    ECHO_MS = 10000
};

struct world {
    struct machines machines;
    struct destination *echo; /* on the agent's machine */
};

/* Way 0 is by 10.77.0.0/24, way 1 by 10.78.0.0/24. */
#define ADD_FIRST    "ip addr add 10.77.0.2/24 dev agt0 && ip route add 10.79.0.1 via 10.77.0.1 metric 1"
#define ADD_SECOND   "ip addr add 10.78.0.2/24 dev agt1 && ip route add 10.79.0.1 via 10.78.0.1 metric 2"
#define REMOVE_FIRST "ip addr del 10.77.0.2/24 dev agt0"
#define ADD_ANOTHER  "ip addr add 10.80.0.1/32 dev lo"

static bool is_up(const char *device) {
    return netns_run("ip link show dev %s | grep -q 'state UP'", device);
}

static bool make_network(struct world *world) {
    struct machines *machines = &world->machines;
    machines->address = "10.79.0.1";
    machines->agent_netns = netns_new();
    machines->server_netns = netns_new();
    if (!netns_connect("srv0", machines->agent_netns, "agt0") || !netns_connect("srv1", machines->agent_netns, "agt1"))
        return false;
    ck_assert(netns_run("ip addr add 10.79.0.1/32 dev lo && ip addr add 10.77.0.1/24 dev srv0 &&"
                        " ip addr add 10.78.0.1/24 dev srv1 && ip link set srv0 up && ip link set srv1 up"));
    netns_enter(machines->agent_netns);
    ck_assert(netns_run("ip link set agt0 addrgenmode none up && ip link set agt1 addrgenmode none up && " ADD_FIRST));
    ck_assert(HOLDS_WITHIN(START_MS, is_up("agt0") && is_up("agt1"))); /* announced up to a second later */
    world->echo = destination_start(handle_echo, NULL);
    return true;
}

/* Leaves the test on the agent's machine, whose network it then changes. False: it cannot run here. */
static bool begin(struct world *world, const char *name, const char *times) {
    if (!netns_may_be_made() || !make_network(world)) {
        printf("# skipped: network namespaces need root, and ip of iproute2\n");
        return false;
    }
    struct sandbox *sandbox = world->machines.sandbox = sandbox_new(name);
    machines_start_server(&world->machines, times,
                          service_to(sandbox, "echo", SERVICE_PORT, destination_port(world->echo), NULL));
    machines_start_agent(&world->machines);
    return true;
}

static bool service_echoes(const struct world *world) {
    netns_enter(world->machines.server_netns);
    return socket_echoes(SERVICE_PORT, ECHO_MS);
}

static void finish(struct world *world) {
    netns_enter(world->machines.server_netns);
    sandbox_end(world->machines.sandbox, world->machines.agent);
    destination_free(world->echo);
    sandbox_free(world->machines.sandbox);
    close(world->machines.server_netns);
    close(world->machines.agent_netns);
}

#define PATIENT "'ping': 600, 'dead_after': 1200,"

START_TEST(an_agent_whose_address_is_replaced_is_back_at_once) {
    struct world world = {0};
    struct machines *machines = &world.machines;
    if (!begin(&world, __func__, PATIENT))
        return;
    size_t server_mark = process_mark(machines->server), agent_mark = process_mark(machines->agent);
    ck_assert(netns_run(REMOVE_FIRST " && " ADD_SECOND));
    machines_await(machines, server_mark, "resumed", AGAIN_MS);
    process_await(machines->agent, agent_mark, LOGGED_MS, "connection lost",
                  "network changed: address 10.77.0.2 is gone", NULL);
    ck_assert(service_echoes(&world));
    finish(&world);
}
END_TEST

/* Until then every attempt fails, and the waits between them grow. */
START_TEST(an_agent_without_a_way_connects_when_one_comes) {
    struct world world = {0};
    struct machines *machines = &world.machines;
    if (!begin(&world, __func__, PATIENT))
        return;
    ck_assert(netns_run(REMOVE_FIRST));
    for (size_t mark = process_mark(machines->agent), i = 0; i < 3; i++, mark = process_mark(machines->agent))
        process_await(machines->agent, mark, 5 * LOGGED_MS, "address failed", "unreachable", NULL);
    size_t server_mark = process_mark(machines->server);
    ck_assert(netns_run(ADD_SECOND));
    machines_await(machines, server_mark, "resumed", AGAIN_MS);
    ck_assert(service_echoes(&world));
    finish(&world);
}
END_TEST

START_TEST(an_agent_whose_way_is_gone_takes_the_other_after_a_probe) {
    struct world world = {0};
    struct machines *machines = &world.machines;
    if (!begin(&world, __func__, PATIENT))
        return;
    ck_assert(netns_run(ADD_SECOND));
    process_await(machines->agent, 0, LOGGED_MS, "link works", "network changed", NULL);
    size_t server_mark = process_mark(machines->server), agent_mark = process_mark(machines->agent);
    ck_assert(netns_run("ip link set agt0 down")); /* its address stays */
    machines_await(machines, server_mark, "resumed", AGAIN_PROBED_MS);
    process_await(machines->agent, agent_mark, LOGGED_MS, "connection lost", "network changed: no PONG for", NULL);
    ck_assert(service_echoes(&world));
    finish(&world);
}
END_TEST

START_TEST(a_change_that_does_not_concern_it_leaves_an_agent_joined) {
    struct world world = {0};
    struct machines *machines = &world.machines;
    if (!begin(&world, __func__, PATIENT))
        return;
    size_t agent_mark = process_mark(machines->agent);
    ck_assert(netns_run(ADD_ANOTHER));
    process_await(machines->agent, agent_mark, LOGGED_MS, "link works", "network changed", NULL);
    ck_assert(service_echoes(&world));
    ck_assert_uint_eq(process_count(machines->server, 0, "\"resumed\"", NULL), 0);
    ck_assert_uint_eq(process_count(machines->agent, 0, "connection lost", NULL), 0);
    finish(&world);
}
END_TEST

/* What the server's machine sends goes to another Ethernet address, of which neither kernel hears anything. */
START_TEST(a_way_that_is_lost_without_an_announcement_is_found_by_silence) {
    struct world world = {0};
    struct machines *machines = &world.machines;
    if (!begin(&world, __func__, "'ping': 1, 'dead_after': 3,"))
        return;
    size_t agent_mark = process_mark(machines->agent);
    netns_enter(machines->server_netns);
    ck_assert(netns_run("ip neigh replace 10.77.0.2 lladdr 02:00:00:00:00:99 nud permanent dev srv0"));
    process_await(machines->agent, agent_mark, 3 * LOGGED_MS, "connection lost", "nothing received for 3 s", NULL);
    finish(&world);
}
END_TEST

START_TEST(a_relay_goes_on_by_the_other_way) {
    struct world world = {0};
    struct machines *machines = &world.machines;
    if (!begin(&world, __func__, PATIENT))
        return;
    netns_enter(machines->server_netns);
    int client = socket_client(SERVICE_PORT);
    ck_assert(socket_converse(client, "before", ECHO_MS));
    netns_enter(machines->agent_netns);
    size_t server_mark = process_mark(machines->server), agent_mark = process_mark(machines->agent);
    ck_assert(netns_run(REMOVE_FIRST));
    process_await(machines->agent, agent_mark, LOGGED_MS, "connection lost", "address 10.77.0.2 is gone", NULL);
    ck_assert(netns_run(ADD_SECOND));
    machines_await(machines, server_mark, "resumed", AGAIN_MS);
    ck_assert(socket_converse(client, "after", ECHO_MS));
    close(client);
    finish(&world);
}
END_TEST

SCENARIO_MAIN("network_change", SCENARIO(an_agent_whose_address_is_replaced_is_back_at_once, 60),
              SCENARIO(an_agent_without_a_way_connects_when_one_comes, 120),
              SCENARIO(an_agent_whose_way_is_gone_takes_the_other_after_a_probe, 60),
              SCENARIO(a_change_that_does_not_concern_it_leaves_an_agent_joined, 60),
              SCENARIO(a_way_that_is_lost_without_an_announcement_is_found_by_silence, 90),
              SCENARIO(a_relay_goes_on_by_the_other_way, 90))

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_slow_link: server and agent with one megabit a second between them. Takes minutes, so it runs only with
 * MUNNEL_SLOW_TESTS=1; and it needs root, for two network namespaces, and iproute2 with the queueing discipline tbf.
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

enum { SERVICE_PORT = 8001, ANSWER = 16 << 20, TRANSFER_MS = 300000, LOGGED_MS = 60000 };

struct slow_link {
    struct machines machines;
    struct destination *destination; /* on the agent's machine */
    atomic_ullong answer;
};

static bool shape(const char *device, const char *address) {
    return netns_run("{ ip addr add %s/24 dev %s && ip link set %s up &&"
                     " tc qdisc add dev %s root tbf rate 1mbit burst 16kb latency 400ms; } 2>/dev/null",
                     address, device, device, device);
}

static bool make_network(struct slow_link *link) {
    link->machines.address = "10.77.0.1";
    link->machines.agent_netns = netns_new();
    link->machines.server_netns = netns_new();
    if (!netns_connect("srv0", link->machines.agent_netns, "agt0") || !shape("srv0", "10.77.0.1"))
        return false;
    netns_enter(link->machines.agent_netns);
    return shape("agt0", "10.77.0.2");
}

/* Why it cannot run here; NULL: it can. */
static const char *make_link(struct slow_link *link) {
    if (!scenario_runs_slow())
        return "it takes minutes; MUNNEL_SLOW_TESTS=1 runs it";
    if (!netns_may_be_made())
        return "network namespaces need root, and ip of iproute2";
    return make_network(link) ? NULL : "it needs ip and tc of iproute2, veth and tbf";
}

static void start_programs(struct slow_link *link) {
    uint16_t port = destination_port(link->destination);
    machines_start_server(&link->machines, "",
                          service_to(link->machines.sandbox, "bulk", SERVICE_PORT, port, "'half_close_timeout': 20,"));
    machines_start_agent(&link->machines);
    netns_enter(link->machines.server_netns);
}

static void expect_done(struct process *program) {
    process_await(program, 0, LOGGED_MS, "\"done\"", "\"service\":\"bulk\"", "\"down\":16777216", "\"reason\":\"done\"",
                  NULL);
}

/* Seven times as long as half_close_timeout, and megabytes of it in the kernels' buffers. */
START_TEST(a_half_closed_client_gets_a_long_answer_whole) {
    static struct slow_link link;
    struct tally_result wanted, got;
    const char *lack = make_link(&link);
    if (lack) {
        printf("# skipped: %s\n", lack);
        return;
    }
    link.machines.sandbox = sandbox_new(__func__);
    link.answer = ANSWER;
    link.destination = destination_start(handle_answer_at_end, &link.answer); /* in the agent's namespace */
    start_programs(&link);
    int fd = socket_client(SERVICE_PORT);
    ck_assert(socket_send(fd, "all of it, please", 17, 1000));
    socket_finish(fd);
    enum end end = socket_drain(fd, &got, TRANSFER_MS);
    close(fd);
    ck_assert_msg(end == END_FILE, "%s after %ju bytes", end_name(end), (uintmax_t)got.bytes);
    tally_of_source(&wanted, 1, ANSWER);
    ck_assert(tally_same(&wanted, &got));
    expect_done(link.machines.server);
    expect_done(link.machines.agent);
    destination_free(link.destination);
    sandbox_free(link.machines.sandbox);
}
END_TEST

SCENARIO_MAIN("slow_link", SCENARIO(a_half_closed_client_gets_a_long_answer_whole, 400))

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wide_area: see wide_area.h.
 */
#include "config.h"

#include "harness/wide_area.h"

#include "harness/deadline.h"
#include "harness/flow.h"
#include "harness/netns.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
    ONE_WAY_MS = 25,
    FLOW_PORT = 8001,
    ANNOUNCED_MS = 2000, /* the system tells, or the link is reset */
    SILENT_MS = 5000,    /* only silence tells */
    STOPPED_MS = 3000,
    RELAY_MS = 300000,
    END_MS = 60000
};

/* ---- the two machines ---- */

/* Leaves the test on the server's machine. */
static bool make_network(struct wide_area *area) {
    if (!netns_may_be_made())
        return false;
    area->machines.agent_netns = netns_new();
    area->flows = destination_start(handle_flow, &area->stop);
    area->echo = destination_start(handle_echo, NULL);
    area->machines.server_netns = netns_new();
    area->address = 2;
    area->wan = wan_new((struct wan_end){area->machines.agent_netns, "10.77.0.2"},
                        (struct wan_end){area->machines.server_netns, "10.77.0.1"}, ONE_WAY_MS);
    return area->wan;
}

void wide_area_free(struct wide_area *area) {
    if (area->machines.sandbox)
        sandbox_free(area->machines.sandbox);
    destination_free(area->flows);
    destination_free(area->echo);
    wan_free(area->wan);
}

bool wide_area_make(struct wide_area *area, const char *name) {
    if (!make_network(area)) {
        printf("# skipped: it needs root, ip of iproute2, network namespaces and TUN devices\n");
        wide_area_free(area);
        return false;
    }
    area->machines.sandbox = sandbox_new(name);
    area->machines.address = "10.77.0.1";
    return true;
}

void wide_area_start(struct wide_area *area, const char *agents, const char *services) {
    struct sandbox *sandbox = area->machines.sandbox;
    services = sandbox_text(sandbox, "%s %s, %s", services,
                            service_to(sandbox, "flow", FLOW_PORT, destination_port(area->flows), NULL),
                            service_to(sandbox, "echo", WIDE_AREA_ECHO_PORT, destination_port(area->echo), NULL));
    machines_start_server(&area->machines, agents, services);
    machines_start_agent(&area->machines);
    netns_enter(area->machines.server_netns);
}

/* ---- relays ---- */

/* Ends that are there at once leave the other direction half-closed. */
static struct flow_plan plan_of(const struct wide_area_relay *relay) {
    struct flow_plan plan = {.tag = relay->tag, .up = 1000, .down = 1000, .ms = RELAY_MS};
    plan.burst = relay->kind == BURSTS ? 3000 : 65536;
    plan.pause_ms = 50;
    if (relay->kind != DOWNLOAD)
        plan.up = FLOW_ENDLESS;
    if (relay->kind != UPLOAD)
        plan.down = FLOW_ENDLESS;
    return plan;
}

static const char *echo_bytes(struct wide_area_relay *relay, int fd) {
    for (unsigned char byte = 0; !relay->area->stop; byte++) {
        unsigned char answer;
        uint64_t sent_ms = now_ms();
        if (!socket_send(fd, &byte, 1, WIDE_AREA_ANSWER_MS))
            return "a byte could not be sent";
        if (socket_read(fd, &answer, 1, NULL, WIDE_AREA_ANSWER_MS) != END_NONE)
            return "a byte was not echoed";
        if (answer != byte)
            return "another byte came back";
        relay->answered = sent_ms;
        (void)deadline_nap(deadline_in(WIDE_AREA_ANSWER_MS));
    }
    socket_finish(fd);
    return socket_wait_end(fd, END_MS) == END_FILE ? NULL : "the echoes did not end by FIN";
}

static void *run_relay(void *context) {
    struct wide_area_relay *relay = context;
    int fd = socket_client(relay->kind == ECHOES ? WIDE_AREA_ECHO_PORT : FLOW_PORT);
    struct flow_plan plan = plan_of(relay);
    relay->wrong =
        relay->kind == ECHOES ? echo_bytes(relay, fd) : flow_differs(fd, relay->area->flows, &plan, &relay->area->stop);
    close(fd);
    return NULL;
}

void wide_area_add_relay(struct wide_area *area, enum wide_area_kind kind) {
    struct wide_area_relay *relay = &area->relays[area->count];
    ck_assert_uint_lt(area->count, WIDE_AREA_RELAYS);
    *relay = (struct wide_area_relay){.area = area, .kind = kind, .tag = 10ull * ++area->count};
    ck_assert_int_eq(pthread_create(&relay->thread, NULL, run_relay, relay), 0);
}

bool wide_area_all_answered(const struct wide_area *area, uint64_t since_ms) {
    for (unsigned i = 0; i < area->count; i++)
        if (area->relays[i].kind == ECHOES && area->relays[i].answered < since_ms)
            return false;
    return true;
}

void wide_area_end_relays(struct wide_area *area) {
    static const char *const kinds[] = {"upload", "download", "both ways", "bursts", "echoes"};
    area->stop = true;
    for (unsigned i = 0; i < area->count; i++) {
        const struct wide_area_relay *relay = &area->relays[i];
        pthread_join(relay->thread, NULL);
        ck_assert_msg(!relay->wrong, "relay %u (%s): %s", i, kinds[relay->kind], relay->wrong);
    }
}

/* ---- cuts ---- */

static void cut_all(struct wide_area *area) {
    wan_reset_connections(area->wan);
}

static void cut_one(struct wide_area *area) {
    wan_reset_one_connection(area->wan);
}

static void lose_towards_server(struct wide_area *area) {
    wan_drop_connections(area->wan, WAN_TO_SECOND);
}

static void lose_towards_agent(struct wide_area *area) {
    wan_drop_connections(area->wan, WAN_TO_FIRST);
}

static void lose_both_ways(struct wide_area *area) {
    wan_drop_connections(area->wan, WAN_BOTH_WAYS);
}

static void change_address(struct wide_area *area) {
    unsigned old = area->address;
    area->address = old < 250 ? old + 1 : 2;
    netns_enter(area->machines.agent_netns);
    ck_assert(
        netns_run("ip addr del 10.77.0.%u/24 dev wan0 && ip addr add 10.77.0.%u/24 dev wan0", old, area->address));
    netns_enter(area->machines.server_netns);
}

void wide_area_stop_agent(struct wide_area *area, unsigned ms) {
    uint64_t deadline = now_ms() + ms;
    process_signal(area->machines.agent, SIGSTOP);
    while (now_ms() < deadline)
        (void)deadline_nap(deadline);
    process_signal(area->machines.agent, SIGCONT);
}

static void stop_agent(struct wide_area *area) {
    wide_area_stop_agent(area, STOPPED_MS);
}

const struct wide_area_cut wide_area_cuts[WIDE_AREA_CUTS] = {
    {"every link reset", cut_all, ANNOUNCED_MS},
    {"the agent's address replaced", change_address, ANNOUNCED_MS},
    {"silence towards the server", lose_towards_server, SILENT_MS},
    {"one link reset", cut_one, ANNOUNCED_MS},
    {"silence towards the agent", lose_towards_agent, SILENT_MS},
    {"the agent stopped", stop_agent, ANNOUNCED_MS},
    {"silence both ways", lose_both_ways, SILENT_MS},
};

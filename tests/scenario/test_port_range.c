/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_port_range: a service that listens on many ports, each of which leads to a port of its own at the destination.
 */
#include "config.h"

#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, PORTS = 16 };

struct site {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    uint16_t first; /* where the service listens; the destinations follow behind */
    struct destination *destinations[PORTS];
    char names[PORTS][16];
};

static void write_service(struct site *site, unsigned ports) {
    sandbox_write(site->sandbox, "many.json",
                  sandbox_text(site->sandbox,
                               "{ 'name': 'many', 'listen': '127.0.0.1:%u-%u', 'connect': 'localhost:+%d' }",
                               site->first, site->first + ports - 1, PORTS),
                  true);
}

static void reload_with(struct site *site, unsigned ports) {
    size_t mark = process_mark(site->server.process);
    write_service(site, ports);
    process_signal(site->server.process, SIGHUP);
    process_await(site->server.process, mark, ASK_MS, "configuration reloaded", NULL);
}

static void begin(struct site *site, const char *name) {
    *site = (struct site){.sandbox = sandbox_new(name), .first = port_take_range(2 * PORTS)};
    for (unsigned i = 0; i < PORTS; i++) {
        snprintf(site->names[i], sizeof site->names[i], "destination %u", i);
        site->destinations[i] =
            destination_start_on((uint16_t)(site->first + PORTS + i), handle_greeting, site->names[i]);
    }
    write_service(site, PORTS);
    site->server = server_start(site->sandbox, (struct server_plan){.services = "", .more = "'include': 'many.json',"});
    site->agent = agent_join_warm(&site->server, "alpha", NULL);
}

static void finish(struct site *site) {
    for (unsigned i = 0; i < PORTS; i++)
        destination_free(site->destinations[i]);
    sandbox_free(site->sandbox);
}

static void assert_answers(const struct site *site, unsigned index) {
    char answer[64];
    ck_assert(socket_ask((uint16_t)(site->first + index), answer, sizeof answer, ASK_MS));
    ck_assert_str_eq(answer, site->names[index]);
}

START_TEST(each_port_of_a_range_leads_to_the_same_offset_at_the_destination) {
    struct site site;
    begin(&site, __func__);
    process_await(site.server.process, 0, ASK_MS,
                  sandbox_text(site.sandbox, "listening for clients on 127.0.0.1:%u-%u", site.first,
                               site.first + PORTS - 1),
                  NULL);
    struct usage server = usage_of(site.server.process), agent = usage_of(site.agent);
    for (unsigned i = 0; i < PORTS; i++)
        assert_answers(&site, i);
    usage_await(site.server.process, &server, ASK_MS);
    usage_await(site.agent, &agent, ASK_MS);
    finish(&site);
}
END_TEST

/* Ports that stay go on listening, those that are gone are free at once. */
START_TEST(reload_makes_a_range_shorter_and_longer) {
    struct site site;
    begin(&site, __func__);
    reload_with(&site, PORTS / 2);
    assert_answers(&site, PORTS / 2 - 1);
    ck_assert(socket_is_refused((uint16_t)(site.first + PORTS / 2)));
    reload_with(&site, PORTS);
    assert_answers(&site, PORTS - 1);
    finish(&site);
}
END_TEST

START_TEST(port_of_a_range_that_is_taken_is_named) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct site site = {.sandbox = sandbox, .first = port_take_range(PORTS)};
    int taken = socket_listen("127.0.0.1", (uint16_t)(site.first + 3), 1);
    write_service(&site, PORTS);
    struct server server =
        server_start(sandbox,
                     (struct server_plan){.services = "", .more = "'include': 'many.json',", .may_fail = true});
    process_await(server.process, 0, ASK_MS,
                  sandbox_text(sandbox, "127.0.0.1:%u is in use by another program", site.first + 3), NULL);
    close(taken);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("port_range", SCENARIO(each_port_of_a_range_leads_to_the_same_offset_at_the_destination, 40),
              SCENARIO(reload_makes_a_range_shorter_and_longer, 40),
              SCENARIO(port_of_a_range_that_is_taken_is_named, 40))

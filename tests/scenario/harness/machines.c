/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * machines: see machines.h.
 */
#include "config.h"

#include "harness/machines.h"

#include "harness/netns.h"

#include <check.h>
#include <stdlib.h>

void machines_start_server(struct machines *machines, const char *agents, const char *services) {
    struct sandbox *sandbox = machines->sandbox;
    const char *folder = sandbox_path(sandbox, "pki"), *munnel = sandbox_program(sandbox, "munnel");
    ck_assert_int_eq(sandbox_do(sandbox, "init", munnel, "init", "--name", machines->address, folder, NULL), 0);
    const char *text = sandbox_text(sandbox,
                                    "{ 'agents': { 'listen': ['%s:%d'], %s\n"
                                    "    'tls': { 'cert': '%s/server.pem', 'key': '%s/server.key' },\n"
                                    "    'auth': { 'tokens': '%s/agents.json' } },\n"
                                    "  'services': [ %s ],\n"
                                    "  'log': { 'format': 'json' } }\n",
                                    machines->address, MACHINES_AGENT_PORT, agents, folder, folder, folder, services);
    const char *file = sandbox_write(sandbox, "server.json", text, true);
    netns_enter(machines->server_netns);
    machines->server = sandbox_run(sandbox, "server", sandbox_program(sandbox, "munneld"), "--config", file, NULL);
    process_await(machines->server, 0, START_MS, "listening for agents on", NULL);
}

void machines_await(struct machines *machines, size_t mark, const char *event, unsigned ms) {
    process_await(machines->server, mark, ms, "\"agent alpha\"", sandbox_text(machines->sandbox, "\"%s\"", event),
                  NULL);
}

void machines_start_agent(struct machines *machines) {
    struct sandbox *sandbox = machines->sandbox;
    netns_enter(machines->agent_netns);
    machines->agent = sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "-v", "--log-format",
                                  "json", "--name", "alpha", "--ca", sandbox_path(sandbox, "pki/ca.pem"),
                                  sandbox_text(sandbox, "%s:%d", machines->address, MACHINES_AGENT_PORT), NULL);
    machines_await(machines, 0, "joined", JOIN_MS);
}

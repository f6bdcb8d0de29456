/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * machines: a server and an agent on machines of their own: programs of a sandbox in two namespaces of netns.h.
 *
 * Runs on: a test's main thread. Owns: nothing but what the sandbox owns; the test makes and closes the namespaces.
 */
#ifndef MUNNEL_SCENARIO_MACHINES_H
#define MUNNEL_SCENARIO_MACHINES_H

#include "harness/munnel.h"

enum { MACHINES_AGENT_PORT = 10001 };

struct machines {
    struct sandbox *sandbox;
    int server_netns, agent_netns;
    const char *address; /* of the server */
    struct process *server, *agent;
};

/* Each enters the namespace of its program and stays there. `agents` and `services` as in struct server_plan. */
void machines_start_server(struct machines *machines, const char *agents, const char *services);
void machines_start_agent(struct machines *machines); /* alpha, and waits until the server logs that it joined */
/* Waits until the server logs that its agent has "joined", or "resumed" its session. */
void machines_await(struct machines *machines, size_t mark, const char *event, unsigned ms);

#endif

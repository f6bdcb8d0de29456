/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_machines: a server as the original's line starts it on one machine, "far", and the join code for an agent on
 * another. Programs of one machine share a home and a state folder, and nothing with those of another.
 *
 * Runs on: a test's main thread. Owns: the echo; the programs and all texts belong to the sandbox.
 */
#ifndef MUNNEL_SCENARIO_TWO_MACHINES_H
#define MUNNEL_SCENARIO_TWO_MACHINES_H

#include "harness/destination.h"
#include "harness/munnel.h"

/* Starts a program there. Arguments: the program first, NULL last; `input` is for its standard input. */
struct process *machine_run(struct sandbox *sandbox, const char *machine, const char *name,
                            const char *const *arguments, const char *input);
#define ON_MACHINE(sandbox, machine, name, input, ...)                                                                 \
    machine_run(sandbox, machine, name, (const char *const[]){__VA_ARGS__, NULL}, input)

struct two_machines {
    struct sandbox *sandbox;
    struct process *server;
    struct destination *echo;
    uint16_t port, agents;   /* of the service "Echo" of group "web"; for agents */
    const char *address;     /* the latter with 127.0.0.1 in front */
    const char *more, *code; /* more of the server's arguments; what "munnel agent add first" has made */
};

/* `more`: another service, "NAME GROUP LISTEN CONNECT"; NULL: none. */
struct two_machines two_machines_start(const char *name, const char *more);
void two_machines_end(struct two_machines *pair);
struct process *two_machines_start_server(struct two_machines *pair, const char *name); /* once more */
void two_machines_await_service(const struct two_machines *pair);                       /* an agent serves it */

#endif

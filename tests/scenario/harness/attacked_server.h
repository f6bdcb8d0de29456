/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * attacked_server: a server with a good agent that is attacked, and what it must look like afterwards: as before.
 * Runs on: a test's main thread. Owns: its stand and its destination, until attacked_server_end.
 */
#ifndef MUNNEL_SCENARIO_FORT_H
#define MUNNEL_SCENARIO_FORT_H

#include "harness/destination.h"
#include "harness/intruder.h"
#include "harness/munnel.h"

enum { ATTACKED_SERVER_ASK_MS = 5000, ATTACKED_SERVER_GREETING_MS = 8000 }; /* to greet a peer has 5 s */

struct attacked_server {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *echo;
    uint16_t port; /* of a service that echoes */
    struct rest peace;
};

struct attacked_server_plan {
    const char *agents, *service; /* more members of "agents" and of the service, each with a comma behind; or NULL */
    bool open;                    /* "auth": "none": whoever says HELLO is an agent */
    bool deserted;                /* no agent yet */
};
struct attacked_server attacked_server_start(const char *name, struct attacked_server_plan plan);
void attacked_server_man(struct attacked_server *attacked_server); /* the agent alpha joins, and all is ready */

/*
 * Attacks twice. After each time the agent still serves, and descriptors, links, relays, memory in use and who is at
 * the door are as before; from the second time on memory in use to 16 KiB. Resident memory may not grow by a twentieth
 * from one time to the next; it gets a few times more to settle.
 */
void attacked_server_attack(struct attacked_server *attacked_server,
                            void (*attack)(struct attacked_server *attacked_server, void *context), void *context);
void attacked_server_end(struct attacked_server *attacked_server); /* the same look once more, then the end of all */

/* From another address of this machine: 127.0.0.`host`. The descriptor, or -1. */
int attacked_server_knock(const struct attacked_server *attacked_server, uint8_t host);
int attacked_server_client(const struct attacked_server *attacked_server, uint8_t host); /* the same to the service */
/* A number of the line that it answers to SIGUSR1. */
unsigned long long attacked_server_count(struct attacked_server *attacked_server, const char *key);

/* Shakes hands as an agent does; fails the test if it is not let. */
struct intruder *attacked_server_intruder(const struct attacked_server *attacked_server);
/* Says HELLO (`more`: members with a comma behind each) and returns what type of frame comes, with its text. */
int attacked_server_hello(struct intruder *intruder, const char *kind, const char *name, const char *more, char *text,
                          size_t size);

#endif

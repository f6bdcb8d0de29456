/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fort: a server with a good agent that is attacked, and what it must look like afterwards: as before.
 * Runs on: a test's main thread. Owns: its stand and its destination, until fort_end.
 */
#ifndef MUNNEL_SCENARIO_FORT_H
#define MUNNEL_SCENARIO_FORT_H

#include "harness/destination.h"
#include "harness/intruder.h"
#include "harness/munnel.h"

enum { FORT_ASK_MS = 5000, FORT_GREETING_MS = 8000 }; /* to greet a peer has 5 s */

struct fort {
    struct stand *stand;
    struct server server;
    struct process *agent;
    struct destination *echo;
    uint16_t port; /* of a service that echoes */
    struct rest peace;
};

struct fort_plan {
    const char *agents, *service; /* more members of "agents" and of the service, each with a comma behind; or NULL */
    bool open;                    /* "auth": "none": whoever says HELLO is an agent */
    bool deserted;                /* no agent yet */
};
struct fort fort_start(const char *name, struct fort_plan plan);
void fort_man(struct fort *fort); /* the agent alpha joins, and all is ready */

/*
 * Attacks twice. After each time the agent still serves, and descriptors, links, relays, memory in use and who is at
 * the door are as before; from the second time on memory in use to 16 KiB. Resident memory may not grow by a twentieth
 * from one time to the next; it gets a few times more to settle.
 */
void fort_attack(struct fort *fort, void (*attack)(struct fort *fort, void *context), void *context);
void fort_end(struct fort *fort); /* the same look once more, then the end of all */

/* From another address of this machine: 127.0.0.`host`. The descriptor, or -1. */
int fort_knock(const struct fort *fort, uint8_t host);
int fort_client(const struct fort *fort, uint8_t host); /* the same to the service */
/* A number of the line that it answers to SIGUSR1. */
unsigned long long fort_count(struct fort *fort, const char *key);

/* Shakes hands as an agent does; fails the test if it is not let. */
struct intruder *fort_intruder(const struct fort *fort);
/* Says HELLO (`more`: members with a comma behind each) and returns what type of frame comes, with its text. */
int fort_hello(struct intruder *intruder, const char *kind, const char *name, const char *more, char *text,
               size_t size);

#endif

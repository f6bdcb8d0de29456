/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * attacked_server: a server with an agent that is attacked; afterwards it serves, and uses no more resources than
 * before. Runs on: a test's main thread. Owns: its sandbox and its destination, until attacked_server_end.
 */
#ifndef MUNNEL_SCENARIO_ATTACKED_SERVER_H
#define MUNNEL_SCENARIO_ATTACKED_SERVER_H

#include "harness/destination.h"
#include "harness/intruder.h"
#include "harness/munnel.h"

enum { ATTACKED_SERVER_ASK_MS = 5000, ATTACKED_SERVER_GREETING_MS = 8000 }; /* to greet a peer has 5 s */

struct attacked_server {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    const char *group; /* the agent's */
    struct destination *echo;
    uint16_t port; /* of a service that echoes */
    struct usage baseline;
};

struct attacked_server_plan {
    const char *agents, *service; /* more members of "agents" and of the service, each with a comma behind; or NULL */
    const char *others;           /* more services, with a comma in front; or NULL */
    const char *group;            /* of the agent alpha; or NULL */
    bool open;                    /* "auth": "none": every peer that sends HELLO is an agent */
    bool no_agent;                /* no agent yet */
};
struct attacked_server attacked_server_start(const char *name, struct attacked_server_plan plan);
void attacked_server_add_agent(
    struct attacked_server *attacked_server); /* the agent alpha joins, and its links are ready */

/*
 * Attacks twice. After each time the agent still serves, and descriptors, links, relays, memory in use and connections
 * before HELLO are as before (a session outlives its control link by 1 s only); from the second time on memory in use
 * to 16 KiB. Resident memory may not grow by a twentieth from one time to the next; it gets a few times more to settle.
 */
void attacked_server_attack(struct attacked_server *attacked_server,
                            void (*attack)(struct attacked_server *attacked_server, void *context), void *context);
void attacked_server_end(struct attacked_server *attacked_server); /* checks once more, then frees all */

/* From another address of this machine: 127.0.0.`host`. The descriptor, or -1. */
int attacked_server_connect(const struct attacked_server *attacked_server, uint8_t host);
int attacked_server_client(const struct attacked_server *attacked_server, uint8_t host); /* the same to the service */
/* A number of the line that it answers to SIGUSR1. */
unsigned long long attacked_server_count(struct attacked_server *attacked_server, const char *key);

/* Shakes hands as an agent does; fails the test if it is not let. */
struct intruder *attacked_server_intruder(const struct attacked_server *attacked_server);
/* A session of which the test plays the agent. */
struct attacked_session {
    struct intruder *control;
    char id[64], key[65];
};
/* `more`: members of HELLO, each with a comma after it. */
struct attacked_session attacked_server_join(const struct attacked_server *attacked_server, const char *name,
                                             const char *more);
/* By a credential of the same name, and a proof by `key`: 64 digits, as in the agents file. */
struct attacked_session attacked_server_join_by_key(const struct attacked_server *attacked_server, const char *name,
                                                    const char *key, const char *more);
/* HELLO of a data link; type and text of the answer. */
int attacked_server_hello_data(struct intruder *intruder, const char *session, const char *proof, unsigned thread,
                               bool is_exclusive, char *text, size_t size);
/* A data link of the session; fails the test if it is not let. */
struct intruder *attacked_server_data_link(const struct attacked_server *attacked_server,
                                           const struct attacked_session *session, unsigned thread, bool is_exclusive);
/* Sends HELLO (`more`: members, each with a comma after it; without features these are "services") and returns the type
 * of the answer, and its text. */
int attacked_server_hello(struct intruder *intruder, const char *kind, const char *name, const char *more, char *text,
                          size_t size);

#endif

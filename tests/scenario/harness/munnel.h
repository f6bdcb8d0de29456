/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * munnel: servers and agents in a sandbox, and the counters that they log.
 *
 * Runs on: a test's main thread. Owns: nothing; the programs and all texts belong to the sandbox.
 */
#ifndef MUNNEL_SCENARIO_MUNNEL_H
#define MUNNEL_SCENARIO_MUNNEL_H

#include "harness/sandbox.h"

enum { START_MS = 10000, JOIN_MS = 10000, SERVER_THREADS = 2 /* unless a test has others */ };

struct server_plan {
    const char *name;              /* "server" when NULL; its file is NAME.json */
    const char *services;          /* the members of the array, with ' for " */
    const char *agents;            /* more members of "agents", each with a comma behind it; NULL: none */
    const char *more;              /* more members of the whole, each with a comma behind it; NULL: none */
    const char *pki;               /* name of the folder with its certificates; "pki" when NULL */
    const char *certificate, *key; /* instead of those of the pki folder */
    const char *tls, *auth;        /* more members of "agents.tls" and "agents.auth", each with a comma in front */
    uint16_t port;                 /* for agents; 0: any free one */
    const char *log;               /* the log goes to this path instead of the output; do not wait for lines then */
    unsigned descriptors;          /* how many it may have open; 0: as many as we */
    bool may_fail;                 /* do not wait until it listens */
};

struct server {
    struct sandbox *sandbox;
    struct process *process;
    uint16_t port;          /* for agents */
    const char *name, *pki; /* pki: the folder's path */
    const char *file;
    unsigned descriptors, threads;
    bool leads_to_own; /* agent_join() allows OWN_DESTINATION, besides everything that needs no rule of its own */
};

/* Writes NAME.json, starts munneld with it and waits until it listens. */
struct server server_start(struct sandbox *sandbox, struct server_plan plan);
/* For one that root starts and that becomes another user: the folders above let everybody through, key and agents file
 * are for that user's group. */
void server_share(const struct server *server, gid_t group);
void server_start_again(struct server *server); /* with the same file, after sandbox_kill or sandbox_end */

/* One service as a member of "services": listens on 127.0.0.1:`port`; `more` members with a comma behind each. */
const char *service_text(struct sandbox *sandbox, const char *name, uint16_t port, const char *connect,
                         const char *more);
/* The same with "127.0.0.1:`to`" as the destination. */
const char *service_to(struct sandbox *sandbox, const char *name, uint16_t port, uint16_t to, const char *more);

/*
 * Starts an agent of the server: "--name NAME 127.0.0.1:PORT [GROUP]". More arguments before these, NULL last. It runs
 * in agent_folder(), so that "unix:/proc/self/cwd/..." leads each agent to a destination of its own.
 */
struct process *agent_start(struct server *server, const char *name, const char *group, ...) __attribute__((sentinel));
const char *agent_folder(struct sandbox *sandbox, const char *name);
#define OWN_DESTINATION "unix:/proc/self/cwd/own.sock"
/* Starts it and waits until the server logs that it joined. */
struct process *agent_join(struct server *server, const char *name, const char *group);
/* The same, and waits until it has a shared data link to each thread of the server, and the server knows them. */
struct process *agent_join_warm(struct server *server, const char *name, const char *group);
void agent_await_warm(struct server *server, struct process *agent);
/* Waits until the server logs it, after `mark` of its output. */
void agent_await(struct server *server, size_t mark, const char *name, unsigned ms);

/* The simplest setup: one server, one service to 127.0.0.1:`to`, one agent without a group, all ready. */
struct simple {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    uint16_t port; /* the service's */
};
struct simple simple_start(const char *name, uint16_t to, const char *service_more, const char *server_more);

/* What a program answers to SIGUSR1; all 0 of one for Windows, which has no such signal. */
struct live {
    unsigned long long links, handshakes_done, relays, relays_ended;
    unsigned long long unconfirmed;        /* relays that are over, while the peer may not know how */
    unsigned long long data_links, agents; /* of a server */
    unsigned long long
        heap; /* bytes in use, wherever they were reserved; 0 under a sanitizer, which has a heap of its own */
};
struct live live_of(struct process *process);
/* The line itself; free it. Asks again where none comes: ThreadSanitizer may deliver a signal only at the program's
 * next call of the C library, which can be the one that waits for the signal. */
char *statistics_line(struct process *process);

/* What must be as before once all is over: descriptors, links, relays and memory of a program at rest. */
struct usage {
    unsigned descriptors;
    unsigned long long links, relays, unconfirmed, heap;
    unsigned extra_links; /* bulk has more links dialled: so many more, each with its memory, are no leak */
    unsigned extra_heap;  /* so many bytes more are no leak; 0: a twentieth */
};
enum { USAGE_BULK_HEAP = 6 * 1024 * 1024 }; /* extra_heap of a program that has kept bulk: free blocks of two threads */
struct usage usage_of(struct process *process);
/*
 * Waits until relays are gone and the peer knows it, descriptors and links are no more than before, and the memory in
 * use (not what the C library keeps of it) no more than a twentieth above; fails the test else.
 */
void usage_await(struct process *process, const struct usage *before, unsigned ms);

/* The number behind "KEY": in a line of JSON; fails the test if it is not there. */
unsigned long long number_in_line(const char *line, const char *key);
/* The same for a text, which is cut to fit. */
void text_in(const char *line, const char *key, char *text, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wide_area: a server and an agent 50 ms apart, relays of all kinds between them, and the ways in which their links
 * break.
 *
 * Runs on: a test's main thread, which is on the server's machine, and a thread for each relay. Owns: all of it, until
 * wide_area_free.
 */
#ifndef MUNNEL_SCENARIO_WIDE_AREA_H
#define MUNNEL_SCENARIO_WIDE_AREA_H

#include "harness/destination.h"
#include "harness/machines.h"
#include "harness/wan.h"

#include <pthread.h>

enum {
    WIDE_AREA_ECHO_PORT = 8002, /* of the service that echoes */
    WIDE_AREA_ANSWER_MS = 60000,
    WIDE_AREA_RELAYS = 64
};

enum wide_area_kind { UPLOAD, DOWNLOAD, BOTH_WAYS, BURSTS, ECHOES, WIDE_AREA_KINDS };

struct wide_area_relay {
    struct wide_area *area;
    pthread_t thread;
    enum wide_area_kind kind;
    uint64_t tag;
    atomic_ullong answered; /* ECHOES: now_ms() when the byte was sent that was answered last */
    const char *wrong;      /* when it is over */
};

struct wide_area {
    struct machines machines;
    struct wan *wan;
    struct destination *flows, *echo; /* on the agent's machine */
    atomic_bool stop;
    unsigned address; /* the agent's, the last part */
    struct wide_area_relay relays[WIDE_AREA_RELAYS];
    unsigned count;
};

/* False: it cannot run here. Neither program runs yet. */
bool wide_area_make(struct wide_area *area, const char *name);
/* Starts both. `agents` as in struct server_plan; `services`: more of them, each with a comma behind it. */
void wide_area_start(struct wide_area *area, const char *agents, const char *services);
void wide_area_free(struct wide_area *area);

/* They run until wide_area_end_relays, which fails the test if one has lost anything. */
void wide_area_add_relay(struct wide_area *area, enum wide_area_kind kind);
void wide_area_end_relays(struct wide_area *area);
/* Each of ECHOES has got an answer to a byte that it sent after `since_ms`. */
bool wide_area_all_answered(const struct wide_area *area, uint64_t since_ms);

/* Each breaks what links there are, and others can be made. */
struct wide_area_cut {
    const char *name;
    void (*make)(struct wide_area *area);
    unsigned within_ms; /* from the cut to the next answer */
};
enum { WIDE_AREA_CUTS = 7 };
extern const struct wide_area_cut wide_area_cuts[WIDE_AREA_CUTS];
void wide_area_stop_agent(struct wide_area *area, unsigned ms); /* by SIGSTOP, and lets it go on */

#endif

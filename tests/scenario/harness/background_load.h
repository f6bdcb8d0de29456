/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * background_load: clients that relay all the time while a test changes something under them, and must not notice.
 *
 * Runs on: a test's main thread; the change and each client on threads of their own. Owns: its threads, for the time of
 * the call.
 */
#ifndef MUNNEL_SCENARIO_BACKGROUND_LOAD_H
#define MUNNEL_SCENARIO_BACKGROUND_LOAD_H

#include "harness/destination.h"
#include "harness/munnel.h"

struct background_load {
    const struct server *server;
    const char *service;             /* its name in the log */
    uint16_t port;                   /* of the service */
    struct destination *destination; /* of the service; serves by handle_exchange */
    unsigned clients, pause_ms;      /* of a client between two relays: many would leave the programs no CPU */
};

/* NULL when all is well, else what went wrong (a string that lives for ever). */
typedef const char *(*background_load_change)(void *context);

/*
 * Calls `change` while clients relay few bytes and many, each way; again, as long as there were fewer than two relays
 * for each client, as on a slow machine. Fails the test with the first thing that went wrong, in the change, in a
 * relay, or in what the server logged of relays.
 */
void background_load_run(const struct background_load *load, background_load_change change, void *context);

#endif

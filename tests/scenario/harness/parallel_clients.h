/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * parallel_clients: many clients at once, each on a thread.
 * Runs on: a test's main thread; the work on threads of its own. Owns: its threads, for the time of the call.
 */
#ifndef MUNNEL_SCENARIO_PARALLEL_CLIENTS_H
#define MUNNEL_SCENARIO_PARALLEL_CLIENTS_H

#include "harness/destination.h"

/* Does job number `job`: NULL when all is well, else what went wrong (a string that lives for ever). */
typedef const char *(*parallel_clients_work)(unsigned job, void *context);

/* Does jobs 0 to `jobs` - 1 on `threads` threads. Fails the test with the first thing that went wrong. */
void parallel_clients_run(unsigned threads, unsigned jobs, parallel_clients_work work, void *context);

/* One exchange with a destination that serves by handle_exchange, checked at both ends: NULL when equal. */
struct relayed {
    uint16_t port; /* of the service */
    struct destination *destination;
    uint64_t tag, up, down; /* a tag of its own for each; bytes each way */
    size_t largest_write;
};
const char *relayed_differs(const struct relayed *relayed, unsigned ms);

#endif

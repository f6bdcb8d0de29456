/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * background_load: see background_load.h.
 */
#include "config.h"

#include "harness/background_load.h"

#include "harness/deadline.h"
#include "harness/parallel_clients.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>

enum { EXCHANGE_MS = 60000 };

struct run {
    const struct background_load *load;
    background_load_change change;
    void *context;
    atomic_bool is_over;
    atomic_uint relays;
};

static const char *relay_once(struct run *run) {
    static const uint64_t sizes[] = {0, 1, 100, 5000, 70000, 300000};
    unsigned tag = 1 + atomic_fetch_add(&run->relays, 1);
    struct relayed relayed = {.port = run->load->port,
                              .destination = run->load->destination,
                              .tag = tag,
                              .up = sizes[tag % 6],
                              .down = sizes[tag / 6 % 6]};
    return relayed_differs(&relayed, EXCHANGE_MS);
}

/* Job 0 changes, the others relay until it is done. */
static const char *change_or_relay(unsigned job, void *context) {
    struct run *run = context;
    const char *wrong = NULL;
    if (job == 0) {
        do
            wrong = run->change(run->context);
        while (!wrong && atomic_load(&run->relays) < 2 * run->load->clients);
        atomic_store(&run->is_over, true);
    }
    while (!wrong && !atomic_load(&run->is_over)) {
        wrong = relay_once(run);
        for (uint64_t pause = deadline_in(run->load->pause_ms); !atomic_load(&run->is_over) && deadline_nap(pause);)
            ;
    }
    return wrong;
}

void background_load_run(const struct background_load *load, background_load_change change, void *context) {
    struct run run = {.load = load, .change = change, .context = context};
    struct process *server = load->server->process;
    char service[64];
    snprintf(service, sizeof service, "\"service\":\"%s\"", load->service);
    parallel_clients_run(load->clients + 1, load->clients + 1, change_or_relay, &run);
    ck_assert_uint_eq(process_count(server, 0, "\"cut\"", NULL), 0);
    ck_assert_uint_eq(process_count(server, 0, "\"connection lost\"", NULL), 0);
    ck_assert_uint_eq(process_count(server, 0, service, "\"reason\":\"no_agent\"", NULL), 0);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_terms: what is the same for all clients of a service; immutable, counted, may outlive the service's
 * configuration. Runs on: any thread. Owns: its strings.
 */
#ifndef MUNNEL_RELAY_SERVICE_TERMS_H
#define MUNNEL_RELAY_SERVICE_TERMS_H

#include "relay/bandwidth.h"
#include "relay/service_counts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct service_terms {
    atomic_uint references;
    char *service;
    char *destination;                             /* for logs */
    uint32_t id;                                   /* as announced to agents */
    unsigned idle_timeout_s, half_close_timeout_s; /* 0: none */
    unsigned answer_timeout_s;                     /* UDP, as the next: see munnel.json(5); 0: none */
    unsigned reply_factor;
    bool sends_tlvs;               /* agents take what is known of a client for the PROXY header */
    struct service_counts *counts; /* one reference; NULL: nothing is counted of the service */
    struct bandwidth *bandwidth;   /* one reference; NULL: no limit, ever */
};

struct service_terms_plan { /* copied; of the last two references of its own are taken */
    const char *service, *destination;
    uint32_t id;
    unsigned idle_timeout_s, half_close_timeout_s, answer_timeout_s, reply_factor;
    bool sends_tlvs;
    struct service_counts *counts; /* or NULL */
    struct bandwidth *bandwidth;   /* or NULL */
};

struct service_terms *
service_terms_new(const struct service_terms_plan *plan); /* one reference; NULL when out of memory */
struct service_terms *service_terms_hold(struct service_terms *terms);
void service_terms_release(struct service_terms *terms); /* any thread */

#endif

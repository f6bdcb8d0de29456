/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_terms: see service_terms.h.
 */
#include "config.h"

#include "relay/service_terms.h"

#include <stdlib.h>
#include <string.h>

struct service_terms *service_terms_new(const struct service_terms_plan *plan) {
    struct service_terms *terms = calloc(1, sizeof *terms);
    if (!terms)
        return NULL;
    atomic_init(&terms->references, 1);
    terms->service = strdup(plan->service);
    terms->destination = strdup(plan->destination);
    terms->id = plan->id;
    terms->idle_timeout_s = plan->idle_timeout_s;
    terms->half_close_timeout_s = plan->half_close_timeout_s;
    terms->answer_timeout_s = plan->answer_timeout_s;
    terms->reply_factor = plan->reply_factor;
    terms->sends_tlvs = plan->sends_tlvs;
    terms->counts = plan->counts ? service_counts_hold(plan->counts) : NULL;
    terms->bandwidth = bandwidth_hold(plan->bandwidth);
    if (terms->service && terms->destination)
        return terms;
    service_terms_release(terms);
    return NULL;
}

struct service_terms *service_terms_hold(struct service_terms *terms) {
    atomic_fetch_add_explicit(&terms->references, 1, memory_order_relaxed);
    return terms;
}

void service_terms_release(struct service_terms *terms) {
    if (!terms || atomic_fetch_sub_explicit(&terms->references, 1, memory_order_acq_rel) > 1)
        return;
    free(terms->service);
    free(terms->destination);
    service_counts_release(terms->counts);
    bandwidth_release(terms->bandwidth);
    free(terms);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_terms: see service_terms.h.
 */
#include "config.h"

#include "proto/open.h"
#include "relay/service_terms.h"

#include "lib/net/addr.h"

#include <stdlib.h>
#include <string.h>

enum { TERMS_MAX = 3584 }; /* services_check_destinations() limits the destinations to less */

static bool is_known(const uint16_t *ports, size_t count, uint16_t port) {
    while (count > 0 && ports[count - 1] != port)
        count--;
    return count > 0;
}

static size_t find_ports(uint16_t ports[OPEN_PORTS_MAX], const struct service_terms_plan *plan) {
    size_t count = 0;
    struct endpoint endpoint;
    for (size_t i = 0; i < plan->listen_count && count < OPEN_PORTS_MAX; i++)
        if (endpoint_parse(&endpoint, plan->listen[i], NULL) == 0 && !endpoint.is_unix &&
            !is_known(ports, count, endpoint.port))
            ports[count++] = endpoint.port;
    return count;
}

struct service_terms *service_terms_new(const struct service_terms_plan *plan) {
    uint16_t ports[OPEN_PORTS_MAX];
    size_t port_count = find_ports(ports, plan);
    struct service_terms *terms = calloc(1, sizeof *terms);
    if (!terms)
        return NULL;
    atomic_init(&terms->references, 1);
    terms->service = strdup(plan->service);
    terms->destination = plan->connect_count > 0 ? strdup(plan->connect[0]) : strdup("");
    terms->open_json = open_format_terms(plan->service, plan->connect, plan->connect_count, ports, port_count);
    terms->idle_timeout_s = plan->idle_timeout_s;
    terms->half_close_timeout_s = plan->half_close_timeout_s;
    bool fits = terms->open_json && strlen(terms->open_json) <= TERMS_MAX;
    if (terms->service && terms->destination && fits)
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
    free(terms->open_json);
    free(terms);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * terms: what is the same for all clients of a service. See relay_msg.h.
 */
#include "config.h"

#include "relay/relay_msg.h"

#include <stdlib.h>
#include <string.h>

enum { TERMS_MAX = 3584 }; /* eight of the longest names fit */

struct terms *terms_new(const char *service, char *const *connect, size_t connect_count, unsigned idle_timeout_s,
                        unsigned half_close_timeout_s) {
    struct terms *terms = calloc(1, sizeof *terms);
    if (!terms)
        return NULL;
    atomic_init(&terms->references, 1);
    terms->service = strdup(service);
    terms->destination = connect_count > 0 ? strdup(connect[0]) : strdup("");
    terms->open_json = message_format_open_terms(service, connect, connect_count);
    terms->idle_timeout_s = idle_timeout_s;
    terms->half_close_timeout_s = half_close_timeout_s;
    bool fits = terms->open_json && strlen(terms->open_json) <= TERMS_MAX;
    if (terms->service && terms->destination && fits)
        return terms;
    terms_release(terms);
    return NULL;
}

struct terms *terms_hold(struct terms *terms) {
    atomic_fetch_add_explicit(&terms->references, 1, memory_order_relaxed);
    return terms;
}

void terms_release(struct terms *terms) {
    if (!terms || atomic_fetch_sub_explicit(&terms->references, 1, memory_order_acq_rel) > 1)
        return;
    free(terms->service);
    free(terms->destination);
    free(terms->open_json);
    free(terms);
}

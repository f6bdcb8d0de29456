/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * loop_detect: see loop_detect.h. A mark is 56 bits of the hash and, in its low byte, the hops plus one, so it is never
 * 0. The key keeps a client from choosing an address that looks like a connection of ours.
 */
#include "config.h"

#include "relay/stream/loop_detect.h"

#include "lib/base/hash.h"
#include "lib/base/secret.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS = 65536, HOPS_MASK = 0xff };

struct loop_detect {
    uint64_t key[2];
    atomic_uint_fast64_t marks[PORTS]; /* by local port; 0: none */
};

struct loop_detect *loop_detect_new(void) {
    struct loop_detect *table = calloc(1, sizeof *table);
    if (table && secret_random(table->key, sizeof table->key)) {
        free(table);
        return NULL;
    }
    return table;
}

void loop_detect_free(struct loop_detect *table) {
    free(table);
}

static uint64_t mark_of(const struct loop_detect *table, const uint8_t host[16], uint16_t to) {
    uint64_t halves[2];
    memcpy(halves, host, sizeof halves);
    uint64_t hash = hash_mix(halves[0] ^ table->key[0]);
    hash = hash_mix(hash + (halves[1] ^ table->key[1]));
    return hash_mix(hash + to) & ~(uint64_t)HOPS_MASK;
}

void loop_detect_add(struct loop_detect *table, struct loop_detect_entry *dial, const struct addr *here, uint16_t to,
                     unsigned hops) {
    uint8_t host[16];
    bool is_ipv4;
    uint16_t port = here->length > 0 ? addr_port(here) : 0;
    if (port == 0 || hops >= HOPS_MASK || !addr_host_bytes(here, host, &is_ipv4))
        return;
    dial->mark = mark_of(table, host, to) | (hops + 1);
    dial->port = port;
    atomic_store_explicit(&table->marks[port], dial->mark, memory_order_relaxed);
}

void loop_detect_remove(struct loop_detect *table, struct loop_detect_entry *dial) {
    uint_fast64_t mark = dial->mark;
    if (mark != 0) { /* unless the entry is by now that of another with the same local port */
        atomic_compare_exchange_strong_explicit(&table->marks[dial->port], &mark, 0, memory_order_relaxed,
                                                memory_order_relaxed);
    }
    dial->mark = 0;
}

unsigned loop_detect_hops(const struct loop_detect *table, const struct open_address *client, uint16_t port) {
    uint64_t mark = atomic_load_explicit(&table->marks[client->port], memory_order_relaxed);
    bool is_known =
        mark != 0 && client->port != 0 && (mark & ~(uint64_t)HOPS_MASK) == mark_of(table, client->host, port);
    return is_known ? (unsigned)(mark & HOPS_MASK) : 0;
}

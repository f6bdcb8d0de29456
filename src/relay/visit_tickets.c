/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_tickets: see visit_tickets.h. A ticket is a slot's index and a generation, so that none comes again soon; the
 * rest of a slot is written before its ticket is (release), and read after it was changed (acquire).
 */
#include "config.h"

#include "relay/visit_tickets.h"

#include "lib/net/sock.h"
#include "proto/visits.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { INDEX_BITS = 8, GENERATIONS = 1 << 24 };
_Static_assert(VISIT_TICKETS_MAX == 1 << INDEX_BITS, "a ticket has room for each slot");
static const uint_fast64_t taking = UINT64_C(1) << 32; /* no ticket: its client is being taken */

struct slot {
    atomic_uint_fast64_t state; /* 0: free; a ticket; or `taking` */
    atomic_uint_fast64_t session;
    uint32_t generation; /* the control thread's */
    struct visit_client client;
};

struct visit_tickets {
    struct slot slots[VISIT_TICKETS_MAX];
    unsigned next; /* where a free slot is looked for first; the control thread's */
};

struct visit_tickets *visit_tickets_new(void) {
    return calloc(1, sizeof(struct visit_tickets));
}

void visit_tickets_free(struct visit_tickets *tickets) {
    if (!tickets)
        return;
    for (size_t i = 0; i < VISIT_TICKETS_MAX; i++) {
        if (!atomic_load(&tickets->slots[i].state))
            continue;
        sock_close_reset(tickets->slots[i].client.fd);
        served_service_release(tickets->slots[i].client.service);
    }
    free(tickets);
}

static struct slot *find_free(struct visit_tickets *tickets, unsigned *index) {
    for (unsigned i = 0; i < VISIT_TICKETS_MAX; i++) {
        *index = (tickets->next + i) % VISIT_TICKETS_MAX;
        if (!atomic_load_explicit(&tickets->slots[*index].state, memory_order_acquire))
            return &tickets->slots[*index];
    }
    return NULL;
}

uint32_t visit_tickets_put(struct visit_tickets *tickets, const struct visit_client *client, uint64_t session) {
    unsigned index = 0;
    struct slot *slot = find_free(tickets, &index);

    if (!slot)
        return 0;
    tickets->next = index + 1;
    slot->generation = slot->generation % (GENERATIONS - 1) + 1;
    slot->client = *client;
    uint32_t ticket = slot->generation << INDEX_BITS | index;
    atomic_store_explicit(&slot->session, session, memory_order_relaxed);
    atomic_store_explicit(&slot->state, ticket, memory_order_release);
    return ticket;
}

static const struct slot *slot_of(const struct visit_tickets *tickets, uint32_t ticket) {
    return &tickets->slots[ticket % VISIT_TICKETS_MAX];
}

bool visit_tickets_waits(const struct visit_tickets *tickets, uint32_t ticket) {
    return ticket && atomic_load_explicit(&slot_of(tickets, ticket)->state, memory_order_relaxed) == ticket;
}

/* While the state is the ticket the session does not change: each time that a slot is used has a ticket of its own. */
bool visit_tickets_take(struct visit_tickets *tickets, uint32_t ticket, uint64_t session, struct visit_client *client) {
    struct slot *slot = &tickets->slots[ticket % VISIT_TICKETS_MAX];
    uint_fast64_t expected = ticket;

    if (!ticket || atomic_load_explicit(&slot->state, memory_order_acquire) != ticket)
        return false;
    if (session && atomic_load_explicit(&slot->session, memory_order_relaxed) != session)
        return false;
    if (!atomic_compare_exchange_strong_explicit(&slot->state, &expected, taking, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return false;
    *client = slot->client;
    atomic_store_explicit(&slot->state, 0, memory_order_release);
    return true;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reply_budget: how much may be sent to a client's address, where its service has a reply_factor: so many times the
 * bytes that came from there, besides REPLY_BUDGET_FREE a second. Who sends with a forged source gets no more than that
 * sent to it.
 *
 * One for each address, or network of IPv6, that has a session; it is kept until a new one would be as it is, so that
 * no session begins with more than the one before has left. Runs on: the port's thread. Owns: the budgets.
 */
#ifndef MUNNEL_RELAY_DATAGRAM_REPLY_BUDGET_H
#define MUNNEL_RELAY_DATAGRAM_REPLY_BUDGET_H

#include "lib/net/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLY_BUDGET_FREE = 16384 /* bytes a second */, REPLY_BUDGET_BURST = 4 * REPLY_BUDGET_FREE };

struct reply_budget;

struct reply_budgets { /* all zero: none */
    struct reply_budget **buckets;
    size_t room, count; /* room: a power of two */
    uint64_t secret;    /* of the buckets, so that no peers can choose addresses of one */
};

/* One user more of that of the peer's source. NULL: out of memory. */
struct reply_budget *reply_budget_get(struct reply_budgets *budgets, const struct addr *peer, uint64_t now_us);
void reply_budget_leave(struct reply_budget *budget); /* NULL is fine */
void reply_budget_earn(struct reply_budget *budget, size_t received, unsigned factor);
bool reply_budget_spend(struct reply_budget *budget, size_t bytes, uint64_t now_us); /* false: it has not so much */
void reply_budgets_sweep(struct reply_budgets *budgets, uint64_t now_us);
void reply_budgets_free(struct reply_budgets *budgets);

#endif

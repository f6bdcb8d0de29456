/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resolver_priv: the resolver with a look-up of one's own, for tests; and the one that asks the system.
 */
#ifndef MUNNEL_LIB_RESOLVER_PRIV_H
#define MUNNEL_LIB_RESOLVER_PRIV_H

#include "lib/resolver.h"

#include <netdb.h>

/* Fills in the answer to a name, ports left 0; may block. Called on several threads at once. */
typedef void (*resolver_lookup)(const char *host, struct resolver_answer *answer);

struct resolver *resolver_new_with(int threads, resolver_lookup lookup);

void resolver_ask_system(const char *host, struct resolver_answer *answer);

/* Takes over up to RESOLVER_ADDRESSES: the first one's family, the other, the first ... each in the list's order. */
void resolver_interleave(const struct addrinfo *list, struct resolver_answer *answer);

#endif

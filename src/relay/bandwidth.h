/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bandwidth: how many bytes per second the relays of a service, of a client's address or of an agent may move together,
 * in each direction; a part of plane.h.
 *
 * It is counted, and outlives what it was made for. The control thread may change it at any time: relays that run obey
 * from then on. A relay that has none with a limit costs nothing for it.
 * Runs on: bandwidth_set on the control thread, all else on any. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_BANDWIDTH_H
#define MUNNEL_RELAY_BANDWIDTH_H

#include "lib/base/token_bucket.h"

#include <stdbool.h>

/* BANDWIDTH_SCOPE(name, label): what a limit is of. */
#define BANDWIDTH_SCOPES(S)                                                                                            \
    S(SERVICE, "service")                                                                                              \
    S(SOURCE, "source")                                                                                                \
    S(AGENT, "agent")

enum bandwidth_scope {
#define BANDWIDTH_SCOPE_ENUM(name, label) BANDWIDTH_##name,
    BANDWIDTH_SCOPES(BANDWIDTH_SCOPE_ENUM)
#undef BANDWIDTH_SCOPE_ENUM
        BANDWIDTH_SCOPE_COUNT
};
const char *bandwidth_scope_label(enum bandwidth_scope scope);

enum bandwidth_way { BANDWIDTH_IN, BANDWIDTH_OUT, BANDWIDTH_WAYS }; /* from clients to destinations; back */
const char *bandwidth_way_label(enum bandwidth_way way);

struct bandwidth_limits { /* bytes per second, 0: no limit; burst: bytes, 0: those of a tenth of a second */
    unsigned in, out, burst;
};

struct bandwidth {
    atomic_uint references;
    struct token_bucket ways[BANDWIDTH_WAYS];
    struct token_bucket datagrams[BANDWIDTH_WAYS]; /* half the rate: see bandwidth_take_datagram */
};

struct bandwidth *bandwidth_new(const struct bandwidth_limits *limits); /* one reference; NULL: out of memory */
struct bandwidth *bandwidth_hold(struct bandwidth *bandwidth);          /* NULL stays NULL */
void bandwidth_release(struct bandwidth *bandwidth);                    /* NULL is fine */
void bandwidth_set(struct bandwidth *bandwidth, const struct bandwidth_limits *limits);
/* A datagram, which cannot wait: false: it has to be dropped, and nothing was taken. Relays of TCP reserve ahead and
 * wait, so that beside them nothing would ever pass at once; where both share a limit (is_shared) datagrams may have
 * half of the rate before them, and TCP waits for longer: the sum is the rate. */
bool bandwidth_take_datagram(struct bandwidth *bandwidth, enum bandwidth_way way, bool is_shared, size_t length,
                             uint64_t now_us);
void bandwidth_give_back(struct bandwidth *bandwidth, enum bandwidth_way way, size_t length);
/* Nothing was moved lately: a new one would be as it is. NULL: so it is. */
bool bandwidth_is_unused(const struct bandwidth *bandwidth, uint64_t now_us);
bool bandwidth_is_limited(const struct bandwidth *bandwidth); /* in any direction; NULL: it is not */

#endif

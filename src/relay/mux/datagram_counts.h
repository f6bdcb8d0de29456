/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagram_counts: what is counted of the datagrams of a service, on one thread; a part of service_counts.h.
 * Runs on: the thread of the relays changes them, any reads them. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_MUX_DATAGRAM_COUNTS_H
#define MUNNEL_RELAY_MUX_DATAGRAM_COUNTS_H

#include "lib/base/counter.h"

/* As relay_bytes has them: read from the plain side, and brought for it. */
enum datagram_way { DATAGRAM_IN, DATAGRAM_OUT, DATAGRAM_WAYS };

/* Why a datagram was not passed on. DROP(name, label of metrics) */
#define DATAGRAM_DROPS(D)                                                                                              \
    D(QUEUE, "queue")             /* more of its session, or of all, waited than may */                                \
    D(STALE, "stale")             /* it waited for too long: the link was full, or lost */                             \
    D(ENDED, "ended")             /* its session ended while it waited */                                              \
    D(MEMORY, "memory")           /* out of memory */                                                                  \
    D(TOO_LARGE, "too_large")     /* larger than the network takes it */                                               \
    D(SOCKET, "socket")           /* the kernel had no room for it, or did not take it */                              \
    D(UNREACHABLE, "unreachable") /* ICMP: nothing listens there, or no way leads there */                             \
    D(UNDECIDED, "undecided")     /* server: more new clients at once than are looked at */                            \
    D(REFUSED, "refused")         /* server: of a client that was refused, or that no agent could take */              \
    D(BANDWIDTH, "bandwidth")     /* server: over a limit of bandwidth */                                              \
    D(REPLY_LIMIT, "reply_limit") /* server: more than a client gets for what it has sent */

enum datagram_drop {
#define DATAGRAM_DROP_ENUM(name, label) DATAGRAM_DROP_##name,
    DATAGRAM_DROPS(DATAGRAM_DROP_ENUM)
#undef DATAGRAM_DROP_ENUM
        DATAGRAM_DROP_COUNT
};
const char *datagram_drop_label(enum datagram_drop drop);

struct datagram_tally { /* of one session, on its thread alone; as the next */
    uint64_t count[DATAGRAM_WAYS], dropped[DATAGRAM_WAYS];
};

struct datagram_counts {
    counter count[DATAGRAM_WAYS]; /* of them, what was dropped is: */
    counter dropped[DATAGRAM_WAYS][DATAGRAM_DROP_COUNT];
};

#endif

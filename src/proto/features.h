/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * features: what HELLO and WELCOME of a control link list as `features`: what a program knows beyond the protocol's
 * version. A set of them is a number with a bit for each.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_FEATURES_H
#define MUNNEL_PROTO_FEATURES_H

#include "lib/base/error.h"

#include <jansson.h>
#include <stdbool.h>

/* FEATURE(name, word on the wire, whether no program of this version does without) */
#define PROTO_FEATURES(F)                                                                                              \
    F(SERVICES, "services", true)          /* the service table, see services.h */                                     \
    F(PORT_OFFSET, "port_offset", false)   /* destinations whose port is relative to the client's: "host:+0" */        \
    F(PROXY, "proxy", false)               /* a PROXY header to the destination, see proxy_protocol.h */               \
    F(HEALTH, "health", false)             /* checks of destinations, see health.h */                                  \
    F(PUBLISH, "publish", false)           /* services that agents offer, see publish.h */                             \
    F(CONNECT_FROM, "connect_from", false) /* from an address of the loopback for each client: Linux alone */          \
    F(DATAGRAM, "datagram", false)         /* services of UDP, and DATAGRAM */                                         \
    F(VISIT, "visit", false)               /* an agent may open services on its side, see visits.h */                  \
    F(END_TO_END, "end_to_end", false)     /* services whose TLS the two agents speak; a visitor always can */
enum feature {
#define FEATURE_ENUM(name, word, is_required) FEATURE_##name,
    PROTO_FEATURES(FEATURE_ENUM)
#undef FEATURE_ENUM
        FEATURE_COUNT
};

enum { FEATURES_ALL = (1 << FEATURE_COUNT) - 1 };
unsigned features_of_agent(void); /* those that an agent has on this system */

/* Of the member `features`, if it is there; words that are not known are left out. 0, or -1 with `error`. */
int features_take(const json_t *json, unsigned *features, struct error *error);
bool features_put(json_t *json, unsigned features); /* false: out of memory */
/* The word of a feature that this program cannot do without and that is not in `features`; NULL: there is none. */
const char *features_missing(unsigned features);
/* The word of the first one of `needed` that is not in `features`; NULL: all are. */
const char *features_lacking(unsigned needed, unsigned features);

#endif

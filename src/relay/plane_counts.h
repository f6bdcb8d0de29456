/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_counts: what the relay threads count; a part of plane.h. What is counted of each service is in
 * service_counts.h.
 *
 * Each thread has a struct of its own, which it alone changes; the plane adds them up when it is asked.
 * Runs on: a thread changes its own, any thread reads. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_PLANE_COUNTS_H
#define MUNNEL_RELAY_PLANE_COUNTS_H

#include "lib/base/histogram.h"
#include "proto/proxy.h"
#include "relay/end_to_end.h"
#include "relay/mux/mux_totals.h"

/* LINK_KIND(name, label) */
#define LINK_KINDS(K)                                                                                                  \
    K(UNAUTHENTICATED, "unauthenticated") /* until its greeting was accepted */                                        \
    K(CONTROL, "control")                                                                                              \
    K(SHARED, "shared")                                                                                                \
    K(EXCLUSIVE, "exclusive")

enum link_kind {
#define LINK_KIND_ENUM(name, label) LINK_KIND_##name,
    LINK_KINDS(LINK_KIND_ENUM)
#undef LINK_KIND_ENUM
        LINK_KIND_COUNT
};

/* HANDSHAKE_RESULT(name, label): of a TLS handshake */
#define HANDSHAKE_RESULTS(R)                                                                                           \
    R(DONE, "done")                                                                                                    \
    R(REFUSED, "refused")                 /* by this side: no TLS 1.3, no certificate, one that is not trusted */      \
    R(REFUSED_BY_PEER, "refused_by_peer") /* by an alert */                                                            \
    R(LOST, "lost")                       /* the connection */                                                         \
    R(TIMEOUT, "timeout")

enum handshake_result {
#define HANDSHAKE_RESULT_ENUM(name, label) HANDSHAKE_##name,
    HANDSHAKE_RESULTS(HANDSHAKE_RESULT_ENUM)
#undef HANDSHAKE_RESULT_ENUM
        HANDSHAKE_RESULT_COUNT
};

/* HEALTH_RESULT(name, label): of a check of a destination */
#define HEALTH_RESULTS(R)                                                                                              \
    R(PASSED, "passed")                                                                                                \
    R(FAILED, "failed")

enum health_result {
#define HEALTH_RESULT_ENUM(name, label) HEALTH_##name,
    HEALTH_RESULTS(HEALTH_RESULT_ENUM)
#undef HEALTH_RESULT_ENUM
        HEALTH_RESULT_COUNT
};

const char *health_result_label(enum health_result result);
const char *link_kind_label(enum link_kind kind);
const char *handshake_result_label(enum handshake_result result);

struct thread_counts {
    counter links[LINK_KIND_COUNT]; /* as relays and unconfirmed: how many there are. A link may change its thread */
    counter handshakes[HANDSHAKE_RESULT_COUNT];
    counter proxies[PROXY_FAULT_COUNT]; /* agent: links that were dialled through a proxy, by what became of that */
    counter relays, relays_ended, unconfirmed, dials;
    counter end_to_end[END_TO_END_RESULT_COUNT]; /* agent: handshakes with agents at the other end of relays */
    counter proxy_headers;                       /* agent: sent to destinations */
    counter sweeps;                              /* twice a second: one that stands still is a thread that does */
    counter checks[HEALTH_RESULT_COUNT];         /* agent: of destinations */
    struct mux_totals mux;
    /* Set twice a second: streams that are suspended; bytes that are kept until the peer acknowledges them, and that
     * wait for a slow reader. */
    counter suspended, kept_bytes, waiting_bytes;
    struct histogram lag; /* server, of a loop of its own: how late it was for a timer, see lag_probe.h */
};

struct plane;
struct service_part;

unsigned plane_thread_count(const struct plane *plane);
const struct thread_counts *plane_thread_counts(const struct plane *plane, unsigned thread);
/* Agent: what is counted of the relays of all services; see service_counts.h. */
const struct service_part *plane_thread_part(const struct plane *plane, unsigned thread);

struct plane_counts { /* of all threads; exact when the plane is at rest */
    uint64_t links, handshakes_done, relays, relays_ended, dials;
    uint64_t unconfirmed; /* streams that are over, while the peer may not know it yet */
};
void plane_count(const struct plane *plane, struct plane_counts *counts);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * probe: one check of a service's destination, by the way that its clients take: the rules of the agent, the resolver,
 * and of several destinations the first that accepts a connection.
 * Runs on: a relay thread. Owns: its connection, its buffers. States: connecting -> (talking ->) done.
 */
#ifndef MUNNEL_RELAY_HEALTH_PROBE_H
#define MUNNEL_RELAY_HEALTH_PROBE_H

#include "relay/plane.h"

#include <openssl/ssl.h>

struct health_probe;
struct defer_queue;

struct health_probe_order {
    const struct served_service *service; /* lives as long as the probe */
    struct loop *loop;
    struct resolver *resolver;
    const struct acl *allow;
    struct defer_queue *again, *rechecks; /* of the thread's sockets */
    SSL_CTX *tls;                         /* for a check by TLS, see lib/tls/probe.h */
    /* Later, never within health_probe_start; `failure`: NULL: the destination is well. */
    void (*callback)(void *context, const char *failure);
    void *context;
};

struct health_probe *health_probe_start(const struct health_probe_order *order); /* NULL: out of memory */
void health_probe_free(struct health_probe *probe); /* also within its callback; which does not run any more */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flow_table: the flows of a UDP port by the client's address, and the one that it has sent to.
 *
 * The client's alone chooses the bucket, mixed with a secret of the port, so that no client can fill one; so all flows
 * of an address that ICMP names are in one bucket, too. Without memory for more buckets the chains grow longer.
 * Runs on: the port's thread. Owns: the buckets, not the flows.
 */
#include "config.h"

#include "relay/datagram/udp_priv.h"

#include "lib/base/hash.h"
#include "lib/base/secret.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 64 };

bool flow_table_init(struct udp_port *port) {
    port->buckets = calloc(BUCKETS_FIRST, sizeof *port->buckets);
    port->bucket_count = BUCKETS_FIRST;
    return port->buckets && secret_random((uint8_t *)port->secret, sizeof port->secret) == 0;
}

static struct udp_bucket *bucket_of(const struct udp_port *port, const struct datagram_peer *peer) {
    const struct sockaddr_in6 *six = &peer->address.six;
    uint64_t words[2] = {0, 0}, number;

    if (peer->address.any.sa_family == AF_INET) {
        words[0] = peer->address.four.sin_addr.s_addr;
        number = peer->address.four.sin_port;
    } else {
        memcpy(words, &six->sin6_addr, sizeof words);
        number = (uint64_t)six->sin6_scope_id << 16 | six->sin6_port;
    }
    uint64_t hash = hash_mix(hash_mix(hash_mix(words[0] ^ port->secret[0]) ^ words[1]) ^ number ^ port->secret[1]);
    return &port->buckets[hash & (port->bucket_count - 1)];
}

static bool is_same_local(const struct datagram_local *a, const struct datagram_local *b) {
    return a->interface == b->interface && memcmp(a->host, b->host, sizeof a->host) == 0;
}

struct udp_flow *flow_table_find(const struct udp_port *port, const struct datagram_peer *peer,
                                 const struct datagram_local *local) {
    struct udp_flow *flow;

    LIST_FOREACH (flow, bucket_of(port, peer), chained)
        if (datagram_peer_same(&flow->peer, peer) && is_same_local(&flow->local, local))
            break;
    return flow;
}

static void each_of(struct udp_bucket *bucket, const struct datagram_peer *peer, void (*act)(struct udp_flow *flow)) {
    for (struct udp_flow *flow = LIST_FIRST(bucket), *next; flow; flow = next) {
        next = LIST_NEXT(flow, chained);
        if (!peer || datagram_peer_same(&flow->peer, peer))
            act(flow);
    }
}

void flow_table_each(struct udp_port *port, const struct datagram_peer *peer, void (*act)(struct udp_flow *flow)) {
    if (peer) {
        each_of(bucket_of(port, peer), peer, act);
        return;
    }
    for (size_t i = 0; i < port->bucket_count; i++)
        each_of(&port->buckets[i], NULL, act);
}

static void grow(struct udp_port *port) {
    struct udp_bucket *before = port->buckets, *buckets = calloc(2 * port->bucket_count, sizeof *buckets);
    size_t count = port->bucket_count;

    if (!buckets)
        return;
    port->buckets = buckets;
    port->bucket_count = 2 * count;
    for (size_t i = 0; i < count; i++)
        for (struct udp_flow *flow; (flow = LIST_FIRST(&before[i]));) {
            LIST_REMOVE(flow, chained);
            LIST_INSERT_HEAD(bucket_of(port, &flow->peer), flow, chained);
        }
    free(before);
}

void flow_table_add(struct udp_port *port, struct udp_flow *flow) {
    if (port->flow_count >= port->bucket_count)
        grow(port);
    LIST_INSERT_HEAD(bucket_of(port, &flow->peer), flow, chained);
    port->flow_count++;
}

void flow_table_remove(struct udp_flow *flow) {
    LIST_REMOVE(flow, chained);
    flow->port->flow_count--;
}

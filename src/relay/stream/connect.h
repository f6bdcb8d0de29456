/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connect: an agent's way to a destination: each destination of the list, each address of a name, a part of the time
 * each.
 *
 * Checks every resolved address against the agent's rules right before it connects. Never blocks.
 * Runs on: the relay's thread. Owns: the plain side's descriptor until it is connected, its timer, its question to the
 * resolver. States: resolving -> connecting -> (next address) ... -> done.
 */
#ifndef MUNNEL_RELAY_STREAM_CONNECT_H
#define MUNNEL_RELAY_STREAM_CONNECT_H

#include "relay/plane.h"
#include "relay/stream/socket.h"

struct connector;

enum { CONNECTOR_DETAIL = 160 };

struct connector_result {
    bool is_connected;
    struct addr address;           /* reached */
    int destination;               /* whose address it is: its place in the list */
    struct addr here;              /* from; of length 0: unknown */
    evutil_socket_t fd;            /* of datagrams: the socket, now the caller's */
    bool has_more;                 /* of datagrams: connector_next is possible */
    uint64_t lookup_us;            /* of the names that were looked up */
    enum refusal refusal;          /* when failed */
    char detail[CONNECTOR_DETAIL]; /* when failed */
};
typedef void (*connector_callback)(void *context, const struct connector_result *result);

struct connector_order {
    struct stream_socket *socket; /* closed; connected by this, it is the caller's from the callback on. NULL: UDP */
    struct loop *loop;
    struct resolver *resolver;
    const struct acl *allow;
    const char *const *to; /* destinations as text; they live until the callback or the cancellation */
    int to_count;
    const struct addr *from; /* copied: of the IPv4 loopback, to which then all destinations belong; NULL: any */
    uint16_t client_port;    /* where the client came in: of destinations relative to it; 0: none */
    unsigned timeout_ms;     /* for all of it */
    connector_callback callback;
    void *context;
};

/* The callback runs once, possibly before this returns (a local address that answers at once); NULL then, or when out
 * of memory (it has run with a refusal). */
struct connector *connector_start(const struct connector_order *order);
void connector_cancel(struct connector *dial); /* the callback does not run any more */
/*
 * A UDP socket is connected without a packet, and only what is sent shows whether the destination is there. Where there
 * is more to try, the connector stays with `has_more`, until connector_cancel: by this the last address refuses, and
 * the callback runs again, perhaps from within, with the next one that can be had.
 */
void connector_next(struct connector *dial, int error_number);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * inspect: connections whose first bytes have to be read before it is known whose they are, or what they are for.
 *
 * So far that is the header of the PROXY protocol, of which no byte too many is read: what follows it is the client's,
 * and stays in the socket. They are bounded in number, of all ports together, and in time.
 * Runs on: the control thread. Owns: the descriptors of connections that it has been given, until it gives them back.
 * States of a connection: its header -> (LOCAL: its first byte or its end) -> known -> freed; any -> failed -> freed.
 */
#ifndef MUNNEL_SERVER_SERVICE_INSPECT_H
#define MUNNEL_SERVER_SERVICE_INSPECT_H

#include "lib/net/acl.h"
#include "lib/net/addr.h"
#include "proto/open.h"

#include <event2/event.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>

struct inspect;
struct proxy_tlvs;

enum { INSPECT_MOST = 1024, INSPECT_DEADLINE_S = 5 };

/* INSPECT_FAILURE(name, text for the log): why a connection was closed here */
#define INSPECT_FAILURES(F)                                                                                            \
    F(NOT_LISTED, "its address is none that accept_proxy lists")                                                       \
    F(MALFORMED, "no valid PROXY header")                                                                              \
    F(TIMEOUT, "no PROXY header within the deadline")                                                                  \
    F(FULL, "too many connections without a PROXY header yet")                                                         \
    F(MEMORY, "out of memory")                                                                                         \
    F(CLOSED, "closed by its peer before it had sent anything")
enum inspect_failure {
#define INSPECT_FAILURE_ENUM(name, text) INSPECT_##name,
    INSPECT_FAILURES(INSPECT_FAILURE_ENUM)
#undef INSPECT_FAILURE_ENUM
        INSPECT_FAILURE_COUNT
};
const char *inspect_failure_text(enum inspect_failure failure);

struct inspected {               /* what is known of a connection then */
    struct addr peer;            /* whom it counts for: by its header, or its own */
    struct addr local;           /* the listener's */
    bool has_addresses;          /* peer and reached are the header's */
    struct open_address reached; /* where its client has connected to */
    struct proxy_tlvs *tlvs; /* what the header says of the client besides; malloc'ed for who takes it. NULL: nothing */
};

/* What is to be read of the connections to a port, and who takes them. It has to live until inspect_drop. */
struct inspect_port {
    const struct acl *balancers; /* from these alone, and with a PROXY header; only read by inspect_begin */
    bool wants_tlvs;
    unsigned deadline_s;
    /* Takes `fd`. Both may be called within inspect_begin, and may not free the stage. */
    void (*on_known)(void *context, evutil_socket_t fd, const struct inspected *found);
    /* It is closed already. INSPECT_CLOSED is no alarm: a health check. `detail` is the failure's text, or more. */
    void (*on_failed)(void *context, enum inspect_failure failure, const struct addr *peer, const char *detail);
    void *context;
};

struct inspect *inspect_new(struct event_base *base); /* NULL when out of memory */
void inspect_free(struct inspect *inspect);           /* resets what is left, and calls nothing */
/* How many there may be, INSPECT_MOST at most and at first; a further one closes the oldest. */
void inspect_set_limit(struct inspect *inspect, size_t limit);
size_t inspect_count(const struct inspect *inspect);

/* A connection of this port begins; takes `fd`, which is non-blocking. */
void inspect_begin(struct inspect *inspect, const struct inspect_port *port, evutil_socket_t fd,
                   const struct addr *peer, const struct addr *local);
void inspect_drop(struct inspect *inspect, const struct inspect_port *port); /* resets those of it, and calls nothing */

#endif

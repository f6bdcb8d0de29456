/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_events: the callbacks of the data plane; a part of plane.h. All run on the control thread, in order for each
 * link; what they point at is valid during the callback, a client until it is freed.
 */
#ifndef MUNNEL_RELAY_PLANE_EVENTS_H
#define MUNNEL_RELAY_PLANE_EVENTS_H

#include "lib/base/secret.h"
#include "lib/net/addr.h"
#include "proto/health.h"
#include "proto/proxy.h"
#include "relay/carrier_role.h"
#include "relay/client.h"
#include "relay/link_ref.h"
#include "relay/relay_view.h"

#include <openssl/ssl.h>

struct greeting { /* a peer's HELLO, WELCOME or REJECT; valid during the callback */
    struct link_ref link;
    uint64_t tag;  /* agent: the order's; server: 0 */
    bool rejected; /* agent: REJECT instead of WELCOME */
    const char *text;
    size_t length;
    uint8_t exporter[SECRET_SIZE]; /* TLS exporter of this connection, to make and check proofs */
    const struct addr *peer;
    X509 *certificate;      /* server: the agent's verified client certificate, or NULL; X509_up_ref to keep it */
    STACK_OF(X509) * chain; /* the chain it sent, or NULL; X509_chain_up_ref to keep it */
};

struct link_end {
    struct link_ref link;
    uint64_t tag;
    bool is_control;   /* was accepted as a control link */
    bool was_accepted; /* got (or sent) WELCOME */
    bool is_carrier;   /* on_carrier was called for it, with `role` */
    struct carrier_role role;
    bool tls_failed;              /* one side rejected the other: certificate, version, no TLS, an alert */
    bool untrusted;               /* one side does not trust the other's certificate: a retry would fail the same way */
    bool received_nothing;        /* it was cut before a byte came from the peer */
    bool no_hello;                /* server: the TLS handshake was complete, and no HELLO came */
    bool timed_out;               /* the deadline of TCP, TLS and greeting was over */
    bool misbehaved;              /* the peer broke the protocol */
    bool path_lost;               /* agent: plane_check_paths found no way to the server by it */
    enum proxy_fault proxy_fault; /* agent: it came to an end at the proxy, whose name is in `detail` */
    struct addr peer;             /* agent: the proxy's, if it was dialled through one */
    char detail[256];
};

struct session_bytes { /* of a session's relays on one thread: moved in this time, clock_us() */
    uint64_t session;  /* its tag */
    uint64_t up, down; /* from clients to destinations, and back */
    uint64_t from_us, until_us;
};

struct health_event { /* agent: what the checks of a service's destination have found has changed */
    uint64_t session; /* its tag */
    uint32_t service;
    bool is_healthy;
    char detail[HEALTH_DETAIL_SIZE]; /* why it is not */
};

struct check_opened {      /* a client that is a check has reached its destination */
    struct client *client; /* the data plane has it still: only what is the control plane's own may be read */
    char address[PROTO_DETAIL_SIZE];
    unsigned dial_ms, lookup_ms; /* at the agent; the look-up is a part of it */
};

struct plane_events { /* all on the control thread */
    /* Server: the handshake of an adopted connection begins; before, it has waited for its turn. */
    void (*on_handshake)(void *context, uint64_t tag);
    void (*on_greeting)(void *context, const struct greeting *greeting);
    /* A data link carries streams from now on, until on_gone. tag: that of plane_dial or plane_accept_data. */
    void (*on_carrier)(void *context, uint64_t tag, const struct carrier_role *role);
    /* Answers plane_accept_data instead of on_carrier: the link broke before it carried anything. Its on_gone comes
     * too. */
    void (*on_accept_failed)(void *context, const struct carrier_role *role);
    /* Streams of the role's session and thread have no carrier of that kind, and `count` more would serve them: for
     * exclusive ones at least 1, for shared ones 1. Repeated while that is so: for shared ones each second, for
     * exclusive ones up to ten times a second. */
    void (*on_want_carriers)(void *context, const struct carrier_role *role, unsigned count);
    void (*on_client_back)(void *context, struct client *client);
    /* Answers plane_accept_tls, see client->tls_result. If it is not done, the connection is closed, and client->detail
     * has why. */
    void (*on_client_tls)(void *context, struct client *client);
    void (*on_control)(void *context, struct link_ref link, uint64_t tag, const char *text, size_t length);
    void (*on_gone)(void *context, const struct link_end *end);
    void (*on_pong)(void *context, struct link_ref link, uint64_t tag, uint64_t pinged_us); /* pinged_us: clock_us() */
    void (*on_services_set)(void *context, uint64_t session);                  /* agent: answers plane_set_services */
    void (*on_health)(void *context, const struct health_event *event);        /* agent */
    void (*on_session_over)(void *context, uint64_t session);                  /* answers plane_retire_session */
    void (*on_check_opened)(void *context, const struct check_opened *opened); /* before its on_client_back */
    /* Every two seconds or so, of sessions whose relays have moved bytes. NULL: they are not reported. */
    void (*on_session_bytes)(void *context, const struct session_bytes *bytes);
    void (*on_relay_views)(void *context, const struct relay_answer *answer); /* answers plane_view_relays */
    void (*on_relay_ended)(void *context, uint64_t ticket, bool found);       /* answers plane_end_relay */
};

#endif

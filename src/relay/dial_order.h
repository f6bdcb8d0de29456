/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dial_order: an agent's order to connect to a server; a part of plane.h.
 */
#ifndef MUNNEL_RELAY_DIAL_ORDER_H
#define MUNNEL_RELAY_DIAL_ORDER_H

#include "lib/base/secret.h"
#include "lib/net/addr.h"
#include "proto/proxy.h"
#include "relay/carrier_role.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* Agent: connect to a server. Strings, key and proxy are copied, tls is up-ref'ed. */
struct dial_order {
    struct addr address;           /* of the server, or of the proxy */
    const struct proxy *proxy;     /* NULL: directly */
    const struct endpoint *server; /* what the proxy is asked for; NULL: directly */
    SSL_CTX *tls;
    const char *server_name;
    const char *hello; /* hello_format() */
    bool has_key;
    enum dial_proof { DIAL_PROOF_AGENT, DIAL_PROOF_DATA } proof_role;
    uint8_t key[SECRET_SIZE]; /* with which HELLO's proof is made */
    bool is_control;          /* else a data link, whose WELCOME needs no verdict */
    uint64_t tag;
    struct carrier_role role; /* data link */
    unsigned resume_ms;       /* data link: of its session, see plane_accept_data */
};

#endif

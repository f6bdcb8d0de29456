/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_order: what a link needs until its greeting is over; on the agent a copy of plane_dial's order.
 * Runs on: made on the control thread, then the link's thread. Owns: strings, the talk, a reference to the context.
 */
#ifndef MUNNEL_RELAY_LINK_LINK_ORDER_H
#define MUNNEL_RELAY_LINK_LINK_ORDER_H

#include "lib/base/secret.h"
#include "proto/proxy_talk.h"

#include <openssl/ssl.h>

struct link_order {
    SSL_CTX *tls;
    struct proxy_talk *talk; /* until the proxy has opened the way; NULL: directly */
    char *server_name, *hello;
    uint8_t key[SECRET_SIZE];
    bool has_key;
    uint8_t proof_role;
    unsigned resume_ms;
};

void link_order_free(struct link_order *order); /* NULL is fine */

#endif

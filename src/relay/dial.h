/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dial: an agent's way to a destination: each destination of the list, each address of a name, a part of the time each.
 *
 * Checks every resolved address against the agent's rules right before it connects. Never blocks.
 * Runs on: the relay's thread. Owns: the plain side's descriptor until it is connected, its timer, its question to the
 * resolver. States: resolving -> connecting -> (next address) ... -> done.
 */
#ifndef MUNNEL_RELAY_DIAL_H
#define MUNNEL_RELAY_DIAL_H

#include "proto/message.h"
#include "relay/plain.h"
#include "relay/relay_msg.h"

struct dial;

struct dial_result {
    bool is_connected;
    struct addr address;          /* reached */
    struct addr here;             /* from; of length 0: unknown */
    enum message_refusal refusal; /* when failed */
    char words[160];
};
typedef void (*dial_callback)(void *context, const struct dial_result *result);

struct dial_order_to {
    struct plain *plain; /* closed; connected by this, it is the receiver's when the callback says so */
    struct loop *loop;
    struct resolver *resolver;
    const struct rules *allow;
    const char *const *to; /* destinations as text; copied */
    int to_count;
    unsigned timeout_ms; /* for all of it */
    dial_callback callback;
    void *context;
};

/* The callback runs once, possibly before this returns (a local address that answers at once); NULL then, or when out
 * of memory (it has run with a refusal). */
struct dial *dial_start(const struct dial_order_to *order);
void dial_cancel(struct dial *dial); /* the callback does not run any more */

#endif

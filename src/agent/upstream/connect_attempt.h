/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connect_attempt: one way from a server's name to its verified WELCOME: looks the name up, walks its addresses.
 * Runs on: the control thread. Owns: its question to the resolver, the addresses, the HELLO.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_CONNECT_ATTEMPT_H
#define MUNNEL_AGENT_UPSTREAM_CONNECT_ATTEMPT_H

#include "agent/identity/credential_files.h"
#include "agent/identity/trust.h"
#include "agent/upstream/failure.h"
#include "proto/hello.h"

struct connect_attempt;

struct connect_attempt_parts { /* kept by reference */
    struct loop *loop;
    struct plane *plane;
    struct log *log;
    struct resolver *resolver;
    unsigned resolve_ms;
    const char *name, *group, *instance; /* of this agent */
    const char *who;
    const struct endpoint *endpoint;
    const struct token *token;
    struct trust *trust;
    unsigned index;                   /* in the lowest CONNECT_ATTEMPT_INDEX_BITS of its dials' tags */
    void (*on_failed)(void *context); /* all addresses were tried; connect_attempt_failure has the reason */
    void *context;
};

enum { CONNECT_ATTEMPT_INDEX_BITS = 8 };

struct connect_attempt *connect_attempt_new(const struct connect_attempt_parts *parts); /* NULL when out of memory */
void connect_attempt_free(struct connect_attempt *attempt);                             /* cancelled first */

void connect_attempt_start(
    struct connect_attempt *attempt); /* from the beginning; none is under way. on_failed may come at once */
void connect_attempt_cancel(
    struct connect_attempt *attempt); /* what is under way is forgotten; on_failed does not come */

/* True, with *welcome (welcome_done when used): the server is the right one, and the attempt is over. */
bool connect_attempt_on_greeting(struct connect_attempt *attempt, const struct greeting *greeting,
                                 struct welcome *welcome);
void connect_attempt_on_gone(struct connect_attempt *attempt, const struct link_end *end);

const struct failure *connect_attempt_failure(const struct connect_attempt *attempt);
const struct dial_order *
connect_attempt_order(const struct connect_attempt *attempt); /* by which the server was reached */
const struct hello *connect_attempt_hello(const struct connect_attempt *attempt);

#endif

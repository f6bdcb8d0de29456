/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * attempt: one way from a server's name to its verified WELCOME: looks the name up, walks its addresses.
 * Runs on: the control thread. Owns: its question to the resolver, the addresses, the HELLO.
 */
#ifndef MUNNEL_AGENT_ATTEMPT_H
#define MUNNEL_AGENT_ATTEMPT_H

#include "agent/failure.h"
#include "agent/token.h"
#include "agent/trust.h"

struct attempt;

struct attempt_parts { /* kept by reference */
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
    unsigned index;                   /* in the lowest ATTEMPT_INDEX_BITS of its dials' tags */
    void (*on_failed)(void *context); /* all addresses were tried; attempt_failure says why */
    void *context;
};

enum { ATTEMPT_INDEX_BITS = 8 };

struct attempt *attempt_new(const struct attempt_parts *parts); /* NULL when out of memory */
void attempt_free(struct attempt *attempt);                     /* cancelled first */

void attempt_start(struct attempt *attempt);  /* from the beginning; none is under way. on_failed may come at once */
void attempt_cancel(struct attempt *attempt); /* what is under way is forgotten; on_failed does not come */

/* True, with *welcome (message_welcome_done when used): the server is the right one, and the attempt is over. */
bool attempt_on_greeting(struct attempt *attempt, const struct greeting *greeting, struct message_welcome *welcome);
void attempt_on_gone(struct attempt *attempt, const struct link_end *end);

const struct failure *attempt_failure(const struct attempt *attempt);
const struct dial_order *attempt_order(const struct attempt *attempt); /* by which the server was reached */
const struct message_hello *attempt_hello(const struct attempt *attempt);

#endif

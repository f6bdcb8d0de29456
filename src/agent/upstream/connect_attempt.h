/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connect_attempt: one way from a server's name to its verified WELCOME: looks the name up, walks its addresses. With a
 * proxy, which looks the server's name up by itself, these are the proxy's.
 * Runs on: the control thread. Owns: its question to the resolver, the addresses, the HELLO.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_CONNECT_ATTEMPT_H
#define MUNNEL_AGENT_UPSTREAM_CONNECT_ATTEMPT_H

#include "agent/identity/credential_files.h"
#include "agent/identity/trust.h"
#include "agent/upstream/failure.h"
#include "proto/hello.h"

struct connect_attempt_parts { /* copied; what it points to must live as long */
    struct loop *loop;
    struct plane *plane;
    struct log *log;
    struct resolver *resolver;
    unsigned resolve_ms;
    const char *name, *group, *instance; /* of this agent */
    const char *who;
    const struct endpoint *endpoint;
    const struct proxy *proxy; /* by which it is reached; NULL: directly */
    const struct token *token;
    struct trust *trust;
    unsigned index;                   /* in the lowest CONNECT_ATTEMPT_INDEX_BITS of its dials' tags */
    void (*on_failed)(void *context); /* all addresses were tried; attempt->failure has the reason */
    void *context;
};

enum { CONNECT_ATTEMPT_INDEX_BITS = 8 };

struct connect_attempt {
    struct failure failure;  /* of this attempt so far; kept until the next begins */
    struct dial_order order; /* of the last dial: by which the server was reached */
    struct hello hello;
    /* from here on connect_attempt.c's own */
    struct connect_attempt_parts parts;
    struct resolver_question *question; /* resolving */
    struct addr addresses[RESOLVER_ADDRESSES];
    int count, next;
    char resume[PROTO_INSTANCE_HEX]; /* the session to go on with; "": none */
    uint64_t serial, tag;            /* tag: of the dial under way; 0: none */
    bool refused;                    /* by a REJECT or a bad WELCOME, on the dial under way */
    char *hello_text;
};

void connect_attempt_init(struct connect_attempt *attempt, const struct connect_attempt_parts *parts);
void connect_attempt_done(struct connect_attempt *attempt); /* cancelled first */

/* From the beginning; none is under way. on_failed may come at once. resume: id of the session to go on with, or "". */
void connect_attempt_start(struct connect_attempt *attempt, const char *resume);
void connect_attempt_cancel(struct connect_attempt *attempt); /* events of its dial are ignored; no on_failed */

/* True, with *welcome (welcome_done when used): the server is the right one, and the attempt is over. */
bool connect_attempt_on_greeting(struct connect_attempt *attempt, const struct greeting *greeting,
                                 struct welcome *welcome);
void connect_attempt_on_gone(struct connect_attempt *attempt, const struct link_end *end);

#endif

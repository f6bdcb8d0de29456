/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resolver: names to addresses without blocking a loop.
 *
 * Threads call getaddrinfo, which honours the host's own configuration. Questions for one name are one look-up; an
 * answer is kept 5 s. A question without an answer within its deadline fails then, even if the thread is stuck. Names
 * that hang do not hold up others (resolver.c: how far); "localhost" is answered without a thread.
 * Runs on: resolver_ask and resolver_cancel on the asking loop's thread; new and free on the thread that owns it.
 * Owns: its threads, the cache, the questions until they are answered.
 */
#ifndef MUNNEL_LIB_EVENT_RESOLVER_H
#define MUNNEL_LIB_EVENT_RESOLVER_H

#include "lib/event/loop.h"
#include "lib/net/addr.h"

enum { RESOLVER_ADDRESSES = 16 };

struct resolver;
struct resolver_question;

struct resolver_answer {
    int count;                                 /* 0: failed, `detail` is the cause ("no such name", "timed out" ...) */
    struct addr addresses[RESOLVER_ADDRESSES]; /* IPv6 and IPv4 interleaved, in the order of getaddrinfo; port set */
    const char *detail;
};
typedef void (*resolver_callback)(void *context, const struct resolver_answer *answer);

struct resolver *resolver_new(void); /* NULL when out of resources */

/*
 * Call it when the loops that asked have stopped. What is still asked is gone then, without a callback; a loop that is
 * freed earlier must have had its questions answered or cancelled. Does not wait for a stuck look-up: its thread ends
 * by itself once the look-up does.
 */
void resolver_free(struct resolver *resolver);

/*
 * Asks for `endpoint` (a name; numeric and unix ones never come here). The callback runs once, on `loop`'s thread,
 * later, never from within this call; after resolver_cancel it does not run. NULL when out of memory.
 */
struct resolver_question *resolver_ask(struct resolver *resolver, struct loop *loop, const struct endpoint *endpoint,
                                       unsigned timeout_ms, resolver_callback callback, void *context);
void resolver_cancel(struct resolver_question *question); /* at the latest from within its callback; NULL is ignored */

#endif

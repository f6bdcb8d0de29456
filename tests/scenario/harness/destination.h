/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * destination: what a relay leads to: a listener in the test program that serves each visit on a thread of its own and
 * counts everything.
 *
 * Runs on: the functions on the test's threads; a destination_serve on the visit's thread.
 * Owns: its threads and descriptors until destination_free, which waits for them.
 */
#ifndef MUNNEL_SCENARIO_DESTINATION_H
#define MUNNEL_SCENARIO_DESTINATION_H

#include "harness/socket.h"

#include <stdatomic.h>

struct destination;

struct visit {                /* one connection to it */
    int fd;                   /* closed behind the serve function */
    unsigned number;          /* 0, 1, 2 ... in the order of arrival */
    void *context;            /* as given at start */
    atomic_ullong came, went; /* bytes so far */
    uint64_t tag;             /* the rest is what the serve function found out; read it when the visit is over */
    struct tally_result sent, received;
    enum end end;
    bool sent_all;
    uint64_t over_ms; /* now_ms() at its end */
};

typedef void (*destination_serve)(struct visit *visit);

/* With `serve` NULL visits are held, without threads, until destination_free. */
struct destination *destination_start(destination_serve serve, void *context);
struct destination *destination_start_at(const char *address, destination_serve serve, void *context);
struct destination *destination_start_on(uint16_t port, destination_serve serve, void *context); /* of 127.0.0.1 */
void destination_free(struct destination *destination);                                          /* NULL is fine */

uint16_t destination_port(const struct destination *destination);
unsigned destination_visits(struct destination *destination); /* so far */
unsigned destination_over(struct destination *destination);   /* of them, those that are over */

/* Fails the test if there are not so many visits (visits that are over) in time. */
void destination_await_visits(struct destination *destination, unsigned count, unsigned ms);
void destination_await_over(struct destination *destination, unsigned count, unsigned ms);

/* A visit by its number; valid until destination_free. Read what it found out only when it is over. */
struct visit *destination_visit(struct destination *destination, unsigned number);
struct visit *destination_tagged(struct destination *destination, uint64_t tag); /* of those over; NULL if none */

/* Ways to serve. */
void serve_echo(struct visit *visit);     /* says back what it hears; FIN after FIN */
void serve_sink(struct visit *visit);     /* reads to the end */
void serve_source(struct visit *visit);   /* sends without end and never reads */
void serve_shout(struct visit *visit);    /* sends *(atomic_ullong *)context bytes of the source 1 and closes at once */
void serve_answer(struct visit *visit);   /* reads to the end; only then sends as many bytes as serve_shout */
void serve_name(struct visit *visit);     /* says the string `context` and closes */
void serve_forward(struct visit *visit);  /* a TCP proxy to 127.0.0.1:*(uint16_t *)context */
void serve_exchange(struct visit *visit); /* reads a struct errand, then does what it says, both ways at once */

struct errand {                 /* the first bytes that a client sends to serve_exchange */
    uint64_t tag, seed, length; /* of the answer */
};
enum { VISIT_MS = 120000 }; /* no visit lasts longer than this */

/* Ends a visit from outside, as a broken path does: to both sides of a serve_forward. */
void destination_cut(struct destination *destination, unsigned number);

/* A listener that takes no connection: its backlog is full, so that dialling it hangs. Close *extra and the result. */
int destination_full(uint16_t *port, int *extra);

#endif

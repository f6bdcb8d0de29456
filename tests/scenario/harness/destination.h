/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * destination: what a relay leads to: a listener in the test program that serves each connection on a thread of its own
 * and counts everything.
 *
 * Runs on: the functions on the test's threads; a destination_handler on the connection's thread.
 * Owns: its threads and descriptors until destination_free, which waits for them.
 */
#ifndef MUNNEL_SCENARIO_DESTINATION_H
#define MUNNEL_SCENARIO_DESTINATION_H

#include "harness/socket.h"

#include <stdatomic.h>

struct destination;

struct connection {
    int fd;                                   /* closed after the handler returns */
    unsigned number;                          /* 0, 1, 2 ... in the order of arrival */
    void *context;                            /* as given at start */
    atomic_ullong bytes_received, bytes_sent; /* so far */
    /* What the handler found out; read it when the connection has ended. */
    uint64_t tag;
    struct tally_result sent, received;
    enum end end;
    bool sent_all;
    uint64_t ended_ms; /* now_ms() at its end */
};

typedef void (*destination_handler)(struct connection *connection);

/* With `handler` NULL connections are held, without threads, until destination_free. */
struct destination *destination_start(destination_handler handler, void *context);
struct destination *destination_start_at(const char *address, destination_handler handler, void *context);
struct destination *destination_start_on(uint16_t port, destination_handler handler, void *context); /* of 127.0.0.1 */
void destination_free(struct destination *destination);                                              /* NULL is fine */

uint16_t destination_port(const struct destination *destination);
unsigned destination_connections(struct destination *destination); /* so far */
unsigned destination_ended(struct destination *destination);       /* of them, those that are over */

/* Fails the test if there are not so many connections (connections that are over) in time. */
void destination_await_connections(struct destination *destination, unsigned count, unsigned ms);
void destination_await_ended(struct destination *destination, unsigned count, unsigned ms);

/* A connection by its number; valid until destination_free. Read what it found out only when it is over. */
struct connection *destination_connection(struct destination *destination, unsigned number);
struct connection *destination_tagged(struct destination *destination, uint64_t tag); /* of those over; NULL if none */

/* Handlers. */
void handle_echo(struct connection *connection);   /* returns what it receives; FIN after FIN */
void handle_sink(struct connection *connection);   /* reads to the end */
void handle_source(struct connection *connection); /* sends without end and never reads */
/* Sends *(atomic_ullong *)context bytes of the source 1 and closes at once. */
void handle_send_and_close(struct connection *connection);
/* Reads to the end, and only then sends as many bytes as handle_send_and_close. */
void handle_answer_at_end(struct connection *connection);
void handle_greeting(struct connection *connection); /* sends the string `context` and closes */
void handle_forward(struct connection *connection);  /* a TCP proxy to 127.0.0.1:*(uint16_t *)context */
void handle_exchange(
    struct connection *connection); /* reads a struct exchange_request and answers, both ways at once */

struct exchange_request {       /* the first bytes that a client sends to handle_exchange */
    uint64_t tag, seed, length; /* of the answer */
};
enum { CONNECTION_MS = 120000 }; /* no connection lasts longer than this */

/* Ends a connection from outside, as a broken path does: to both sides of a handle_forward. */
void destination_cut(struct destination *destination, unsigned number);
unsigned destination_cut_all(struct destination *destination); /* returns how many */

/* A listener that takes no connection: its backlog is full, so that dialling it hangs. Close *extra and the result. */
int destination_full(uint16_t *port, int *extra);

#endif

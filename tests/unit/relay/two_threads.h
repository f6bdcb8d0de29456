/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_threads: two planes over TCP (two_planes.h), of which the server has two relay threads, with streams on either;
 * a test can stop a thread, or be without memory. tests/unit/relay/local.mk has what is to be wrapped for it.
 *
 * Runs on: one thread, beside those of the server. Owns: planes, streams, listener.
 */
#ifndef MUNNEL_TESTS_TWO_THREADS_H
#define MUNNEL_TESTS_TWO_THREADS_H

#include "relay/two_planes.h"

#include <semaphore.h>
#include <stdatomic.h>

enum { THREADS = 2, STREAMS = 6, A_WHILE_MS = 700 };

struct block {              /* a message that keeps the thread that it is delivered to */
    struct message message; /* first */
    sem_t entered, left;
};

struct served {
    evutil_socket_t client, far; /* the test's ends */
    struct client *lent;
    enum client_outcome outcome;
    size_t received;
};

extern struct world {
    struct two_planes planes;
    evutil_socket_t listener; /* of the destination */
    char destination[32];
    unsigned accepted, accept_failed, carriers[THREADS], gone, gone_by_thread[THREADS], over; /* events of the server */
    unsigned agents_carriers, agents_gone;
    struct link_ref greeted;
    struct served streams[STREAMS];
    int stream_count;
    int steps; /* allocations that succeed from the next greeting on; -1: all */
    struct block block;
    bool holds_source; /* blocks the thread that HELLO came to */
    int unblocking;    /* number of the thread that unblocks the other one by its end; -1: none */
} world;

extern atomic_int allocations_left; /* of the server's threads and of orders to them; -1: there is memory */

void begin(void);
void finish(void);

void block(unsigned thread); /* keeps it from its next message on, until world.block.left is posted */
/* What the server's threads do now comes to an end, and their events are delivered. */
void sync_with_threads(void);

bool run_until(unit_condition condition, void *context);
/* Conditions, for any context. */
bool never(void *context);
bool is_greeted(void *context);    /* since the last dial() */
bool agent_lost_it(void *context); /* its only link */

void dial(unsigned server_thread); /* a data link for it; HELLO comes to one thread after the other */
void add_link(unsigned server_thread);
uint64_t links_of(const struct plane *plane);

struct served *open_stream(unsigned server_thread);
void exchange(const struct served *stream); /* bytes both ways */
void end_stream(struct served *stream);     /* as both its ends have finished */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagram_queue: datagrams of one session, in one direction, that wait: for their link's turn, or for the destination.
 *
 * It has a bound, and so have all queues that share a memory, and all of a thread. Where one is reached the oldest of
 * this queue goes: what UDP carries is worth less with each moment. A queue that is empty may exceed the shared bounds
 * by its share of a reserve, so that those of others that are full, and do not move, do not stop it. A datagram that
 * has waited for too long is dropped when its turn comes, or when datagram_queue_first looks for it. Runs on: its
 * thread. Owns: the datagrams. An empty queue has no memory besides.
 */
#ifndef MUNNEL_RELAY_MUX_DATAGRAM_QUEUE_H
#define MUNNEL_RELAY_MUX_DATAGRAM_QUEUE_H

#include "lib/base/queue.h"
#include "relay/mux/datagram_counts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DATAGRAM_MEMORY_LIMIT = 64 * 1024 * 1024,            /* bytes of a thread that wait for links, ... */
    DATAGRAM_MEMORY_SESSION = DATAGRAM_MEMORY_LIMIT / 4, /* ... for those of one session */
    DATAGRAM_KEPT_LIMIT = 16 * 1024 * 1024,       /* bytes of a thread kept until a destination is reached, ... */
    DATAGRAM_KEPT_PORT = DATAGRAM_KEPT_LIMIT / 4, /* ... of one port of a server */
    DATAGRAM_RESERVE_PART = 16                    /* so many-th of each is for queues that are empty, besides */
};

struct datagram_limits { /* of one queue; each datagram counts with what keeps it */
    size_t bytes;
    unsigned count;
    uint64_t age_us;
};
/* For the link's turn. 1 MiB is 8 ms of a gigabit, and what one burst of a socket's buffer may be. */
extern const struct datagram_limits datagram_limits_of_link;

struct datagram_memory { /* shared by queues */
    size_t used, limit;
    struct datagram_memory *whole; /* of which this is a share; or NULL */
};

struct datagram {
    TAILQ_ENTRY(datagram) next;
    uint64_t since_us;
    size_t length;
    uint8_t bytes[];
};

struct datagram_queue {
    TAILQ_HEAD(datagrams, datagram) waiting;
    size_t bytes;
    unsigned count;
    enum datagram_way way;
    const struct datagram_limits *limits;
    struct datagram_memory *memory;
    struct datagram_counts *counts; /* of what it drops; */
    struct datagram_tally *tally;   /* of its session alone; NULL: none */
};

void datagram_queue_init(struct datagram_queue *queue, struct datagram_memory *memory,
                         const struct datagram_limits *limits, struct datagram_counts *counts, enum datagram_way way);
/* Would it drop none? */
bool datagram_queue_has_room(const struct datagram_queue *queue, size_t length);
/* A copy. What has no room is counted. */
void datagram_queue_add(struct datagram_queue *queue, const uint8_t *bytes, size_t length, uint64_t now_us);
/* The first that is not too old; NULL: none. It stays until it is taken out. */
const struct datagram *datagram_queue_first(struct datagram_queue *queue, uint64_t now_us);
void datagram_queue_take(struct datagram_queue *queue);   /* out and freed: the first */
void datagram_queue_end(struct datagram_queue *queue);    /* drops all */
void datagram_queue_forget(struct datagram_queue *queue); /* the same, and counts nothing: they were copies */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wait_queue: the clients of a service that wait for an agent, in order.
 * Runs on: the control thread. Owns: nothing; the clients are linked by their own `next` and `previous`.
 */
#ifndef MUNNEL_SERVER_SERVICE_WAIT_QUEUE_H
#define MUNNEL_SERVER_SERVICE_WAIT_QUEUE_H

#include "relay/plane.h"

struct wait_queue { /* all zero at first */
    struct client *first, *last;
    size_t count;
    uint64_t since_us; /* clock_us() when the first client was added to the empty queue */
};

void wait_queue_add(struct wait_queue *queue, struct client *client);       /* at the end */
void wait_queue_add_first(struct wait_queue *queue, struct client *client); /* has waited already: before all others */
void wait_queue_remove(struct wait_queue *queue, struct client *client);

#endif

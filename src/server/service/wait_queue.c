/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wait_queue: see wait_queue.h.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/wait_queue.h"

#include "lib/base/clock.h"

static void count_waiting(struct wait_queue *pending) {
    if (pending->count++ == 0)
        pending->since_us = clock_us();
}

void wait_queue_add(struct wait_queue *pending, struct client *client) {
    client->next = NULL;
    client->previous = pending->last;
    if (pending->last)
        pending->last->next = client;
    else
        pending->first = client;
    pending->last = client;
    count_waiting(pending);
}

void wait_queue_add_first(struct wait_queue *pending, struct client *client) {
    client->previous = NULL;
    client->next = pending->first;
    if (pending->first)
        pending->first->previous = client;
    else
        pending->last = client;
    pending->first = client;
    count_waiting(pending);
}

void wait_queue_remove(struct wait_queue *pending, struct client *client) {
    if (client->previous)
        client->previous->next = client->next;
    else
        pending->first = client->next;
    if (client->next)
        client->next->previous = client->previous;
    else
        pending->last = client->previous;
    client->next = client->previous = NULL;
    pending->count--;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wait_queue: see wait_queue.h.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/wait_queue.h"

#include "lib/base/clock.h"

static void count_waiting(struct wait_queue *queue) {
    if (queue->count++ == 0)
        queue->since_us = clock_us();
}

void wait_queue_add(struct wait_queue *queue, struct client *client) {
    client->next = NULL;
    client->previous = queue->last;
    if (queue->last)
        queue->last->next = client;
    else
        queue->first = client;
    queue->last = client;
    count_waiting(queue);
}

void wait_queue_add_first(struct wait_queue *queue, struct client *client) {
    client->previous = NULL;
    client->next = queue->first;
    if (queue->first)
        queue->first->previous = client;
    else
        queue->last = client;
    queue->first = client;
    count_waiting(queue);
}

void wait_queue_remove(struct wait_queue *queue, struct client *client) {
    if (client->previous)
        client->previous->next = client->next;
    else
        queue->first = client->next;
    if (client->next)
        client->next->previous = client->previous;
    else
        queue->last = client->previous;
    client->next = client->previous = NULL;
    queue->count--;
}

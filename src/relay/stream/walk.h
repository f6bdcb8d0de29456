/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * walk: goes through all relays of a thread, RELAY_VIEW_PIECE of them in a turn of its loop, since thousands at once
 * would be felt by their clients. Between two such pieces the thread rests from walks, so that they take a twentieth of
 * it, however often they are asked for, and none of its clients waits longer than for a piece: the thread visits 10,000
 * relays in 80 to 160 ms. One walk after the other.
 *
 * A relay that is there from the beginning to the end of a walk is visited exactly once, also if it opens meanwhile;
 * one that begins or ends meanwhile once at most. Runs on: the thread. Owns: nothing; a walk is its caller's until
 * `done`.
 */
#ifndef MUNNEL_RELAY_STREAM_WALK_H
#define MUNNEL_RELAY_STREAM_WALK_H

#include "lib/base/queue.h"

#include <stdbool.h>

struct relay;
struct relay_thread;

struct relay_walk { /* embedded */
    TAILQ_ENTRY(relay_walk) next;
    bool is_at_opened;                                           /* it has seen those that were opening */
    bool (*visit)(struct relay_walk *walk, struct relay *relay); /* false: no more. It may end this relay */
    void (*done)(struct relay_walk *walk); /* once, in a later turn or when the thread ends; may free it */
};

void relay_walks_init(struct relay_thread *thread);
void relay_walk_start(struct relay_thread *thread, struct relay_walk *walk);
/* This relay leaves the list that it is in. */
void relay_walk_skip(struct relay_thread *thread, const struct relay *relay);
void relay_walks_end(struct relay_thread *thread); /* they are done, with what they have seen */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * random_walk: the world of the random walks of test_relay.c, and those who live in it: clients, and the destinations
 * that are dialled for them. What each of them sends can be told from all else, so a stray byte is seen at once. Runs
 * on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_RANDOM_WALK_H
#define MUNNEL_TESTS_RANDOM_WALK_H

#include "two_planes.h"

enum { WALK_RELAYS = 400 };

struct pair { /* one client and the destination that was dialled for it */
    bool in_use, back, client_ended, client_gone, far_ended, far_gone, was_refused;
    int client, far; /* the test's ends; -1: none */
    size_t client_sent, client_got, far_sent, far_got;
    struct client *ticket;
};

struct world {
    struct two_planes planes;
    struct link_ref idle[TWO_PLANES_WIRES];
    int idle_count, links_up, links_gone;
    struct pair pairs[WALK_RELAYS];
    int pair_count, back_count;
    unsigned seed;
    size_t most; /* bytes that a stream may have */
};

unsigned chance(struct world *world, unsigned of); /* 0 to of - 1 */

/* One of the latest; NULL: there is none yet. */
struct pair *pair_some(struct world *world);

/* Who is there no more does nothing. */
void pair_client_speaks(struct world *world, struct pair *pair, size_t count);
void pair_client_acts(struct world *world, struct pair *pair);
void pair_far_acts(struct world *world, struct pair *pair);
void pair_end(struct pair *pair); /* both streams, in good order */

/* Receives what has come, and checks every byte of it; a clean end before everything has come would be a lie. */
void pair_check(struct world *world, struct pair *pair);
void pair_print(const struct world *world, const struct pair *pair);
void pair_close(struct pair *pair);

#endif

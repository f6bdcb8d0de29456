/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * random_walk: who acts in the random walks of test_relay.c: clients, and the destinations that are
 * dialled for them. What each of them sends differs from all else, so a stray byte is seen at once.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_RANDOM_WALK_H
#define MUNNEL_TESTS_RANDOM_WALK_H

#include "relay_world.h"

enum { WALK_RELAYS = 200 };

struct walk_relay { /* one client and the destination that was dialled for it */
    struct world_client client;
    bool client_ended, client_gone, far_ended, far_gone;
    size_t client_sent, client_got, far_sent, far_got;
};

struct walk {
    struct relay_world world;
    struct walk_relay relays[WALK_RELAYS];
    int count;
    uint32_t seed;
    size_t most; /* bytes that a stream may have */
};

unsigned chance(struct walk *walk, unsigned of); /* 0 to of - 1 */

struct walk_relay *walk_some(struct walk *walk); /* one of the latest; NULL: there is none yet */

/* Who is there no more does nothing. */
void walk_client_speaks(struct walk *walk, struct walk_relay *relay, size_t count);
void walk_client_acts(struct walk *walk, struct walk_relay *relay);
void walk_far_acts(struct walk *walk, struct walk_relay *relay);
void walk_end(struct walk_relay *relay); /* both streams, in good order */
uint8_t walk_client_byte(const struct walk *walk, const struct walk_relay *relay, size_t place);

/* Receives what has come, and checks every byte of it; a clean end before everything has come would be a lie. */
void walk_check(struct walk *walk, struct walk_relay *relay);
void walk_print(const struct walk *walk, const struct walk_relay *relay);
void walk_close(struct walk_relay *relay);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * penalty_box: which sources have failed and are blocked for a time, and which are trusted and never blocked. The table
 * is bounded: a new entry takes the place of the one that matters least.
 * Runs on: the control thread. Owns: its table. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_AUTH_PENALTY_BOX_H
#define MUNNEL_SERVER_AUTH_PENALTY_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PENALTY_BOX_TRUSTED_S = 3600, PENALTY_BOX_ROOM = 4096 };

struct penalty_terms {
    unsigned free;        /* this many failures cause no penalty */
    unsigned longest_s;   /* 0: penalties are off */
    unsigned forgotten_s; /* this long after a penalty the failures before it no longer count */
};

struct penalty_box;

struct penalty_box *penalty_box_new(const struct penalty_terms *terms); /* NULL when out of memory */
void penalty_box_free(struct penalty_box *box);
void penalty_box_set_longest(struct penalty_box *box, unsigned longest_s); /* of penalties from now on */

/*
 * One more failure of `key` (not 0): blocked for `seconds`, doubled with each failure. Failures while it is blocked
 * began before and count as one. Returns the seconds left now.
 */
unsigned penalty_box_add(struct penalty_box *box, uint64_t key, unsigned seconds, uint64_t now_us);
/* For people: of whom the key is, and why it failed last. Both are cut if they are longer. Nothing without the key. */
enum { PENALTY_NAME = 64, PENALTY_REASON = 64 };
void penalty_box_describe(struct penalty_box *box, uint64_t key, const char *name, const char *reason);
struct penalty { /* valid until the box changes */
    uint64_t key;
    const char *name, *reason; /* "" if it was not described */
    unsigned failures, left_s;
};
/* The blocked ones: the first at *at or behind it, which begins with 0 and is moved on; false: no more. */
bool penalty_box_next(const struct penalty_box *box, size_t *at, uint64_t now_us, struct penalty *penalty);
bool penalty_box_forgive(struct penalty_box *box, uint64_t key, uint64_t now_us);  /* false: it is not blocked */
unsigned penalty_box_left(struct penalty_box *box, uint64_t key, uint64_t now_us); /* seconds, rounded up */

void penalty_box_trust(struct penalty_box *box, uint64_t key, uint64_t now_us); /* for PENALTY_BOX_TRUSTED_S */
bool penalty_box_trusts(struct penalty_box *box, uint64_t key, uint64_t now_us);
void penalty_box_reset(struct penalty_box *box); /* ends all penalties; trust stays */

#endif

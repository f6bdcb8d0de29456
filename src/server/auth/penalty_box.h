/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * penalty_box: who has failed, and for how long he is not listened to; and who is known, and never punished. The table
 * is bounded: when it is full whoever comes next takes the place of one whose penalty is over, or nearly. Runs on: the
 * control thread. Owns: its table. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_AUTH_PENALTY_BOX_H
#define MUNNEL_SERVER_AUTH_PENALTY_BOX_H

#include <stdbool.h>
#include <stdint.h>

enum { PENALTY_BOX_TRUSTED_S = 3600, PENALTY_BOX_ROOM = 4096 };

struct penalty_terms {
    unsigned free;        /* so many failures cost nothing */
    unsigned longest_s;   /* 0: nobody is punished */
    unsigned forgotten_s; /* so long after a penalty is over nothing is known of it any more */
};

struct penalty_box;

struct penalty_box *penalty_box_new(const struct penalty_terms *terms); /* NULL when out of memory */
void penalty_box_free(struct penalty_box *penalties);

/*
 * `who` (any number but 0) has failed once more: `seconds`, and twice as much each time. Failures while a penalty runs
 * were begun before it and count as one. Returns the seconds that are left of it now.
 */
unsigned penalty_box_add(struct penalty_box *penalties, uint64_t who, unsigned seconds, uint64_t now_us);
unsigned penalty_box_left(struct penalty_box *penalties, uint64_t who,
                          uint64_t now_us); /* seconds, rounded up; 0: none */

void penalty_box_trust(struct penalty_box *penalties, uint64_t who, uint64_t now_us); /* for PENALTY_BOX_TRUSTED_S */
bool penalty_box_trusts(struct penalty_box *penalties, uint64_t who, uint64_t now_us);
void penalty_box_reset(struct penalty_box *penalties);

#endif

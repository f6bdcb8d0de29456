/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * penalties: who has failed, and for how long he is not listened to; and who is known, and never punished. The table is
 * bounded: when it is full whoever comes next takes the place of one whose penalty is over, or nearly.
 * Runs on: the control thread. Owns: its table. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_PENALTIES_H
#define MUNNEL_SERVER_PENALTIES_H

#include <stdbool.h>
#include <stdint.h>

enum { PENALTIES_KNOWN_S = 3600, PENALTIES_ROOM = 4096 };

struct penalty_terms {
    unsigned free;        /* so many failures cost nothing */
    unsigned longest_s;   /* 0: nobody is punished */
    unsigned forgotten_s; /* so long after a penalty is over nothing is known of it any more */
};

struct penalties;

struct penalties *penalties_new(const struct penalty_terms *terms); /* NULL when out of memory */
void penalties_free(struct penalties *penalties);

/*
 * `who` (any number but 0) has failed once more: `seconds`, and twice as much each time. Failures while a penalty runs
 * were begun before it and count as one. Returns the seconds that are left of it now.
 */
unsigned penalties_add(struct penalties *penalties, uint64_t who, unsigned seconds, uint64_t now_us);
unsigned penalties_left(struct penalties *penalties, uint64_t who, uint64_t now_us); /* seconds, rounded up; 0: none */

void penalties_know(struct penalties *penalties, uint64_t who, uint64_t now_us); /* for PENALTIES_KNOWN_S */
bool penalties_knows(struct penalties *penalties, uint64_t who, uint64_t now_us);
void penalties_forgive_all(struct penalties *penalties);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * penalty_box: see penalty_box.h. A number has a few places where it may stand, so that neither looking nor making room
 * takes longer when strangers fill the table.
 * Runs on: the control thread. Owns: its table.
 */
#include "config.h"

#include "server/auth/penalty_box.h"

#include <stdlib.h>

enum { WAYS = 4, SETS = PENALTY_BOX_ROOM / WAYS, SECOND_US = 1000000 };

struct offender {
    uint64_t who; /* 0: free */
    uint64_t until_us, known_until_us;
    unsigned strikes;
};

struct penalty_box {
    struct penalty_terms terms;
    struct offender offenders[SETS][WAYS];
};

struct penalty_box *penalty_box_new(const struct penalty_terms *terms) {
    struct penalty_box *penalties = calloc(1, sizeof *penalties);

    if (penalties)
        penalties->terms = *terms;
    return penalties;
}

void penalty_box_free(struct penalty_box *penalties) {
    free(penalties);
}

static struct offender *penalties_find(struct penalty_box *penalties, uint64_t who) {
    struct offender *set = penalties->offenders[who % SETS];

    for (int i = 0; i < WAYS; i++)
        if (set[i].who == who)
            return &set[i];
    return NULL;
}

/* How much would be lost: nothing, a penalty, an acquaintance. */
static uint64_t offender_worth(const struct offender *offender, uint64_t now_us) {
    if (offender->known_until_us > now_us)
        return UINT64_MAX / 2 + offender->known_until_us;
    return offender->until_us;
}

static struct offender *penalties_find_or_add(struct penalty_box *penalties, uint64_t who, uint64_t now_us) {
    struct offender *found = penalties_find(penalties, who), *set = penalties->offenders[who % SETS];

    if (found)
        return found;
    found = set;
    for (int i = 1; i < WAYS; i++)
        if (offender_worth(&set[i], now_us) < offender_worth(found, now_us))
            found = &set[i];
    *found = (struct offender){.who = who};
    return found;
}

static unsigned penalties_length(const struct penalty_box *penalties, unsigned seconds, unsigned strikes) {
    unsigned length = seconds;

    if (strikes <= penalties->terms.free)
        return 0;
    for (unsigned i = penalties->terms.free + 1; i < strikes && length < penalties->terms.longest_s; i++)
        length *= 2;
    return length < penalties->terms.longest_s ? length : penalties->terms.longest_s;
}

static unsigned seconds_until(uint64_t until_us, uint64_t now_us) {
    return until_us > now_us ? (unsigned)((until_us - now_us + SECOND_US - 1) / SECOND_US) : 0;
}

unsigned penalty_box_add(struct penalty_box *penalties, uint64_t who, unsigned seconds, uint64_t now_us) {
    struct offender *offender = penalties_find_or_add(penalties, who, now_us);
    uint64_t forgotten_us = offender->until_us + (uint64_t)penalties->terms.forgotten_s * SECOND_US;

    if (offender->until_us > now_us)
        return seconds_until(offender->until_us, now_us);
    if (forgotten_us < now_us)
        offender->strikes = 0;
    offender->strikes++;
    offender->until_us = now_us + (uint64_t)penalties_length(penalties, seconds, offender->strikes) * SECOND_US;
    return seconds_until(offender->until_us, now_us);
}

unsigned penalty_box_left(struct penalty_box *penalties, uint64_t who, uint64_t now_us) {
    const struct offender *offender = penalties_find(penalties, who);

    return offender ? seconds_until(offender->until_us, now_us) : 0;
}

void penalty_box_trust(struct penalty_box *penalties, uint64_t who, uint64_t now_us) {
    struct offender *offender = penalties_find_or_add(penalties, who, now_us);

    offender->known_until_us = now_us + PENALTY_BOX_TRUSTED_S * (uint64_t)SECOND_US;
    offender->until_us = 0;
    offender->strikes = 0;
}

bool penalty_box_trusts(struct penalty_box *penalties, uint64_t who, uint64_t now_us) {
    const struct offender *offender = penalties_find(penalties, who);

    return offender && offender->known_until_us > now_us;
}

void penalty_box_reset(struct penalty_box *penalties) {
    for (int set = 0; set < SETS; set++)
        for (int way = 0; way < WAYS; way++) {
            penalties->offenders[set][way].until_us = 0;
            penalties->offenders[set][way].strikes = 0;
        }
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * penalty_box: see penalty_box.h. Set-associative: a key has WAYS places, so finding it and evicting another for it
 * cost the same however full the table is.
 */
#include "config.h"

#include "server/auth/penalty_box.h"

#include "lib/base/strbuf.h"

#include <stdlib.h>

enum { WAYS = 4, SETS = PENALTY_BOX_ROOM / WAYS, SECOND_US = 1000000 };

struct entry {
    uint64_t key; /* 0: free */
    uint64_t blocked_until_us, trusted_until_us;
    unsigned failures;
    char name[PENALTY_NAME], reason[PENALTY_REASON];
};

struct penalty_box {
    struct penalty_terms terms;
    struct entry entries[SETS][WAYS];
};

struct penalty_box *penalty_box_new(const struct penalty_terms *terms) {
    struct penalty_box *box = calloc(1, sizeof *box);

    if (box)
        box->terms = *terms;
    return box;
}

void penalty_box_free(struct penalty_box *box) {
    free(box);
}

void penalty_box_set_longest(struct penalty_box *box, unsigned longest_s) {
    box->terms.longest_s = longest_s;
}

static struct entry *find(struct penalty_box *box, uint64_t key) {
    struct entry *set = box->entries[key % SETS];

    for (int i = 0; i < WAYS; i++)
        if (set[i].key == key)
            return &set[i];
    return NULL;
}

/* The lowest is evicted: an entry that blocks nothing, then the penalty that ends first, then a trusted one. */
static uint64_t eviction_cost(const struct entry *entry, uint64_t now_us) {
    if (entry->trusted_until_us > now_us)
        return UINT64_MAX / 2 + entry->trusted_until_us;
    return entry->blocked_until_us;
}

static struct entry *find_or_add(struct penalty_box *box, uint64_t key, uint64_t now_us) {
    struct entry *found = find(box, key), *set = box->entries[key % SETS];

    if (found)
        return found;
    found = set;
    for (int i = 1; i < WAYS; i++)
        if (eviction_cost(&set[i], now_us) < eviction_cost(found, now_us))
            found = &set[i];
    *found = (struct entry){.key = key};
    return found;
}

static unsigned penalty_seconds(const struct penalty_box *box, unsigned seconds, unsigned failures) {
    unsigned length = seconds;

    if (failures <= box->terms.free)
        return 0;
    for (unsigned i = box->terms.free + 1; i < failures && length < box->terms.longest_s; i++)
        length *= 2;
    return length < box->terms.longest_s ? length : box->terms.longest_s;
}

static unsigned seconds_until(uint64_t until_us, uint64_t now_us) {
    return until_us > now_us ? (unsigned)((until_us - now_us + SECOND_US - 1) / SECOND_US) : 0;
}

unsigned penalty_box_add(struct penalty_box *box, uint64_t key, unsigned seconds, uint64_t now_us) {
    struct entry *entry = find_or_add(box, key, now_us);
    uint64_t forgotten_us = entry->blocked_until_us + (uint64_t)box->terms.forgotten_s * SECOND_US;

    if (entry->blocked_until_us > now_us)
        return seconds_until(entry->blocked_until_us, now_us);
    if (forgotten_us < now_us)
        entry->failures = 0;
    entry->failures++;
    entry->blocked_until_us = now_us + (uint64_t)penalty_seconds(box, seconds, entry->failures) * SECOND_US;
    return seconds_until(entry->blocked_until_us, now_us);
}

unsigned penalty_box_left(struct penalty_box *box, uint64_t key, uint64_t now_us) {
    const struct entry *entry = find(box, key);

    return entry ? seconds_until(entry->blocked_until_us, now_us) : 0;
}

void penalty_box_trust(struct penalty_box *box, uint64_t key, uint64_t now_us) {
    struct entry *entry = find_or_add(box, key, now_us);

    entry->trusted_until_us = now_us + PENALTY_BOX_TRUSTED_S * (uint64_t)SECOND_US;
    entry->blocked_until_us = 0;
    entry->failures = 0;
}

bool penalty_box_trusts(struct penalty_box *box, uint64_t key, uint64_t now_us) {
    const struct entry *entry = find(box, key);

    return entry && entry->trusted_until_us > now_us;
}

void penalty_box_reset(struct penalty_box *box) {
    for (int set = 0; set < SETS; set++)
        for (int way = 0; way < WAYS; way++) {
            box->entries[set][way].blocked_until_us = 0;
            box->entries[set][way].failures = 0;
        }
}

void penalty_box_describe(struct penalty_box *box, uint64_t key, const char *name, const char *reason) {
    struct entry *entry = find(box, key);

    if (!entry)
        return;
    strbuf_copy(entry->name, sizeof entry->name, name);
    strbuf_copy(entry->reason, sizeof entry->reason, reason);
}

bool penalty_box_next(const struct penalty_box *box, size_t *at, uint64_t now_us, struct penalty *penalty) {
    for (; *at < PENALTY_BOX_ROOM; ++*at) {
        const struct entry *entry = &box->entries[*at / WAYS][*at % WAYS];
        if (!entry->key || entry->blocked_until_us <= now_us || entry->trusted_until_us > now_us)
            continue;
        *penalty = (struct penalty){.key = entry->key,
                                    .name = entry->name,
                                    .reason = entry->reason,
                                    .failures = entry->failures,
                                    .left_s = seconds_until(entry->blocked_until_us, now_us)};
        ++*at;
        return true;
    }
    return false;
}

bool penalty_box_forgive(struct penalty_box *box, uint64_t key, uint64_t now_us) {
    struct entry *entry = find(box, key);

    if (!entry || entry->blocked_until_us <= now_us)
        return false;
    entry->blocked_until_us = 0;
    entry->failures = 0;
    return true;
}

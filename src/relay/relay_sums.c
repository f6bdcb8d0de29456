/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_sums: see relay_sums.h. Open addressing; it grows when half of the slots are taken, so items have room for half
 * as many.
 */
#include "config.h"

#include "relay/relay_sums.h"

#include "lib/base/hash.h"
#include "lib/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 32 };

/* The slot that has the agent, or is free for it. */
static uint32_t *find(const struct relay_sums *sums, const char *agent) {
    size_t at = (size_t)hash_mix(hash_bytes(HASH_START, agent, strlen(agent)));
    for (;; at++) {
        uint32_t *slot = &sums->slots[at & (sums->slot_count - 1)];
        if (!*slot || strcmp(sums->items[*slot - 1].agent, agent) == 0)
            return slot;
    }
}

static bool grow(struct relay_sums *sums) {
    size_t slot_count = sums->slot_count ? 2 * sums->slot_count : SLOTS;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    struct relay_sum *items = slots ? realloc(sums->items, slot_count / 2 * sizeof *items) : NULL;
    if (!items) {
        free(slots);
        return false;
    }
    free(sums->slots);
    sums->items = items;
    sums->slots = slots;
    sums->slot_count = slot_count;
    for (size_t i = 0; i < sums->count; i++)
        *find(sums, items[i].agent) = (uint32_t)i + 1;
    return true;
}

static bool add(struct relay_sums *sums, const struct relay_sum *sum) {
    if (2 * sums->count >= sums->slot_count && !grow(sums))
        return false;
    uint32_t *slot = find(sums, sum->agent);
    if (!*slot) {
        sums->items[sums->count] = *sum;
        *slot = (uint32_t)++sums->count;
        return true;
    }
    struct relay_sum *item = &sums->items[*slot - 1];
    item->relays += sum->relays;
    item->up_rate += sum->up_rate;
    item->down_rate += sum->down_rate;
    return true;
}

bool relay_sums_add(struct relay_sums *sums, const struct relay_view *view) {
    struct relay_sum sum = {.relays = 1, .up_rate = view->up_rate, .down_rate = view->down_rate};
    strbuf_copy(sum.agent, sizeof sum.agent, view->agent);
    return add(sums, &sum);
}

bool relay_sums_add_all(struct relay_sums *sums, const struct relay_sums *others) {
    for (size_t i = 0; i < others->count; i++)
        if (!add(sums, &others->items[i]))
            return false;
    return true;
}

void relay_sums_done(struct relay_sums *sums) {
    free(sums->items);
    free(sums->slots);
    *sums = (struct relay_sums){0};
}

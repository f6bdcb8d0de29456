/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reply_budget: see reply_budget.h.
 */
#include "config.h"

#include "relay/datagram/reply_budget.h"

#include "lib/base/hash.h"
#include "lib/base/secret.h"
#include "lib/net/source_key.h"

#include <stdlib.h>

enum { BUCKETS_FIRST = 64, BUDGETS_MOST = 1 << 17, SECOND_US = 1000000 };

static const int64_t earned_most = INT64_C(1) << 40;

struct reply_budget {
    struct reply_budget *next;
    uint64_t key, filled_us; /* filled_us: when the free bytes were added last */
    int64_t bytes;
    size_t users;
};

static struct reply_budget **bucket_of(const struct reply_budgets *budgets, uint64_t key) {
    return &budgets->buckets[hash_mix(key ^ budgets->secret) & (budgets->room - 1)];
}

static bool begin(struct reply_budgets *budgets) {
    if (budgets->buckets)
        return true;
    if (secret_random(&budgets->secret, sizeof budgets->secret))
        return false;
    budgets->buckets = calloc(BUCKETS_FIRST, sizeof(struct reply_budget *));
    budgets->room = budgets->buckets ? BUCKETS_FIRST : 0;
    return budgets->buckets;
}

/* Without memory the chains grow longer. */
static void grow(struct reply_budgets *budgets) {
    struct reply_budget **before = budgets->buckets, **buckets = calloc(2 * budgets->room, sizeof *buckets);
    size_t room = budgets->room;

    if (!buckets)
        return;
    budgets->buckets = buckets;
    budgets->room = 2 * room;
    for (size_t i = 0; i < room; i++)
        for (struct reply_budget *budget = before[i], *next; budget; budget = next) {
            struct reply_budget **head = bucket_of(budgets, budget->key);
            next = budget->next;
            budget->next = *head;
            *head = budget;
        }
    free(before);
}

static struct reply_budget *find(const struct reply_budgets *budgets, uint64_t key) {
    struct reply_budget *budget = *bucket_of(budgets, key);

    while (budget && budget->key != key)
        budget = budget->next;
    return budget;
}

static struct reply_budget *add(struct reply_budgets *budgets, uint64_t key, uint64_t now_us) {
    struct reply_budget *budget = budgets->count < BUDGETS_MOST ? malloc(sizeof *budget) : NULL;

    if (!budget)
        return NULL;
    if (budgets->count >= budgets->room)
        grow(budgets);
    struct reply_budget **head = bucket_of(budgets, key);
    *budget = (struct reply_budget){.next = *head, .key = key, .filled_us = now_us, .bytes = REPLY_BUDGET_BURST};
    *head = budget;
    budgets->count++;
    return budget;
}

struct reply_budget *reply_budget_get(struct reply_budgets *budgets, const struct addr *peer, uint64_t now_us) {
    uint64_t key = source_key_of(peer);

    if (!begin(budgets))
        return NULL;
    struct reply_budget *budget = find(budgets, key);
    if (!budget)
        budget = add(budgets, key, now_us);
    if (budget)
        budget->users++;
    return budget;
}

void reply_budget_leave(struct reply_budget *budget) {
    if (budget)
        budget->users--;
}

static void fill(struct reply_budget *budget, uint64_t now_us) {
    uint64_t passed_us = now_us > budget->filled_us ? now_us - budget->filled_us : 0;
    int64_t lacks = REPLY_BUDGET_BURST - budget->bytes;
    int64_t more = (int64_t)(passed_us * REPLY_BUDGET_FREE / SECOND_US);

    if (more >= lacks) {
        budget->filled_us = now_us;
        budget->bytes += lacks > 0 ? lacks : 0;
        return;
    }
    budget->filled_us += ((uint64_t)more * SECOND_US + REPLY_BUDGET_FREE - 1) / REPLY_BUDGET_FREE;
    budget->bytes += more;
}

void reply_budget_earn(struct reply_budget *budget, size_t received, unsigned factor) {
    budget->bytes += (int64_t)received * factor;
    if (budget->bytes > earned_most)
        budget->bytes = earned_most;
}

bool reply_budget_spend(struct reply_budget *budget, size_t bytes, uint64_t now_us) {
    fill(budget, now_us);
    if (budget->bytes < (int64_t)bytes)
        return false;
    budget->bytes -= (int64_t)bytes;
    return true;
}

static bool is_needed(struct reply_budget *budget, uint64_t now_us) {
    fill(budget, now_us);
    return budget->users > 0 || budget->bytes < REPLY_BUDGET_BURST;
}

void reply_budgets_sweep(struct reply_budgets *budgets, uint64_t now_us) {
    for (size_t i = 0; i < budgets->room && budgets->count > 0; i++) {
        struct reply_budget **at = &budgets->buckets[i];
        while (*at) {
            struct reply_budget *budget = *at;
            if (is_needed(budget, now_us)) {
                at = &budget->next;
                continue;
            }
            *at = budget->next;
            free(budget);
            budgets->count--;
        }
    }
}

void reply_budgets_free(struct reply_budgets *budgets) {
    for (size_t i = 0; i < budgets->room; i++)
        for (struct reply_budget *budget = budgets->buckets[i], *next; budget; budget = next) {
            next = budget->next;
            free(budget);
        }
    free(budgets->buckets);
    *budgets = (struct reply_budgets){.count = 0};
}

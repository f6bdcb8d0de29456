/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bans: see bans.h. A hash table with chains, whose hash has a secret in it: who has many addresses cannot have them
 * banned into one chain. All bans are in a list besides, the newest first.
 */
#include "config.h"

#include "server/service/bans.h"

#include "lib/base/hash.h"
#include "lib/base/secret.h"

#include <stdlib.h>
#include <string.h>

enum { HEADS = 16384 };

struct bans {
    size_t count;
    uint64_t secret;
    uint64_t earliest_us; /* no ban ends before */
    TAILQ_HEAD(ban_list, ban) all;
    struct ban *heads[HEADS];
};

struct bans *bans_new(void) {
    struct bans *bans = calloc(1, sizeof *bans);

    if (!bans)
        return NULL;
    TAILQ_INIT(&bans->all);
    if (secret_random(&bans->secret, sizeof bans->secret) == 0)
        return bans;
    free(bans);
    return NULL;
}

void bans_free(struct bans *bans) {
    struct ban *ban;

    while (bans && (ban = TAILQ_FIRST(&bans->all))) {
        TAILQ_REMOVE(&bans->all, ban, in_order);
        free(ban);
    }
    free(bans);
}

/* ---- the table ---- */

static size_t head_of(const struct bans *bans, const uint8_t source[SOURCE_BYTES]) {
    return hash_mix(hash_bytes(bans->secret, source, SOURCE_BYTES)) % HEADS;
}

static bool is_of_source(const struct ban *ban, const uint8_t source[SOURCE_BYTES]) {
    return memcmp(ban->source, source, SOURCE_BYTES) == 0;
}

static bool is_of_service(const struct ban *ban, const char *service) {
    return ban->service && service ? strcmp(ban->service, service) == 0 : ban->service == service;
}

static struct ban *find(const struct bans *bans, const uint8_t source[SOURCE_BYTES], const char *service) {
    struct ban *ban = bans->heads[head_of(bans, source)];

    while (ban && !(is_of_source(ban, source) && is_of_service(ban, service)))
        ban = ban->next;
    return ban;
}

static void drop(struct bans *bans, struct ban *ban) {
    struct ban **at = &bans->heads[head_of(bans, ban->source)];

    while (*at != ban)
        at = &(*at)->next;
    *at = ban->next;
    TAILQ_REMOVE(&bans->all, ban, in_order);
    bans->count--;
    free(ban);
}

/* ---- changes ---- */

/* Copies the text to where *room points, and moves that on. */
static const char *keep(char **room, const char *text) {
    char *at = *room;
    size_t size = strlen(text) + 1;

    memcpy(at, text, size);
    *room += size;
    return at;
}

/* One allocation: the texts are behind the struct. */
static struct ban *make(const struct ban_order *order) {
    char address[ADDR_TEXT];

    source_name(&order->address, address, sizeof address);
    struct ban *ban = calloc(1, sizeof *ban + strlen(address) + strlen(order->by) + strlen(order->reason) +
                                    (order->service ? strlen(order->service) : 0) + 4);
    if (!ban)
        return NULL;
    char *room = (char *)(ban + 1);
    ban->address = keep(&room, address);
    ban->by = keep(&room, order->by);
    ban->reason = keep(&room, order->reason);
    ban->service = order->service ? keep(&room, order->service) : NULL;
    return ban;
}

static void insert(struct bans *bans, struct ban *ban) {
    struct ban **head = &bans->heads[head_of(bans, ban->source)];

    ban->next = *head;
    *head = ban;
    TAILQ_INSERT_HEAD(&bans->all, ban, in_order);
    if (!bans->count++ || ban->until_us < bans->earliest_us)
        bans->earliest_us = ban->until_us;
}

enum bans_result bans_add(struct bans *bans, const struct ban_order *order, uint64_t now_us, const struct ban **ban) {
    uint8_t source[SOURCE_BYTES] = {0};
    struct ban *before = source_bytes_of(&order->address, source) ? find(bans, source, order->service) : NULL;

    if (!before && bans->count >= BANS_MOST)
        return BANS_FULL;
    struct ban *made = make(order);
    if (!made)
        return BANS_MEMORY;
    memcpy(made->source, source, sizeof source);
    made->until_us = now_us + (uint64_t)order->seconds * 1000000;
    if (before)
        drop(bans, before);
    insert(bans, made);
    *ban = made;
    return before ? BANS_CHANGED : BANS_ADDED;
}

size_t bans_remove(struct bans *bans, const struct addr *address, const char *service) {
    uint8_t source[SOURCE_BYTES];
    size_t removed = 0;

    if (!bans->count || !source_bytes_of(address, source))
        return 0;
    for (struct ban *ban = bans->heads[head_of(bans, source)], *next; ban; ban = next) {
        next = ban->next;
        if (!is_of_source(ban, source) || (service && !is_of_service(ban, service)))
            continue;
        drop(bans, ban);
        removed++;
    }
    return removed;
}

bool bans_match(const struct bans *bans, const struct addr *peer, const char *service, uint64_t now_us) {
    uint8_t source[SOURCE_BYTES];

    if (!bans->count || !source_bytes_of(peer, source))
        return false;
    for (const struct ban *ban = bans->heads[head_of(bans, source)]; ban; ban = ban->next)
        if (is_of_source(ban, source) && now_us < ban->until_us && (!ban->service || is_of_service(ban, service)))
            return true;
    return false;
}

/* ---- time ---- */

/* Looks at all of them when one has ended: some milliseconds for a full table. */
void bans_tick(struct bans *bans, uint64_t now_us) {
    if (!bans->count || now_us < bans->earliest_us)
        return;
    bans->earliest_us = UINT64_MAX;
    for (struct ban *ban = TAILQ_FIRST(&bans->all), *next; ban; ban = next) {
        next = TAILQ_NEXT(ban, in_order);
        if (ban->until_us <= now_us)
            drop(bans, ban);
        else if (ban->until_us < bans->earliest_us)
            bans->earliest_us = ban->until_us;
    }
}

size_t bans_count(const struct bans *bans) {
    return bans->count;
}

const struct ban *bans_first(const struct bans *bans) {
    return TAILQ_FIRST(&bans->all);
}

const struct ban *bans_after(const struct ban *ban) {
    return TAILQ_NEXT(ban, in_order);
}

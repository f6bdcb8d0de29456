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
#include "lib/log/log.h"

#include <stdlib.h>
#include <string.h>

enum { HEADS = 16384, LINES_A_MINUTE = 10 };

struct ban_owner { /* an agent, as long as it has bans */
    struct ban_owner *next;
    size_t count;
    char name[];
};

struct bans {
    size_t count, of_agents;
    uint64_t secret;
    uint64_t earliest_us; /* no ban ends before */
    TAILQ_HEAD(ban_list, ban) all;
    struct ban_owner *owners; /* the one that was looked for last comes first */
    uint64_t ignored[BAN_IGNORED_COUNT];
    struct log_limit lines;
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

static struct ban *find(const struct bans *bans, const uint8_t source[SOURCE_BYTES], const char *service,
                        const struct ban_owner *owner) {
    struct ban *ban = bans->heads[head_of(bans, source)];

    while (ban && !(is_of_source(ban, source) && is_of_service(ban, service) && ban->owner == owner))
        ban = ban->next;
    return ban;
}

/* An agent sends many at a time: it comes first for the next ones. NULL: it has no bans. */
static struct ban_owner *find_owner(struct bans *bans, const char *agent) {
    struct ban_owner **at = &bans->owners, *owner;

    while ((owner = *at) && strcmp(owner->name, agent) != 0)
        at = &owner->next;
    if (!owner)
        return NULL;
    *at = owner->next;
    owner->next = bans->owners;
    bans->owners = owner;
    return owner;
}

/* With one ban more. NULL: out of memory. */
static struct ban_owner *join_owner(struct bans *bans, struct ban_owner *owner, const char *agent) {
    size_t size = strlen(agent) + 1;

    if (!owner) {
        owner = calloc(1, sizeof *owner + size);
        if (!owner)
            return NULL;
        memcpy(owner->name, agent, size);
        owner->next = bans->owners;
        bans->owners = owner;
    }
    owner->count++;
    bans->of_agents++;
    return owner;
}

static void leave_owner(struct bans *bans, struct ban_owner *owner) {
    struct ban_owner **at = &bans->owners;

    if (!owner)
        return;
    bans->of_agents--;
    if (--owner->count)
        return;
    while (*at != owner)
        at = &(*at)->next;
    *at = owner->next;
    free(owner);
}

static void drop(struct bans *bans, struct ban *ban) {
    struct ban **at = &bans->heads[head_of(bans, ban->source)];

    while (*at != ban)
        at = &(*at)->next;
    *at = ban->next;
    TAILQ_REMOVE(&bans->all, ban, in_order);
    bans->count--;
    leave_owner(bans, ban->owner);
    free(ban);
}

void bans_free(struct bans *bans) {
    while (bans && bans->count)
        drop(bans, TAILQ_FIRST(&bans->all));
    free(bans);
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

static bool is_full(const struct bans *bans, const struct ban_order *order, const struct ban_owner *owner) {
    return bans->count >= BANS_MOST || (order->agent && bans->of_agents >= BANS_OF_AGENTS_MOST) ||
           (owner && owner->count >= BANS_OF_AGENT_MOST);
}

enum bans_result bans_add(struct bans *bans, const struct ban_order *order, uint64_t now_us, const struct ban **ban) {
    uint8_t source[SOURCE_BYTES] = {0};
    struct ban_owner *owner = order->agent ? find_owner(bans, order->agent) : NULL;
    bool has_before = source_bytes_of(&order->address, source) && (owner || !order->agent);
    struct ban *before = has_before ? find(bans, source, order->service, owner) : NULL;

    if (!before && is_full(bans, order, owner))
        return BANS_FULL;
    struct ban *made = make(order);
    if (made && order->agent)
        made->owner = join_owner(bans, owner, order->agent);
    if (!made || (order->agent && !made->owner)) {
        free(made);
        return BANS_MEMORY;
    }
    memcpy(made->source, source, sizeof source);
    made->until_us = now_us + (uint64_t)order->seconds * 1000000;
    if (before)
        drop(bans, before);
    insert(bans, made);
    *ban = made;
    return before ? BANS_CHANGED : BANS_ADDED;
}

size_t bans_remove(struct bans *bans, const struct addr *address, const char *service, const char *agent) {
    const struct ban_owner *owner = agent ? find_owner(bans, agent) : NULL;
    uint8_t source[SOURCE_BYTES];
    size_t removed = 0;

    if (!bans->count || !source_bytes_of(address, source) || (agent && !owner))
        return 0;
    for (struct ban *ban = bans->heads[head_of(bans, source)], *next; ban; ban = next) {
        next = ban->next;
        if (!is_of_source(ban, source) || (service && !is_of_service(ban, service)) || (owner && ban->owner != owner))
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

size_t bans_count_of_agents(const struct bans *bans) {
    return bans->of_agents;
}

const struct ban *bans_first(const struct bans *bans) {
    return TAILQ_FIRST(&bans->all);
}

const struct ban *bans_after(const struct ban *ban) {
    return TAILQ_NEXT(ban, in_order);
}

/* ---- what agents asked for in vain ---- */

const char *ban_ignored_label(enum ban_ignored why) {
    static const char *const labels[BAN_IGNORED_COUNT] = {
#define BAN_IGNORED_LABEL(name, label, detail) label,
        BANS_IGNORED(BAN_IGNORED_LABEL)
#undef BAN_IGNORED_LABEL
    };
    return labels[why];
}

const char *ban_ignored_detail(enum ban_ignored why) {
    static const char *const details[BAN_IGNORED_COUNT] = {
#define BAN_IGNORED_DETAIL(name, label, detail) detail,
        BANS_IGNORED(BAN_IGNORED_DETAIL)
#undef BAN_IGNORED_DETAIL
    };
    return details[why];
}

bool bans_note_ignored(struct bans *bans, enum ban_ignored why, unsigned *left_out) {
    bans->ignored[why]++;
    return log_limit_allows(&bans->lines, LINES_A_MINUTE, left_out);
}

uint64_t bans_ignored(const struct bans *bans, enum ban_ignored why) {
    return bans->ignored[why];
}

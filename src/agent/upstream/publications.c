/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publications: see publications.h.
 */
#include "config.h"

#include "agent/upstream/publications.h"

#include "lib/base/clock.h"
#include "lib/base/secret.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 4 * PUBLICATIONS_MOST /* leases that come and go faster than servers hear of it */ };

struct publications {
    TAILQ_HEAD(, publication) entries;
    size_t servers, count, kept; /* count: without those that are withdrawn; kept: with them */
    struct publications_owner owner;
};

const char *publication_state_label(enum publication_state state) {
    static const char *const labels[PUBLICATION_STATE_COUNT] = {
#define PUBLICATION_STATE_LABEL(name, label) label,
        PUBLICATION_STATES(PUBLICATION_STATE_LABEL)
#undef PUBLICATION_STATE_LABEL
    };

    return labels[state];
}

struct publications *publications_new(size_t servers, const struct publications_owner *owner) {
    struct publications *list = calloc(1, sizeof *list);

    if (!list)
        return NULL;
    TAILQ_INIT(&list->entries);
    list->servers = servers;
    list->owner = *owner;
    return list;
}

void publications_free(struct publications *list) {
    struct publication *entry;

    while (list && (entry = TAILQ_FIRST(&list->entries))) {
        TAILQ_REMOVE(&list->entries, entry, in_order);
        free(entry);
    }
    free(list);
}

/* ---- adding ---- */

static const char *append(char **at, const char *text) {
    char *start = *at;

    memcpy(start, text, strlen(text) + 1);
    *at += strlen(text) + 1;
    return start;
}

static bool make_lease(struct publication *entry) {
    uint8_t bytes[(PUBLICATION_LEASE_HEX - 1) / 2];

    if (secret_random(bytes, sizeof bytes) != 0)
        return false;
    secret_to_hex(bytes, sizeof bytes, entry->lease);
    return true;
}

static struct publication *make(const struct publications *list, const struct publication_order *order) {
    size_t size = sizeof(struct publication) + list->servers * sizeof(struct publication_at);
    struct publication *entry = calloc(1, size + strlen(order->name) + strlen(order->to) + strlen(order->host) + 3);

    if (!entry || (order->lease_ms && !make_lease(entry))) {
        free(entry);
        return NULL;
    }
    char *at = (char *)entry + size;
    entry->name = append(&at, order->name);
    entry->to = append(&at, order->to);
    entry->host = append(&at, order->host);
    entry->port = order->port;
    for (size_t i = 0; i < list->servers; i++)
        entry->at[i].since_us = clock_us();
    return entry;
}

enum publications_result publications_add(struct publications *list, const struct publication_order *order,
                                          uint64_t now_ms, struct publication **entry) {
    *entry = publications_find(list, order->name);
    if (*entry)
        return PUBLICATIONS_TAKEN;
    if (list->count >= PUBLICATIONS_MOST || list->kept >= KEPT_MOST)
        return PUBLICATIONS_FULL;
    *entry = make(list, order);
    if (!*entry)
        return PUBLICATIONS_MEMORY;
    (*entry)->lease_until_ms = now_ms + order->lease_ms;
    TAILQ_INSERT_TAIL(&list->entries, *entry, in_order);
    list->count++;
    list->kept++;
    return PUBLICATIONS_ADDED;
}

/* ---- finding ---- */

struct publication *publications_find(const struct publications *list, const char *name) {
    struct publication *entry;

    TAILQ_FOREACH (entry, &list->entries, in_order)
        if (!entry->is_withdrawn && strcmp(entry->name, name) == 0)
            break;
    return entry;
}

struct publication *publications_find_lease(const struct publications *list, const char *lease) {
    struct publication *entry;

    TAILQ_FOREACH (entry, &list->entries, in_order)
        if (!entry->is_withdrawn && *entry->lease && strcmp(entry->lease, lease) == 0)
            break;
    return entry;
}

const struct publication *publications_of_offer(const struct publications *list, const struct service_offer *offer) {
    const struct publication *entry = publications_find(list, offer->name);

    return entry && offer->protocol == SERVICE_TCP && offer->to_count == 1 && strcmp(offer->to[0], entry->to) == 0
               ? entry
               : NULL;
}

size_t publications_count(const struct publications *list) {
    return list->count;
}

struct publication *publications_first(const struct publications *list) {
    return TAILQ_FIRST(&list->entries);
}

struct publication *publications_next(const struct publication *entry) {
    return TAILQ_NEXT(entry, in_order);
}

size_t publications_servers(const struct publications *list) {
    return list->servers;
}

/* ---- the end of one ---- */

void publications_withdraw(struct publications *list, struct publication *entry) {
    if (entry->is_withdrawn)
        return;
    entry->is_withdrawn = true;
    list->count--;
    for (size_t i = 0; i < list->servers; i++)
        entry->at[i].is_asked = false; /* to be told */
    if (list->owner.on_withdrawn)
        list->owner.on_withdrawn(list->owner.context, entry->name);
}

static bool is_over(const struct publication *entry, uint64_t now_ms, enum publications_which which) {
    if (which == PUBLICATIONS_ALL)
        return true;
    return *entry->lease && (which == PUBLICATIONS_LEASED || now_ms >= entry->lease_until_ms);
}

size_t publications_end(struct publications *list, uint64_t now_ms, enum publications_which which) {
    size_t before = list->count;
    struct publication *entry;

    TAILQ_FOREACH (entry, &list->entries, in_order)
        if (is_over(entry, now_ms, which))
            publications_withdraw(list, entry);
    return before - list->count;
}

static bool is_forgotten(const struct publications *list, const struct publication *entry) {
    for (size_t i = 0; i < list->servers; i++)
        if (entry->at[i].may_be_known)
            return false;
    return entry->is_withdrawn;
}

bool publications_are_told(const struct publications *list) {
    const struct publication *entry;

    TAILQ_FOREACH (entry, &list->entries, in_order)
        for (size_t i = 0; entry->is_withdrawn && i < list->servers; i++)
            if (entry->at[i].may_be_known && !entry->at[i].is_asked)
                return false;
    return true;
}

void publications_sweep(struct publications *list) {
    struct publication *entry, *next;

    for (entry = TAILQ_FIRST(&list->entries); entry; entry = next) {
        next = TAILQ_NEXT(entry, in_order);
        if (!is_forgotten(list, entry))
            continue;
        TAILQ_REMOVE(&list->entries, entry, in_order);
        list->kept--;
        free(entry);
    }
}

void publication_set_state(struct publication_at *at, enum publication_state state) {
    if (at->state != state)
        at->since_us = clock_us();
    at->state = state;
}

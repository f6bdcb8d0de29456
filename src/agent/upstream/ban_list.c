/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_list: see ban_list.h. It is searched from end to end: it changes when a person or fail2ban asks for it.
 */
#include "config.h"

#include "agent/upstream/ban_list.h"

#include <stdlib.h>
#include <string.h>

enum { UNKNOWN_S = 600 /* for which servers are told that a ban is lifted which is not known here */ };

struct ban_list {
    TAILQ_HEAD(ban_entries, ban_entry) entries; /* the newest serial first */
    uint64_t last_serial;
    size_t count, lifted; /* lifted: of these */
};

struct ban_list *ban_list_new(void) {
    struct ban_list *list = calloc(1, sizeof *list);

    if (list)
        TAILQ_INIT(&list->entries);
    return list;
}

static void drop(struct ban_list *list, struct ban_entry *entry) {
    TAILQ_REMOVE(&list->entries, entry, in_order);
    list->lifted -= entry->is_lifted;
    list->count--;
    free(entry);
}

void ban_list_free(struct ban_list *list) {
    while (list && list->count)
        drop(list, TAILQ_FIRST(&list->entries));
    free(list);
}

/* ---- entries ---- */

static bool is_of(const struct ban_entry *entry, const uint8_t source[SOURCE_BYTES], const char *service) {
    bool is_of_service = entry->service && service ? strcmp(entry->service, service) == 0 : entry->service == service;

    return is_of_service && memcmp(entry->source, source, SOURCE_BYTES) == 0;
}

static struct ban_entry *find(const struct ban_list *list, const uint8_t source[SOURCE_BYTES], const char *service) {
    struct ban_entry *entry = TAILQ_FIRST(&list->entries);

    while (entry && !is_of(entry, source, service))
        entry = TAILQ_NEXT(entry, in_order);
    return entry;
}

/* Forgets the oldest that was lifted. False: all of them are in force. */
static bool make_room(struct ban_list *list) {
    struct ban_entry *entry, *oldest = NULL;

    if (list->count < BAN_LIST_MOST)
        return true;
    TAILQ_FOREACH (entry, &list->entries, in_order)
        if (entry->is_lifted)
            oldest = entry;
    if (oldest)
        drop(list, oldest);
    return oldest;
}

/* Copies the text to where *room points, and moves that on. */
static const char *keep(char **room, const char *text) {
    char *at = *room;
    size_t size = strlen(text) + 1;

    memcpy(at, text, size);
    *room += size;
    return at;
}

/* One allocation: the texts are behind the struct. */
static struct ban_entry *make(const struct ban_list_order *order, const uint8_t source[SOURCE_BYTES]) {
    struct ban_entry *entry = calloc(1, sizeof *entry + strlen(order->by) + strlen(order->reason) +
                                            (order->service ? strlen(order->service) : 0) + 3);

    if (!entry)
        return NULL;
    char *room = (char *)(entry + 1);
    entry->by = keep(&room, order->by);
    entry->reason = keep(&room, order->reason);
    entry->service = order->service ? keep(&room, order->service) : NULL;
    entry->address = order->address;
    memcpy(entry->source, source, SOURCE_BYTES);
    return entry;
}

static void insert(struct ban_list *list, struct ban_entry *entry) {
    entry->serial = ++list->last_serial;
    TAILQ_INSERT_HEAD(&list->entries, entry, in_order);
    list->count++;
    list->lifted += entry->is_lifted;
}

/* ---- changes ---- */

enum ban_list_result ban_list_add(struct ban_list *list, const struct ban_list_order *order, uint64_t now_us,
                                  const struct ban_entry **entry) {
    uint8_t source[SOURCE_BYTES] = {0};
    struct ban_entry *before = source_bytes_of(&order->address, source) ? find(list, source, order->service) : NULL;
    bool was_banned = before && !before->is_lifted;

    if (!before && !make_room(list))
        return BAN_LIST_FULL;
    struct ban_entry *made = make(order, source);
    if (!made)
        return BAN_LIST_MEMORY;
    made->until_us = now_us + (uint64_t)order->seconds * 1000000;
    if (before)
        drop(list, before);
    insert(list, made);
    *entry = made;
    return was_banned ? BAN_LIST_CHANGED : BAN_LIST_ADDED;
}

static void lift(struct ban_list *list, struct ban_entry *entry) {
    TAILQ_REMOVE(&list->entries, entry, in_order);
    list->count--;
    list->lifted -= entry->is_lifted;
    entry->is_lifted = true;
    insert(list, entry);
}

/* As if there had been one until then. */
static void tell(struct ban_list *list, const struct addr *address, const char *service, uint64_t until_us) {
    const struct ban_list_order order = {*address, service, "", "", 0};
    uint8_t source[SOURCE_BYTES];
    const struct ban_entry *made;

    if (!source_bytes_of(address, source) || ban_list_add(list, &order, until_us, &made) > BAN_LIST_CHANGED)
        return;
    lift(list, find(list, source, service));
}

/* Servers keep a ban for each service: one alone is lifted until that of all services ends. */
static uint64_t end_of(const struct ban_entry *of_all, uint64_t now_us) {
    return of_all && !of_all->is_lifted ? of_all->until_us : now_us + UNKNOWN_S * 1000000ull;
}

size_t ban_list_lift(struct ban_list *list, const struct addr *address, const char *service, uint64_t now_us) {
    uint8_t source[SOURCE_BYTES];
    struct ban_entry *entry, *next;
    size_t lifted = 0;

    if (!source_bytes_of(address, source))
        return 0;
    const struct ban_entry *of_all = service ? find(list, source, NULL) : NULL;
    uint64_t until_us = end_of(of_all, now_us);
    if (of_all)
        lifted += !of_all->is_lifted;
    for (entry = TAILQ_FIRST(&list->entries); entry; entry = next) {
        next = TAILQ_NEXT(entry, in_order);
        if (!is_of(entry, source, service ? service : entry->service))
            continue;
        lifted += !entry->is_lifted;
        if (entry->until_us < until_us)
            entry->until_us = until_us;
        lift(list, entry); /* to the front, where this loop has been already */
    }
    if (!find(list, source, service))
        tell(list, address, service, until_us);
    return lifted;
}

void ban_list_tick(struct ban_list *list, uint64_t now_us) {
    struct ban_entry *entry, *next;

    for (entry = TAILQ_FIRST(&list->entries); entry; entry = next) {
        next = TAILQ_NEXT(entry, in_order);
        if (entry->until_us <= now_us)
            drop(list, entry);
    }
}

/* ---- reading ---- */

size_t ban_list_count(const struct ban_list *list) {
    return list->count - list->lifted;
}

const struct ban_entry *ban_list_newest(const struct ban_list *list) {
    return TAILQ_FIRST(&list->entries);
}

const struct ban_entry *ban_list_older(const struct ban_entry *entry) {
    return TAILQ_NEXT(entry, in_order);
}

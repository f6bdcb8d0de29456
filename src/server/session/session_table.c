/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_table: see session_table.h. A tag is a slot of the table and a generation. Slots are given out round robin,
 * since a waiting client remembers the slots of the agents that refused it: none may be taken by another agent soon.
 */
#include "config.h"

#include "server/session/session_table.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_AT_FIRST = 256, SLOT_BITS = 24 };

struct session_table {
    struct session **slots;
    size_t room, taken, next;
    size_t count; /* of those in use, the ones that are not retired */
    uint64_t generation;
};

struct session_table *session_table_new(void) {
    struct session_table *table = calloc(1, sizeof *table);

    if (!table)
        return NULL;
    table->slots = calloc(SLOTS_AT_FIRST, sizeof(struct session *));
    table->room = SLOTS_AT_FIRST;
    if (table->slots)
        return table;
    free(table);
    return NULL;
}

void session_table_free(struct session_table *table) {
    if (!table)
        return;
    for (size_t i = 0; i < table->room; i++)
        session_free(table->slots[i]);
    free(table->slots);
    free(table);
}

static bool grow(struct session_table *table) {
    struct session **slots = realloc(table->slots, 2 * table->room * sizeof *slots);

    if (!slots)
        return false;
    memset(slots + table->room, 0, table->room * sizeof *slots);
    table->slots = slots;
    table->next = table->room;
    table->room *= 2;
    return true;
}

static bool is_taken(const struct session_table *table, const char *name) {
    struct session *session = session_table_first(table);

    while (session && strcmp(session_name(session), name) != 0)
        session = session_table_after(table, session);
    return session;
}

struct session *session_table_add(struct session_table *table, const struct session_options *options) {
    struct session_options own = *options;

    if (2 * table->taken >= table->room && !grow(table))
        return NULL;
    size_t slot = table->next;
    while (table->slots[slot])
        slot = (slot + 1) % table->room;
    own.shares_name = is_taken(table, options->name);
    own.tag = ++table->generation << SLOT_BITS | slot;
    struct session *session = session_new(&own);
    if (!session)
        return NULL;
    table->slots[slot] = session;
    table->next = (slot + 1) % table->room;
    table->taken++;
    table->count++;
    return session;
}

unsigned session_table_slot_of(uint64_t tag) {
    return (unsigned)(tag & ((1U << SLOT_BITS) - 1));
}

void session_table_remove(struct session_table *table, struct session *session) {
    table->slots[session_table_slot_of(session_tag(session))] = NULL;
    table->taken--;
    table->count -= !session_is_retired(session);
    session_free(session);
}

void session_table_retire(struct session_table *table, struct session *session) {
    if (!session_client_count(session)) {
        session_table_remove(table, session);
        return;
    }
    session_retire(session);
    table->count--;
}

static struct session *find_any(const struct session_table *table, uint64_t tag) {
    size_t slot = session_table_slot_of(tag);

    if (slot >= table->room || !table->slots[slot] || session_tag(table->slots[slot]) != tag)
        return NULL;
    return table->slots[slot];
}

struct session *session_table_find(const struct session_table *table, uint64_t tag) {
    struct session *session = find_any(table, tag);

    return session && !session_is_retired(session) ? session : NULL;
}

struct session *session_table_client_left(struct session_table *table, uint64_t tag) {
    struct session *session = find_any(table, tag);

    if (!session)
        return NULL;
    session_client_left(session);
    if (!session_is_retired(session))
        return session;
    if (!session_client_count(session))
        session_table_remove(table, session);
    return NULL;
}

static struct session *find_from(const struct session_table *table, size_t slot, bool also_retired) {
    for (; slot < table->room; slot++) {
        struct session *session = table->slots[slot];
        if (session && (also_retired || !session_is_retired(session)))
            return session;
    }
    return NULL;
}

static size_t slot_after(const struct session *session) {
    return session_table_slot_of(session_tag(session)) + 1;
}

struct session *session_table_first(const struct session_table *table) {
    return find_from(table, 0, false);
}

struct session *session_table_after(const struct session_table *table, const struct session *session) {
    return find_from(table, slot_after(session), false);
}

struct session *session_table_first_any(const struct session_table *table) {
    return find_from(table, 0, true);
}

struct session *session_table_after_any(const struct session_table *table, const struct session *session) {
    return find_from(table, slot_after(session), true);
}

struct session *session_table_find_id(const struct session_table *table, const char *id) {
    struct session *session = session_table_first(table);

    while (session && strcmp(session_id(session), id) != 0)
        session = session_table_after(table, session);
    return session;
}

struct session *session_table_find_instance(const struct session_table *table, const char *name, const char *instance) {
    struct session *session = session_table_first(table);

    while (session && (strcmp(session_instance(session), instance) != 0 || strcmp(session_name(session), name) != 0))
        session = session_table_after(table, session);
    return session;
}

size_t session_table_count(const struct session_table *table) {
    return table->count;
}

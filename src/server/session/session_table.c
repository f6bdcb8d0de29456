/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_table: see session_table.h. A tag is a slot of the table and a generation. Slots are given out round and
 * round, so that one that was just left is not taken again while clients still remember who refused them. Runs on: the
 * control thread. Owns: the table and the sessions in it.
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
    struct session_table *agents = calloc(1, sizeof *agents);

    if (!agents)
        return NULL;
    agents->slots = calloc(SLOTS_AT_FIRST, sizeof(struct session *));
    agents->room = SLOTS_AT_FIRST;
    if (agents->slots)
        return agents;
    free(agents);
    return NULL;
}

void session_table_free(struct session_table *agents) {
    if (!agents)
        return;
    for (size_t i = 0; i < agents->room; i++)
        session_free(agents->slots[i]);
    free(agents->slots);
    free(agents);
}

static bool agents_grow(struct session_table *agents) {
    struct session **slots = realloc(agents->slots, 2 * agents->room * sizeof *slots);

    if (!slots)
        return false;
    memset(slots + agents->room, 0, agents->room * sizeof *slots);
    agents->slots = slots;
    agents->next = agents->room;
    agents->room *= 2;
    return true;
}

static bool is_taken(const struct session_table *agents, const char *name) {
    struct session *session = session_table_first(agents);

    while (session && strcmp(session_name(session), name) != 0)
        session = session_table_after(agents, session);
    return session != NULL;
}

struct session *session_table_add(struct session_table *agents, const struct session_options *options) {
    struct session_options own = *options;

    if (2 * agents->taken >= agents->room && !agents_grow(agents))
        return NULL;
    size_t slot = agents->next;
    while (agents->slots[slot])
        slot = (slot + 1) % agents->room;
    own.shares_name = is_taken(agents, options->name);
    own.tag = ++agents->generation << SLOT_BITS | slot;
    struct session *session = session_new(&own);
    if (!session)
        return NULL;
    agents->slots[slot] = session;
    agents->next = (slot + 1) % agents->room;
    agents->taken++;
    agents->count++;
    return session;
}

unsigned session_table_slot_of(uint64_t tag) {
    return (unsigned)(tag & ((1U << SLOT_BITS) - 1));
}

void session_table_remove(struct session_table *agents, struct session *session) {
    agents->slots[session_table_slot_of(session_tag(session))] = NULL;
    agents->taken--;
    agents->count -= !session_is_retired(session);
    session_free(session);
}

void session_table_retire(struct session_table *agents, struct session *session) {
    if (!session_running(session)) {
        session_table_remove(agents, session);
        return;
    }
    session_retire(session);
    agents->count--;
}

static struct session *find_any(const struct session_table *agents, uint64_t tag) {
    size_t slot = session_table_slot_of(tag);

    if (slot >= agents->room || !agents->slots[slot] || session_tag(agents->slots[slot]) != tag)
        return NULL;
    return agents->slots[slot];
}

struct session *session_table_find(const struct session_table *agents, uint64_t tag) {
    struct session *session = find_any(agents, tag);

    return session && !session_is_retired(session) ? session : NULL;
}

struct session *session_table_client_left(struct session_table *agents, uint64_t tag) {
    struct session *session = find_any(agents, tag);

    if (!session)
        return NULL;
    session_client_left(session);
    if (!session_is_retired(session))
        return session;
    if (!session_running(session))
        session_table_remove(agents, session);
    return NULL;
}

static struct session *find_from(const struct session_table *agents, size_t slot, bool also_retired) {
    for (; slot < agents->room; slot++) {
        struct session *session = agents->slots[slot];
        if (session && (also_retired || !session_is_retired(session)))
            return session;
    }
    return NULL;
}

static size_t slot_after(const struct session *session) {
    return session_table_slot_of(session_tag(session)) + 1;
}

struct session *session_table_first(const struct session_table *agents) {
    return find_from(agents, 0, false);
}

struct session *session_table_after(const struct session_table *agents, const struct session *session) {
    return find_from(agents, slot_after(session), false);
}

struct session *session_table_first_reviewed(const struct session_table *agents) {
    return find_from(agents, 0, true);
}

struct session *session_table_next_reviewed(const struct session_table *agents, const struct session *session) {
    return find_from(agents, slot_after(session), true);
}

struct session *session_table_find_id(const struct session_table *agents, const char *id) {
    struct session *session = session_table_first(agents);

    while (session && strcmp(session_id(session), id) != 0)
        session = session_table_after(agents, session);
    return session;
}

struct session *session_table_find_instance(const struct session_table *agents, const char *name,
                                            const char *instance) {
    struct session *session = session_table_first(agents);

    while (session && (strcmp(session_instance(session), instance) != 0 || strcmp(session_name(session), name) != 0))
        session = session_table_after(agents, session);
    return session;
}

size_t session_table_count(const struct session_table *agents) {
    return agents->count;
}

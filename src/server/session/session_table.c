/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_table: see session_table.h.
 */
#include "config.h"

#include "server/session/session_table.h"

#include "lib/base/hash.h"
#include "lib/base/secret.h"
#include "lib/base/slot_table.h"

#include <stdlib.h>
#include <string.h>

/* A join looks for both: a thousand agents that come back to a server would look at a million sessions otherwise. */
enum { BUCKETS = 1024 };
LIST_HEAD(session_bucket, session_entry);

struct session_table {
    struct slot_table slots; /* of all, by tag */
    size_t count;            /* of those that are connected */
    uint64_t seed;           /* of the next two: an agent chooses its name and instance */
    struct session_bucket by_name[BUCKETS], by_instance[BUCKETS];
};

struct session_table *session_table_new(void) {
    struct session_table *table = calloc(1, sizeof *table);

    if (!table)
        return NULL;
    table->slots.limit = SLOT_TABLE_MOST;
    secret_random(&table->seed, sizeof table->seed); /* without it: searches may be long */
    return table;
}

static struct session_bucket *name_bucket(struct session_table *table, const char *name) {
    return &table->by_name[hash_mix(hash_bytes(HASH_START ^ table->seed, name, strlen(name))) % BUCKETS];
}

static struct session_bucket *instance_bucket(struct session_table *table, const char *instance) {
    return &table->by_instance[hash_mix(hash_bytes(HASH_START ^ table->seed, instance, strlen(instance))) % BUCKETS];
}

void session_table_free(struct session_table *table) {
    size_t slot = 0;

    if (!table)
        return;
    for (struct session *session; (session = slot_table_next(&table->slots, &slot));)
        session_free(session);
    slot_table_done(&table->slots);
    free(table);
}

static bool is_taken(struct session_table *table, const char *name) {
    struct session_entry *entry;

    LIST_FOREACH (entry, name_bucket(table, name), by_name)
        if (session_is_connected(entry->session) && strcmp(session_name(entry->session), name) == 0)
            break;
    return entry;
}

struct session *session_table_add(struct session_table *table, const struct session_options *options) {
    struct session_options own = *options;

    own.tag = slot_table_new_tag(&table->slots);
    own.shares_name = is_taken(table, options->name);
    struct session *session = own.tag ? session_new(&own) : NULL;
    if (!session)
        return NULL;
    slot_table_put(&table->slots, own.tag, session);
    LIST_INSERT_HEAD(name_bucket(table, session_name(session)), session_entry(session), by_name);
    LIST_INSERT_HEAD(instance_bucket(table, session_instance(session)), session_entry(session), by_instance);
    table->count++;
    return session;
}

void session_table_remove(struct session_table *table, struct session *session) {
    slot_table_remove(&table->slots, session_tag(session));
    LIST_REMOVE(session_entry(session), by_name);
    LIST_REMOVE(session_entry(session), by_instance);
    table->count -= session_is_connected(session);
    session_free(session);
}

void session_table_suspend(struct session_table *table, struct session *session, uint64_t until_us) {
    session_suspend(session, until_us);
    table->count--;
}

bool session_table_resume(struct session_table *table, struct session *session, const struct session_options *options) {
    struct session_options own = *options;

    own.shares_name = is_taken(table, options->name);
    if (!session_resume(session, &own))
        return false;
    table->count++;
    return true;
}

struct session *session_table_find_any(const struct session_table *table, uint64_t tag) {
    return slot_table_find(&table->slots, tag);
}

struct session *session_table_find(const struct session_table *table, uint64_t tag) {
    struct session *session = session_table_find_any(table, tag);

    return session && !session_is_retired(session) ? session : NULL;
}

struct session *session_table_client_left(struct session_table *table, uint64_t tag) {
    struct session *session = session_table_find_any(table, tag);

    if (session)
        session_client_left(session);
    return session && !session_is_retired(session) ? session : NULL;
}

static struct session *find_from(const struct session_table *table, size_t slot, bool also_retired) {
    struct session *session;

    do
        session = slot_table_next(&table->slots, &slot);
    while (session && !also_retired && session_is_retired(session));
    return session;
}

static size_t slot_after(const struct session *session) {
    return slot_table_slot_of(session_tag(session)) + 1;
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

struct session *session_table_find_id_any(const struct session_table *table, const char *id) {
    struct session *session = session_table_find_any(table, session_id_tag(id));

    return session && strcmp(session_id(session), id) == 0 ? session : NULL;
}

static bool is_instance(const struct session *session, const char *name, const char *instance) {
    return !session_is_retired(session) && strcmp(session_instance(session), instance) == 0 &&
           strcmp(session_name(session), name) == 0;
}

struct session *session_table_find_instance(struct session_table *table, const char *name, const char *instance) {
    struct session_entry *entry;

    LIST_FOREACH (entry, instance_bucket(table, instance), by_instance)
        if (is_instance(entry->session, name, instance))
            return entry->session;
    return NULL;
}

struct session *session_table_excess(const struct session_table *table, const char *credential, size_t most) {
    struct session *oldest = NULL;
    uint64_t until_us, first_us = UINT64_MAX;
    size_t idle = 0;

    for (struct session *session = session_table_first(table); session; session = session_table_after(table, session)) {
        if (!session_is_idle(session, &until_us) ||
            (credential && strcmp(session_credential(session), credential) != 0))
            continue;
        idle++;
        if (until_us < first_us) {
            first_us = until_us;
            oldest = session;
        }
    }
    return idle > most ? oldest : NULL;
}

size_t session_table_count(const struct session_table *table) {
    return table->count;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_table: see session_table.h.
 */
#include "config.h"

#include "server/session/session_table.h"

#include "lib/base/slot_table.h"

#include <stdlib.h>
#include <string.h>

struct session_table {
    struct slot_table slots; /* of all, by tag */
    size_t count;            /* of those that are connected */
};

struct session_table *session_table_new(void) {
    struct session_table *table = calloc(1, sizeof *table);

    if (table)
        table->slots.limit = SLOT_TABLE_MOST;
    return table;
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

static bool is_taken(const struct session_table *table, const char *name) {
    struct session *session = session_table_first(table);

    while (session && !(session_is_connected(session) && strcmp(session_name(session), name) == 0))
        session = session_table_after(table, session);
    return session;
}

struct session *session_table_add(struct session_table *table, const struct session_options *options) {
    struct session_options own = *options;

    own.tag = slot_table_new_tag(&table->slots);
    own.shares_name = is_taken(table, options->name);
    struct session *session = own.tag ? session_new(&own) : NULL;
    if (!session)
        return NULL;
    slot_table_put(&table->slots, own.tag, session);
    table->count++;
    return session;
}

void session_table_remove(struct session_table *table, struct session *session) {
    slot_table_remove(&table->slots, session_tag(session));
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

struct session *session_table_find_instance(const struct session_table *table, const char *name, const char *instance) {
    struct session *session = session_table_first(table);

    while (session && (strcmp(session_instance(session), instance) != 0 || strcmp(session_name(session), name) != 0))
        session = session_table_after(table, session);
    return session;
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

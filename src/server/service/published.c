/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * published: see published.h.
 */
#include "config.h"

#include "server/service/published.h"

#include "lib/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

const char *publish_refusal_label(enum publish_refusal refusal) {
    static const char *const labels[PUBLISH_REFUSAL_COUNT] = {
#define PUBLISH_REFUSAL_LABEL(name, label) label,
        PUBLISH_REFUSALS(PUBLISH_REFUSAL_LABEL)
#undef PUBLISH_REFUSAL_LABEL
    };
    return labels[refusal];
}

struct published_table *published_new(void) {
    return calloc(1, sizeof(struct published_table));
}

static void entry_free(struct published_entry *entry) {
    strlist_done(&entry->to);
    free(entry);
}

void published_free(struct published_table *published) {
    if (!published)
        return;
    for (size_t i = 0; i < published->count; i++)
        entry_free(published->items[i]);
    free(published->items);
    free(published);
}

struct published_entry *published_find(const struct published_table *published, const char *name) {
    for (size_t i = 0; i < published->count; i++)
        if (strcmp(published->items[i]->name, name) == 0)
            return published->items[i];
    return NULL;
}

const struct published_entry *published_at_port(const struct published_table *published, unsigned port,
                                                const struct published_entry *but) {
    for (size_t i = 0; i < published->count; i++)
        if (published->items[i] != but && !*published->items[i]->host && published->items[i]->port == port)
            return published->items[i];
    return NULL;
}

const struct published_entry *published_at_host(const struct published_table *published, const char *host,
                                                const struct published_entry *but) {
    for (size_t i = 0; i < published->count; i++)
        if (published->items[i] != but && strcmp(published->items[i]->host, host) == 0)
            return published->items[i];
    return NULL;
}

size_t published_count_of(const struct published_table *published, const char *credential) {
    size_t count = 0;

    for (size_t i = 0; i < published->count; i++)
        count += strcmp(published->items[i]->credential, credential) == 0;
    return count;
}

size_t published_active(const struct published_table *published) {
    size_t count = 0;

    for (size_t i = 0; i < published->count; i++)
        count += published->items[i]->is_active;
    return count;
}

bool published_is_of(const struct published_entry *entry, const char *credential, const char *agent) {
    return strcmp(entry->credential, credential) == 0 && strcmp(entry->agent, agent) == 0;
}

static bool is_over(const struct published_trouble *trouble, uint64_t now_us) {
    return now_us - trouble->last_us > PUBLISHED_TROUBLE_S * 1000000ULL;
}

void published_note_refused(struct published_table *published, enum publish_refusal refusal,
                            const struct published_trouble *what, uint64_t now_us) {
    struct published_trouble *trouble = &published->trouble;
    unsigned before = is_over(trouble, now_us) ? 0 : trouble->count;
    uint64_t first_us = before ? trouble->first_us : now_us;

    published->refused[refusal]++;
    if (refusal == PUBLISH_STOPPED)
        return;
    *trouble = *what;
    trouble->refusal = refusal;
    trouble->count = before + 1;
    trouble->first_us = first_us;
    trouble->last_us = now_us;
}

const struct published_trouble *published_trouble(const struct published_table *published, uint64_t now_us) {
    const struct published_trouble *trouble = &published->trouble;

    return trouble->count >= PUBLISHED_TROUBLE_LEAST && !is_over(trouble, now_us) ? trouble : NULL;
}

struct published_entry *published_add(struct published_table *published, const char *name) {
    struct published_entry **items = realloc(published->items, (published->count + 1) * sizeof *items);
    struct published_entry *entry = calloc(1, sizeof *entry);

    if (items)
        published->items = items;
    if (!items || !entry) {
        free(entry);
        return NULL;
    }
    strbuf_copy(entry->name, sizeof entry->name, name);
    items[published->count++] = entry;
    return entry;
}

void published_remove(struct published_table *published, struct published_entry *entry) {
    size_t at = 0;

    while (at < published->count && published->items[at] != entry)
        at++;
    if (at == published->count)
        return;
    published->count--;
    memmove(&published->items[at], &published->items[at + 1], (published->count - at) * sizeof(entry));
    entry_free(entry);
}

bool published_stop(struct published_table *published, const char *name, const char *by) {
    struct published_entry *entry = published_find(published, name);

    if (!entry || *entry->stopped_by)
        return false;
    strbuf_copy(entry->stopped_by, sizeof entry->stopped_by, by);
    if (published->on_stopped)
        published->on_stopped(published->context);
    return true;
}

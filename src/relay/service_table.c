/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_table: see service_table.h.
 */
#include "config.h"

#include "relay/service_table.h"

#include "lib/net/acl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one service ---- */

static char *append(char *at, const char *text) {
    size_t size = strlen(text) + 1;
    memcpy(at, text, size);
    return at + size;
}

static bool is_checked(const struct service_offer *offer) {
    return offer->check.type != HEALTH_CHECK_NONE;
}

static size_t size_of(const struct service_offer *offer) {
    const struct health_check *check = &offer->check;
    size_t size = sizeof(struct served_service) + strlen(offer->name) + 1;
    for (size_t i = 0; i < offer->to_count; i++)
        size += strlen(offer->to[i]) + 1;
    if (is_checked(offer))
        size += strlen(check->path) + strlen(check->host) + strlen(check->status) + 3;
    return size;
}

static void append_check(struct served_service *service, const struct health_check *check, char *at) {
    service->check = *check;
    service->check.path = at;
    service->check.host = at = append(at, check->path);
    service->check.status = at = append(at, check->host);
    append(at, check->status);
}

struct served_service *served_service_new(const struct service_offer *offer) {
    size_t size = size_of(offer);
    struct served_service *service = malloc(size);
    struct served_verdict *verdict = is_checked(offer) ? calloc(1, sizeof *verdict) : NULL;
    if (!service || (is_checked(offer) && !verdict)) {
        free(service);
        free(verdict);
        return NULL;
    }
    *service = (struct served_service){.id = offer->id,
                                       .verdict = verdict,
                                       .to_count = offer->to_count,
                                       .size = size + (verdict ? sizeof *verdict : 0),
                                       .proxy = offer->proxy,
                                       .takes_bans = offer->takes_bans,
                                       .protocol = offer->protocol,
                                       .end_to_end = offer->end_to_end,
                                       .from = offer->from,
                                       .name = service->texts};
    atomic_init(&service->references, 1);
    atomic_init(&service->is_withdrawn, false);
    atomic_init(&service->udp_sessions, 0);
    char *at = append(service->texts, offer->name);
    for (size_t i = 0; i < offer->to_count; i++) {
        service->to[i] = at;
        at = append(at, offer->to[i]);
    }
    if (verdict)
        append_check(service, &offer->check, at);
    return service;
}

struct served_service *served_service_hold(struct served_service *service) {
    atomic_fetch_add_explicit(&service->references, 1, memory_order_relaxed);
    return service;
}

void served_service_release(struct served_service *service) {
    if (!service || atomic_fetch_sub_explicit(&service->references, 1, memory_order_acq_rel) != 1)
        return;
    acl_free(service->own_rules);
    SSL_CTX_free(service->tls);
    free(service->verdict);
    free(service);
}

bool served_service_permit(struct served_service *service) {
    struct error error;
    service->own_rules = acl_new();
    for (size_t i = 0; service->own_rules && i < service->to_count; i++)
        if (acl_add(service->own_rules, service->to[i], &error))
            return false;
    return service->own_rules;
}

const struct acl *served_service_rules(const struct served_service *service, const struct acl *agents) {
    return service->own_rules ? service->own_rules : agents;
}

void served_service_encrypt(struct served_service *service, SSL_CTX *context) {
    if (SSL_CTX_up_ref(context) == 1)
        service->tls = context;
}

void served_service_note(struct served_service *service, bool is_connected, enum refusal refusal, uint64_t now_us) {
    struct destination_health *health = &service->health;
    if (!is_connected && !refusal_counts(refusal)) /* for want of memory, say: nothing is known of the destination */
        return;
    if (!is_connected)
        atomic_store_explicit(&health->refusal, (unsigned)refusal, memory_order_relaxed);
    atomic_store_explicit(is_connected ? &health->connected_us : &health->failed_us, now_us, memory_order_relaxed);
}

/* ---- the table ---- */

static int compare_ids(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void keep(struct service_table *table, struct served_service *service) {
    table->services[table->count++] = served_service_hold(service);
    table->size += sizeof service + service->size;
    table->checked += service->verdict ? 1 : 0;
}

struct service_table *service_table_change(const struct service_table *old, const char *server,
                                           const struct services_part *part, struct served_service *const *added,
                                           size_t count) {
    size_t old_count = old ? old->count : 0, removed_count = part->remove_count;
    uint32_t removed[SERVICES_PART_MAX];
    struct service_table *table = malloc(sizeof *table + (old_count + count) * sizeof *table->services);
    if (!table)
        return NULL;
    *table = (struct service_table){.size = sizeof *table};
    atomic_init(&table->references, 1);
    snprintf(table->server, sizeof table->server, "%s", server);
    for (size_t i = 0; i < removed_count; i++)
        removed[i] = services_removed(part, i);
    qsort(removed, removed_count, sizeof *removed, compare_ids);
    for (size_t i = 0; i < old_count; i++)
        if (!bsearch(&old->services[i]->id, removed, removed_count, sizeof *removed, compare_ids))
            keep(table, old->services[i]);
    for (size_t i = 0; i < count; i++)
        keep(table, added[i]);
    return table;
}

struct service_table *service_table_hold(struct service_table *table) {
    atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
    return table;
}

void service_table_release(struct service_table *table) {
    if (!table || atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < table->count; i++)
        served_service_release(table->services[i]);
    free(table);
}

static int compare_to_id(const void *key, const void *item) {
    return compare_ids(key, &(*(struct served_service *const *)item)->id);
}

struct served_service *service_table_find(const struct service_table *table, uint32_t id) {
    if (!table)
        return NULL;
    struct served_service *const *found =
        bsearch(&id, table->services, table->count, sizeof *table->services, compare_to_id);
    return found ? *found : NULL;
}

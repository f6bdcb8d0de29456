/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * services: see services.h.
 */
#include "config.h"

#include "agent/upstream/services.h"

#include "admin/recent_events.h"
#include "agent/identity/service_keys.h"
#include "agent/upstream/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 10 /* refused services that one round of parts names in the log */ };

struct added { /* services of one part that are permitted, until they are in the table */
    struct served_service *items[SERVICES_PART_MAX];
    size_t count, size;
};

/* ---- what was refused, for people who look at it ---- */

static void free_refusal(struct refused_service *refusal) {
    free(refusal->name);
    free(refusal->to);
    free(refusal);
}

static void forget_refusals(struct services *services) {
    struct refused_service *refusal;

    while ((refusal = services->refusals)) {
        services->refusals = refusal->next;
        free_refusal(refusal);
    }
    services->refusal_count = 0;
}

static void forget_refusal(struct services *services, uint32_t id) {
    struct refused_service **at = &services->refusals, *refusal;

    while ((refusal = *at) && refusal->id != id)
        at = &refusal->next;
    if (!refusal)
        return;
    *at = refusal->next;
    free_refusal(refusal);
    services->refusal_count--;
}

/* Without memory it is only not shown. */
static void remember_refusal(struct services *services, const struct service_offer *offer, const char *reason) {
    struct refused_service *refusal =
        services->refusal_count < REFUSED_SERVICES_MOST ? calloc(1, sizeof *refusal) : NULL;

    if (!refusal)
        return;
    *refusal = (struct refused_service){.next = services->refusals,
                                        .id = offer->id,
                                        .name = strdup(offer->name),
                                        .to = strdup(offer->to[0])};
    if (!refusal->name || !refusal->to) {
        free_refusal(refusal);
        return;
    }
    snprintf(refusal->reason, sizeof refusal->reason, "%s", reason);
    services->refusals = refusal;
    services->refusal_count++;
}

/* ---- judging ---- */

/* What cannot be parsed is not forbidden: connecting tells what is wrong with it. */
static bool is_forbidden(const struct acl *allow, const char *destination, enum service_protocol protocol) {
    struct endpoint endpoint;
    struct addr address;

    if (endpoint_parse(&endpoint, destination, NULL) || endpoint_missing_zone(&endpoint))
        return false;
    if (addr_from_endpoint(&address, &endpoint) && protocol == SERVICE_UDP && addr_is_unix(&address))
        return true;
    if (addr_from_endpoint(&address, &endpoint))
        return !acl_permits(allow, &address, endpoint.host);
    return !acl_may_permit(allow, endpoint.host, endpoint.port);
}

static bool leads_elsewhere(const struct service_offer *offer, const char *connect) {
    for (size_t i = 0; i < offer->to_count; i++)
        if (strcmp(offer->to[i], connect) != 0)
            return true;
    return false;
}

/* What is to be encrypted past the server is not for the server to decide, nor where it comes out. NULL: all is right.
 */
static const char *find_mismatch(const struct service_keys *keys, const struct service_offer *offer) {
    const struct service_key *key = service_keys_find(keys, offer->name);
    if (!key && !offer->end_to_end)
        return NULL;
    if (!key)
        return end_to_end_fault_reason(END_TO_END_NO_KEY);
    if (!offer->end_to_end)
        return end_to_end_fault_reason(END_TO_END_NOT_ANNOUNCED);
    if (!key->connect)
        return end_to_end_fault_reason(END_TO_END_NO_CONNECT);
    if (offer->protocol == SERVICE_UDP)
        return end_to_end_fault_reason(END_TO_END_UDP);
    if (leads_elsewhere(offer, key->connect))
        return end_to_end_fault_reason(END_TO_END_OTHER_CONNECT);
    if (offer->proxy != PROXY_OFF)
        return end_to_end_fault_reason(END_TO_END_PROXY);
    return offer->check.type != HEALTH_CHECK_HTTP ? NULL : end_to_end_fault_reason(END_TO_END_HTTP_CHECK);
}

static bool refuse_by_key(const struct service_keys *keys, const struct service_offer *offer,
                          char reason[SERVICES_REASON_SIZE]) {
    const char *mismatch = find_mismatch(keys, offer);
    if (mismatch)
        snprintf(reason, SERVICES_REASON_SIZE, "%s", mismatch);
    return mismatch;
}

bool services_refuse(const struct acl *allow, const struct service_keys *keys, const struct service_offer *offer,
                     char reason[SERVICES_REASON_SIZE]) {
    if (refuse_by_key(keys, offer, reason))
        return true;
    bool is_tcp_alone = offer->proxy != PROXY_OFF || offer->check.type != HEALTH_CHECK_NONE;

    if (offer->protocol == SERVICE_UDP && is_tcp_alone) {
        snprintf(reason, SERVICES_REASON_SIZE, "proxy_protocol and check are for services of TCP");
        return true;
    }
    for (size_t i = 0; i < offer->to_count; i++)
        if (!is_forbidden(allow, offer->to[i], offer->protocol))
            return false;
    snprintf(reason, SERVICES_REASON_SIZE, "not allowed by this agent's rules; see --allow");
    return true;
}

static bool is_over_limit(const struct services *services, const struct added *added) {
    size_t count = services->table ? services->table->count : 0, size = services->table ? services->table->size : 0;

    return count + added->count >= SERVICES_MAX || size + added->size >= SERVICES_MEMORY_MAX;
}

static bool is_published(const struct services *services, const struct service_offer *offer) {
    return offer->protocol == SERVICE_TCP && services->publications &&
           publications_of_offer(services->publications, offer);
}

/* True with `reason` if the service is refused. */
static bool judge(const struct services *services, const struct service_offer *offer, const struct added *added,
                  char reason[SERVICES_REASON_SIZE]) {
    if (is_over_limit(services, added)) {
        snprintf(reason, SERVICES_REASON_SIZE, "more than %d services, or %d MiB of them", SERVICES_MAX,
                 SERVICES_MEMORY_MAX >> 20);
        return true;
    }
    if (refuse_by_key(services->keys, offer, reason))
        return true;
    if (is_published(services, offer))
        return false;
    if (!services->only_published)
        return services_refuse(services->allow, services->keys, offer, reason);
    snprintf(reason, SERVICES_REASON_SIZE, "this agent serves nothing but what it publishes");
    return true;
}

static void log_refusal(struct services *services, const struct service_offer *offer, const char *reason) {
    if (++services->refused > LINES_MOST)
        return;
    recent_events_add(services->events, EVENT_KIND_SERVICE, EVENT_WARNING, offer->name, "refused", reason);
    log_event(services->log, LOG_LEVEL_INFO, services->who, "refused a service",
              LOG_FIELDS(LOG_TEXT("service", offer->name), LOG_TEXT("destination", offer->to[0]),
                         LOG_TEXT("detail", reason)));
}

/* NULL: out of memory. judge() has found the key of one that has one. */
static struct served_service *permitted(const struct services *services, const struct service_offer *offer) {
    struct served_service *service = served_service_new(offer);

    if (service && offer->end_to_end)
        served_service_encrypt(service, service_keys_find(services->keys, offer->name)->serving);
    if (!service || !is_published(services, offer) || served_service_permit(service))
        return service;
    served_service_release(service);
    return NULL;
}

static void judge_all(struct services *services, const struct services_part *part, struct added *added,
                      struct services_ack_writer *answer) {
    for (size_t i = 0; i < part->add_count; i++) {
        char reason[SERVICES_REASON_SIZE];
        struct service_offer offer;

        services_get(part, i, &offer);
        services->last_id = offer.id;
        if (judge(services, &offer, added, reason)) {
            log_refusal(services, &offer, reason);
            remember_refusal(services, &offer, reason);
            services_ack_refuse(answer, offer.id, reason);
        } else if ((added->items[added->count] = permitted(services, &offer))) {
            if (offer.takes_bans)
                ban_sender_restart(&services->sender);
            health_take_over(services, added->items[added->count], answer);
            added->size += added->items[added->count++]->size;
        } else {
            answer->fails = true;
        }
    }
}

/* ---- taking a part ---- */

static int check_order(const struct services *services, const struct services_part *part, struct error *error) {
    struct service_offer first;

    if (services->answer)
        return error_set(error, "services came before the last ones were answered");
    if (part->version != services->version + 1)
        return error_set(error, "services of version %llu follow those of version %llu",
                         (unsigned long long)part->version, (unsigned long long)services->version);
    if (part->add_count == 0)
        return 0;
    services_get(part, 0, &first);
    return first.id > services->last_id ? 0 : error_set(error, "an id of a service was used before");
}

static bool replace_table(struct services *services, const struct services_part *part, const struct added *added) {
    struct service_table *table =
        service_table_change(services->table, services->server, part, added->items, added->count);

    if (!table)
        return false;
    service_table_release(services->table);
    services->table = table;
    health_recount(services);
    if (!plane_set_services(services->plane, services->session, table))
        return false;
    services->setting++;
    return true;
}

static void log_round(struct services *services) {
    log_event(services->log, LOG_LEVEL_INFO, services->who, "may be asked to serve",
              LOG_FIELDS(LOG_NUMBER("services", services->table->count), LOG_NUMBER("refused", services->refused)));
    services->refused = 0;
}

static void end_round(struct services *services) {
    log_round(services);
    service_table_release(services->before);
    services->before = NULL;
}

void services_begin(struct services *services, struct link_ref link) {
    if (services->table) {
        service_table_release(services->before);
        services->before = services->table;
        services->table = NULL;
    }
    services->due = 0;
    forget_refusals(services);
    free(services->answer);
    services->answer = NULL;
    services->link = link;
    services->version = 0;
    services->last_id = 0;
    services->refused = 0;
}

int services_take(struct services *services, const json_t *json, struct error *error) {
    struct services_part part;
    struct services_ack_writer answer;
    struct added added = {.count = 0};

    if (services_parse(&part, json, error) || check_order(services, &part, error))
        return -1;
    services->version = part.version;
    for (size_t i = 0; i < part.remove_count; i++)
        forget_refusal(services, services_removed(&part, i));
    services_ack_write(&answer, part.version);
    judge_all(services, &part, &added, &answer);
    services->answer = services_ack_finish(&answer);
    if (!services->answer || !replace_table(services, &part, &added))
        plane_close(services->plane, services->link, "out of memory"); /* the next control link begins anew */
    else if (!part.more)
        end_round(services);
    for (size_t i = 0; i < added.count; i++)
        served_service_release(added.items[i]);
    return 0;
}

void services_on_set(struct services *services) {
    if (--services->setting > 0)
        return;
    if (services->answer)
        plane_send_control(services->plane, services->link, services->answer);
    free(services->answer);
    services->answer = NULL;
    services_recheck(services);
    if (services_are_answered(services))
        ban_sender_send(services);
}

/* ---- the end ---- */

void services_withdraw(struct services *services, const char *name) {
    const struct service_table *table = services->table;

    for (size_t i = 0; table && i < table->count; i++)
        if (table->services[i]->own_rules && strcmp(table->services[i]->name, name) == 0)
            atomic_store_explicit(&table->services[i]->is_withdrawn, true, memory_order_relaxed);
}

void services_end(struct services *services) {
    (void)plane_set_services(services->plane, services->session, NULL); /* without memory they keep it */
}

bool services_are_answered(const struct services *services) {
    return services->version > 0 && !services->answer && services->setting == 0;
}

void services_done(struct services *services) {
    forget_refusals(services);
    service_table_release(services->table);
    service_table_release(services->before);
    free(services->answer);
}

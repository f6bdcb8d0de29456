/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publisher: see publisher.h.
 */
#include "config.h"

#include "agent/upstream/publisher.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "proto/features.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOO_OLD "this server is too old to publish; upgrade munneld"

enum {
    RETRY_FIRST_MS = 10000,
    RETRY_LONGEST_MS = 300000,
    ANSWER_MS = 30000, /* a message may be lost on the way or left out by a server that has too many: it is repeated */
    REMOVALS = 2,      /* to which there is no answer */
    LINES_PER_MINUTE = 2 * PUBLICATIONS_MOST
};

static struct publication_at *at_server(const struct publisher *publisher, struct publication *entry) {
    return &entry->at[publisher->index];
}

/* ---- the link ---- */

static void log_unsupported(const struct publisher *publisher) {
    if (publications_count(publisher->list) == 0)
        return;
    recent_events_add(publisher->events, EVENT_KIND_SERVER, EVENT_WARNING, strchr(publisher->who, ' ') + 1,
                      "cannot publish", TOO_OLD);
    log_event(publisher->log, publisher->refusal_level, publisher->who, "cannot publish",
              LOG_FIELDS(LOG_TEXT("detail", TOO_OLD)));
}

void publisher_begin(struct publisher *publisher, struct link_ref link, unsigned features) {
    publisher->link = link;
    publisher->has_link = true;
    publisher->is_supported = features & 1U << FEATURE_PUBLISH;
    publisher->sent_ms = 0;
    for (struct publication *entry = publications_first(publisher->list); entry; entry = publications_next(entry)) {
        struct publication_at *at = at_server(publisher, entry);
        at->is_asked = false;
        at->refusals = at->removals = 0;
        at->may_be_known &= publisher->is_supported;
    }
    if (!publisher->is_supported)
        log_unsupported(publisher);
}

void publisher_end(struct publisher *publisher) {
    publisher->has_link = false;
    for (struct publication *entry = publications_first(publisher->list); entry; entry = publications_next(entry))
        publication_set_state(at_server(publisher, entry), PUBLICATION_WAITING);
}

/* ---- asking ---- */

static bool is_due(const struct publication *entry, const struct publication_at *at, uint64_t now_ms) {
    if (entry->is_withdrawn)
        return at->may_be_known && (!at->is_asked || (at->removals < REMOVALS && now_ms >= at->again_ms));
    return !at->is_asked || (at->state != PUBLICATION_PUBLISHED && now_ms >= at->again_ms);
}

/* What people have written is asked for as it stands; what it had, as a wish. */
static struct publish_offer offer_of(const struct publication *entry, const struct publication_at *at) {
    struct publish_offer offer = {.name = entry->name, .to = {entry->to}, .to_count = 1};

    offer.is_exact = *entry->host || entry->port;
    if (offer.is_exact) {
        offer.host = *entry->host ? entry->host : NULL;
        offer.port = entry->port;
    } else {
        offer.host = *at->last_host ? at->last_host : NULL;
        offer.port = at->last_port;
    }
    return offer;
}

static bool put(struct publish_writer *writer, const struct publication *entry, struct publication_at *at,
                uint64_t now_ms) {
    const struct publish_offer offer = offer_of(entry, at);

    if (!(entry->is_withdrawn ? publish_write_removed(writer, entry->name) : publish_write_offer(writer, &offer)))
        return false;
    at->is_asked = at->may_be_known = true;
    at->again_ms = now_ms + ANSWER_MS;
    at->removals += entry->is_withdrawn;
    return true;
}

/* What was withdrawn is forgotten once the server must have heard of it. */
static void note_removed(const struct publication *entry, struct publication_at *at, uint64_t now_ms) {
    if (entry->is_withdrawn && at->removals >= REMOVALS && now_ms >= at->again_ms)
        at->may_be_known = false;
}

/* NULL: nothing is due, or no memory, and it is asked by the next control link. */
static char *write_due(const struct publisher *publisher, uint64_t now_ms) {
    struct publish_writer writer;

    publish_write(&writer);
    for (struct publication *entry = publications_first(publisher->list); entry; entry = publications_next(entry)) {
        struct publication_at *at = at_server(publisher, entry);
        note_removed(entry, at, now_ms);
        if (is_due(entry, at, now_ms) && !put(&writer, entry, at, now_ms))
            break;
    }
    bool is_empty = writer.count == 0;
    char *json = publish_finish(&writer);
    if (json && is_empty) {
        free(json);
        return NULL;
    }
    return json;
}

static void mark_unsupported(const struct publisher *publisher) {
    for (struct publication *entry = publications_first(publisher->list); entry; entry = publications_next(entry)) {
        struct publication_at *at = at_server(publisher, entry);
        if (entry->is_withdrawn || at->state == PUBLICATION_UNSUPPORTED)
            continue;
        strbuf_copy(at->reason, sizeof at->reason, TOO_OLD);
        publication_set_state(at, PUBLICATION_UNSUPPORTED);
        if (publisher->on_answer)
            publisher->on_answer(publisher->context, entry, at);
    }
}

void publisher_send(struct publisher *publisher, bool at_once) {
    uint64_t now_ms = clock_ms();

    if (!publisher->has_link)
        return;
    if (!publisher->is_supported) {
        mark_unsupported(publisher);
        return;
    }
    if (!at_once && now_ms - publisher->sent_ms < PUBLISH_INTERVAL_MS)
        return;
    char *json = write_due(publisher, now_ms);
    if (!json)
        return;
    plane_send_control(publisher->plane, publisher->link, json);
    publisher->sent_ms = now_ms;
    free(json);
}

/* ---- answers ---- */

/* It is printed for people and scripts: of a server's text only what can neither steer a terminal nor end a line. */
static void copy_address(char *to, size_t size, const char *host, const char *from) {
    bool is_ipv6 = strchr(host, ':');

    if (*from == ':') /* the server knows no name of its own, but we have reached it */
        snprintf(to, size, "%s%s%s%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", from);
    else
        strbuf_copy(to, size, from);
    for (char *at = to; *at; at++)
        if (*at <= ' ' || *at > '~')
            *at = '?';
}

static void log_published(struct publisher *publisher, const struct publication *entry,
                          const struct publication_at *at) {
    recent_events_add(publisher->events, EVENT_KIND_SERVICE, EVENT_INFO, entry->name, "published", at->address);
    log_event(publisher->log, LOG_LEVEL_INFO, publisher->who, "published",
              LOG_FIELDS(LOG_TEXT("service", entry->name), LOG_TEXT("address", at->address),
                         LOG_TEXT("destination", entry->to)));
}

static void log_refused(struct publisher *publisher, const struct publication *entry, const struct publication_at *at) {
    recent_events_add(publisher->events, EVENT_KIND_SERVICE, EVENT_WARNING, entry->name, "not published", at->reason);
    log_event(publisher->log, publisher->refusal_level, publisher->who, "does not publish a service",
              LOG_FIELDS(LOG_TEXT("service", entry->name), LOG_TEXT("destination", entry->to),
                         LOG_TEXT("detail", at->reason),
                         LOG_NUMBER("retry_s", (at->again_ms - clock_ms() + 999) / 1000)));
}

/* Of a hostile server, which could change its answer without end, only some of a minute. */
static void report(struct publisher *publisher, const struct publication *entry, const struct publication_at *at) {
    unsigned skipped = 0;

    if (!log_limit_allows(&publisher->lines, LINES_PER_MINUTE, &skipped))
        return;
    if (at->state == PUBLICATION_PUBLISHED)
        log_published(publisher, entry, at);
    else
        log_refused(publisher, entry, at);
    if (publisher->on_answer)
        publisher->on_answer(publisher->context, entry, at);
}

static void take_refusal(struct publisher *publisher, const struct publication *entry, struct publication_at *at,
                         const char *reason) {
    unsigned doublings = at->refusals < 5 ? at->refusals : 5;
    uint64_t wait_ms = (uint64_t)RETRY_FIRST_MS << doublings;
    bool is_news = at->state != PUBLICATION_REFUSED || strcmp(at->reason, reason) != 0;

    at->refusals++;
    at->again_ms = clock_ms() + (wait_ms < RETRY_LONGEST_MS ? wait_ms : RETRY_LONGEST_MS);
    publication_set_state(at, PUBLICATION_REFUSED);
    strbuf_copy(at->reason, sizeof at->reason, reason);
    if (is_news)
        report(publisher, entry, at);
}

static void take_address(struct publisher *publisher, const struct publication *entry, struct publication_at *at,
                         const struct published_service *service) {
    char address[sizeof at->address];

    copy_address(address, sizeof address, publisher->host, service->address);
    bool is_news = at->state != PUBLICATION_PUBLISHED || strcmp(at->address, address) != 0;
    at->refusals = 0;
    at->last_port = service->port;
    strbuf_copy(at->last_host, sizeof at->last_host, service->host ? service->host : "");
    strbuf_copy(at->address, sizeof at->address, address);
    publication_set_state(at, PUBLICATION_PUBLISHED);
    if (is_news)
        report(publisher, entry, at);
}

static bool was_asked(const struct publisher *publisher, const char *name) {
    struct publication *entry = publications_first(publisher->list);

    while (entry && (strcmp(entry->name, name) != 0 || !at_server(publisher, entry)->may_be_known))
        entry = publications_next(entry);
    return entry;
}

static int check_asked(const struct publisher *publisher, const struct published *published, struct error *error) {
    for (size_t i = 0; i < published->count; i++) {
        struct published_service service;
        published_get(published, i, &service);
        if (!was_asked(publisher, service.name))
            return error_set(error, "\"%s\" is published by the server, but not by this agent", service.name);
    }
    return 0;
}

int publisher_take(struct publisher *publisher, const json_t *json, struct error *error) {
    struct published published;

    if (published_parse(&published, json, error) || check_asked(publisher, &published, error))
        return -1;
    for (size_t i = 0; i < published.count; i++) {
        struct published_service service;
        published_get(&published, i, &service);
        struct publication *entry = publications_find(publisher->list, service.name);
        struct publication_at *at = entry ? at_server(publisher, entry) : NULL;
        if (!at || !at->is_asked) /* it was withdrawn when this answer was on its way */
            continue;
        if (service.refusal)
            take_refusal(publisher, entry, at, service.refusal);
        else
            take_address(publisher, entry, at, &service);
    }
    return 0;
}

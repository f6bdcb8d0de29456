/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dialer: dials the data links that servers ask for, a bounded number at once.
 * Runs on: the control thread. Owns: the slots of dials under way; each is one tag until the link is ready or gone.
 */
#include "config.h"

#include "agent/upstream/dialer.h"

#include "lib/base/clock.h"
#include "proto/hello.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_TAG ((uint64_t)1 << 63)

enum { SLOT_BITS = 10, DEFAULT_EXPIRY_MS = 10000, LONGEST_EXPIRY_MS = 60000, FAILURES_LOGGED_PER_MINUTE = 6 };
static_assert(1 << SLOT_BITS == DIALER_AT_ONCE, "a tag holds the number of a slot");

struct slot {
    uint64_t tag; /* 0: free */
    const char *who;
    unsigned next_free;
};

struct dialer {
    struct plane *plane;
    struct log *log;
    struct dialer_source *first, *last; /* those who want more, in turn */
    uint64_t serial;
    unsigned under_way;
    unsigned first_free;
    struct log_limit limit;
    struct slot slots[DIALER_AT_ONCE];
};

struct dialer *dialer_new(struct plane *plane, struct log *log) {
    struct dialer *links = calloc(1, sizeof *links);

    if (links == NULL)
        return NULL;
    links->plane = plane;
    links->log = log;
    for (unsigned i = 0; i < DIALER_AT_ONCE; i++)
        links->slots[i].next_free = i + 1;
    return links;
}

void dialer_free(struct dialer *links) {
    free(links);
}

bool dialer_made(uint64_t tag) {
    return (tag & LINKS_TAG) != 0;
}

static void put_last(struct dialer *links, struct dialer_source *source) {
    source->next = NULL;
    source->queued = true;
    if (links->last != NULL)
        links->last->next = source;
    else
        links->first = source;
    links->last = source;
}

static struct dialer_source *take_first(struct dialer *links) {
    struct dialer_source *source = links->first;

    links->first = source->next;
    if (links->first == NULL)
        links->last = NULL;
    source->queued = false;
    return source;
}

static uint64_t take_slot(struct dialer *links, const char *who) {
    unsigned index = links->first_free;
    struct slot *slot = &links->slots[index];

    links->first_free = slot->next_free;
    links->under_way++;
    links->serial = (links->serial + 1) % (LINKS_TAG >> SLOT_BITS);
    slot->tag = LINKS_TAG | links->serial << SLOT_BITS | index;
    slot->who = who;
    return slot->tag;
}

/* The dial of this tag if it is still under way, which it then is no more. */
static const struct slot *settle(struct dialer *links, uint64_t tag) {
    unsigned index = (unsigned)(tag & (DIALER_AT_ONCE - 1));
    struct slot *slot = &links->slots[index];

    if (slot->tag != tag)
        return NULL;
    slot->tag = 0;
    slot->next_free = links->first_free;
    links->first_free = index;
    links->under_way--;
    return slot;
}

static void dial(struct dialer *links, struct dialer_source *source) {
    char identity[SESSION_IDENTITY_SIZE];
    session_key_identify(identity, source->session, ++source->dialled);
    struct dial_order order = {.address = source->address,
                               .tls = trust_context(source->trust, links->log, source->who),
                               .server_name = source->server_name,
                               .hello = source->hello,
                               .has_key = true,
                               .proof_role = DIAL_PROOF_DATA,
                               .identity = identity,
                               .tag = take_slot(links, source->who)};

    memcpy(order.key, source->key, sizeof order.key);
    plane_dial(links->plane, &order);
    secret_wipe(&order, sizeof order);
}

/* Sources take turns, so that one server's burst does not hold up another's. */
static void dial_wanted(struct dialer *links) {
    while (links->first != NULL && links->under_way < DIALER_AT_ONCE) {
        struct dialer_source *source = take_first(links);

        if (clock_us() >= source->expires_us)
            source->wanted = 0;
        if (source->wanted == 0)
            continue;
        dial(links, source);
        if (--source->wanted > 0)
            put_last(links, source);
    }
}

void dialer_want(struct dialer *links, struct dialer_source *source, uint64_t count, uint64_t expires_ms) {
    uint64_t now = clock_us();
    uint64_t left = now < source->expires_us ? source->wanted : 0;

    source->wanted = count < DIALER_AT_ONCE - left ? (unsigned)(count + left) : DIALER_AT_ONCE;
    if (expires_ms == 0)
        expires_ms = DEFAULT_EXPIRY_MS;
    source->expires_us = now + (expires_ms < LONGEST_EXPIRY_MS ? expires_ms : LONGEST_EXPIRY_MS) * 1000;
    if (!source->queued)
        put_last(links, source);
    dial_wanted(links);
}

void dialer_forget(struct dialer *links, struct dialer_source *source) {
    struct dialer_source *waiting = links->first;

    source->wanted = 0;
    links->first = links->last = NULL;
    while (waiting != NULL) {
        struct dialer_source *next = waiting->next;

        if (waiting != source)
            put_last(links, waiting);
        waiting = next;
    }
    source->queued = false;
}

void dialer_on_ready(struct dialer *links, uint64_t tag) {
    if (settle(links, tag) != NULL)
        dial_wanted(links);
}

/* At warning level, a few a minute; what is nobody's fault only at debug level. */
static void log_failure(struct dialer *links, const char *who, const char *why, bool is_fault) {
    unsigned skipped = 0;
    bool allowed = is_fault && log_limit_allows(&links->limit, FAILURES_LOGGED_PER_MINUTE, &skipped);

    log_event(links->log, allowed ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, who, "a data link could not be made",
              LOG_FIELDS(LOG_TEXT("why", why), LOG_NUMBER("left_out", skipped)));
}

void dialer_on_rejected(struct dialer *links, uint64_t tag, const char *text, size_t length) {
    const struct slot *slot = settle(links, tag);
    struct reject reject;
    struct error error = {""};

    if (slot == NULL)
        return;
    if (reject_parse(&reject, text, length, &error) == 0) {
        /* the session ended while its link was on its way */
        log_failure(links, slot->who, reject.reason, reject.code != REJECT_SESSION);
        reject_done(&reject);
    } else {
        log_failure(links, slot->who, error.text, true);
    }
    dial_wanted(links);
}

void dialer_on_gone(struct dialer *links, const struct link_end *end) {
    const struct slot *slot = settle(links, end->tag);

    if (slot == NULL)
        return;
    if (!end->was_accepted)
        log_failure(links, slot->who, end->why, true);
    dial_wanted(links);
}

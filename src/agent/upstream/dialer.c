/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dialer: see dialer.h.
 */
#include "config.h"

#include "agent/upstream/dialer.h"

#include "lib/base/clock.h"
#include "proto/hello.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DIALER_TAG ((uint64_t)1 << 63)

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
    STAILQ_HEAD(, dialer_source) sources; /* those that want more, in turn */
    uint64_t serial;
    unsigned under_way;
    unsigned first_free;
    struct log_limit limit;
    struct slot slots[DIALER_AT_ONCE];
};

struct dialer *dialer_new(struct plane *plane, struct log *log) {
    struct dialer *dialer = calloc(1, sizeof *dialer);

    if (!dialer)
        return NULL;
    dialer->plane = plane;
    dialer->log = log;
    STAILQ_INIT(&dialer->sources);
    for (unsigned i = 0; i < DIALER_AT_ONCE; i++)
        dialer->slots[i].next_free = i + 1;
    return dialer;
}

void dialer_free(struct dialer *dialer) {
    free(dialer);
}

bool dialer_made(uint64_t tag) {
    return (tag & DIALER_TAG) != 0;
}

static void enqueue(struct dialer *dialer, struct dialer_source *source) {
    if (!source->queued)
        STAILQ_INSERT_TAIL(&dialer->sources, source, next);
    source->queued = true;
}

static struct dialer_source *dequeue(struct dialer *dialer) {
    struct dialer_source *source = STAILQ_FIRST(&dialer->sources);

    STAILQ_REMOVE_HEAD(&dialer->sources, next);
    source->queued = false;
    return source;
}

static uint64_t take_slot(struct dialer *dialer, const char *who) {
    unsigned index = dialer->first_free;
    struct slot *slot = &dialer->slots[index];

    dialer->first_free = slot->next_free;
    dialer->under_way++;
    dialer->serial = (dialer->serial + 1) % (DIALER_TAG >> SLOT_BITS);
    slot->tag = DIALER_TAG | dialer->serial << SLOT_BITS | index;
    slot->who = who;
    return slot->tag;
}

/* The dial of this tag if it is still under way, which it then is no more. */
static const struct slot *settle(struct dialer *dialer, uint64_t tag) {
    unsigned index = (unsigned)(tag & (DIALER_AT_ONCE - 1));
    struct slot *slot = &dialer->slots[index];

    if (slot->tag != tag)
        return NULL;
    slot->tag = 0;
    slot->next_free = dialer->first_free;
    dialer->first_free = index;
    dialer->under_way--;
    return slot;
}

static void dial(struct dialer *dialer, struct dialer_source *source) {
    char identity[SESSION_IDENTITY_SIZE];
    session_key_identify(identity, source->session, ++source->dialled);
    struct dial_order order = {.address = source->address,
                               .tls = trust_context(source->trust, dialer->log, source->who),
                               .server_name = source->server_name,
                               .hello = source->hello,
                               .has_key = true,
                               .proof_role = DIAL_PROOF_DATA,
                               .identity = identity,
                               .session = source->session_tag,
                               .tag = take_slot(dialer, source->who)};

    memcpy(order.key, source->key, sizeof order.key);
    plane_dial(dialer->plane, &order);
    secret_wipe(&order, sizeof order);
}

/* Sources take turns, so that one server's burst does not hold up another's. */
static void dial_wanted(struct dialer *dialer) {
    while (!STAILQ_EMPTY(&dialer->sources) && dialer->under_way < DIALER_AT_ONCE) {
        struct dialer_source *source = dequeue(dialer);

        if (clock_us() >= source->expires_us)
            source->wanted = 0;
        if (source->wanted == 0)
            continue;
        dial(dialer, source);
        if (--source->wanted > 0)
            enqueue(dialer, source);
    }
}

void dialer_want(struct dialer *dialer, struct dialer_source *source, uint64_t count, uint64_t expires_ms) {
    uint64_t now = clock_us();
    uint64_t left = now < source->expires_us ? source->wanted : 0;

    source->wanted = count < DIALER_AT_ONCE - left ? (unsigned)(count + left) : DIALER_AT_ONCE;
    if (expires_ms == 0)
        expires_ms = DEFAULT_EXPIRY_MS;
    source->expires_us = now + (expires_ms < LONGEST_EXPIRY_MS ? expires_ms : LONGEST_EXPIRY_MS) * 1000;
    enqueue(dialer, source);
    dial_wanted(dialer);
}

void dialer_forget(struct dialer *dialer, struct dialer_source *source) {
    source->wanted = 0;
    if (source->queued)
        STAILQ_REMOVE(&dialer->sources, source, dialer_source, next);
    source->queued = false;
}

void dialer_on_ready(struct dialer *dialer, uint64_t tag) {
    if (settle(dialer, tag))
        dial_wanted(dialer);
}

/* Faults at warning level, a few a minute; the rest at debug level. */
static void log_failure(struct dialer *dialer, const char *who, const char *detail, bool is_fault) {
    unsigned skipped = 0;
    bool allowed = is_fault && log_limit_allows(&dialer->limit, FAILURES_LOGGED_PER_MINUTE, &skipped);

    log_event(dialer->log, allowed ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, who, "data link failed",
              LOG_FIELDS(LOG_TEXT("detail", detail), LOG_NUMBER("left_out", skipped)));
}

void dialer_on_rejected(struct dialer *dialer, uint64_t tag, const char *text, size_t length) {
    const struct slot *slot = settle(dialer, tag);
    struct reject reject;
    struct error error = {""};

    if (!slot)
        return;
    if (reject_parse(&reject, text, length, &error) == 0) {
        /* the session ended while its link was on its way */
        log_failure(dialer, slot->who, reject.reason, reject.code != REJECT_SESSION);
        reject_done(&reject);
    } else {
        log_failure(dialer, slot->who, error.text, true);
    }
    dial_wanted(dialer);
}

void dialer_on_gone(struct dialer *dialer, const struct link_end *end) {
    const struct slot *slot = settle(dialer, end->tag);

    if (!slot)
        return;
    if (!end->was_accepted)
        log_failure(dialer, slot->who, end->detail, true);
    dial_wanted(dialer);
}

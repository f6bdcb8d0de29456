/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resolver_lookups: the list of look-ups, which is their queue too, and which of them may have a thread.
 * Runs on: any thread that holds the resolver's lock. Owns: the look-ups in the list.
 */
#include "config.h"

#include "lib/event/resolver_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_LOOKUPS = 256 };

static void unlink_lookup(struct resolver *resolver, struct lookup *lookup) {
    struct lookup **at = &resolver->lookups;
    while (*at != lookup)
        at = &(*at)->next;
    *at = lookup->next;
}

void resolver_remove_lookup(struct resolver *resolver, struct lookup *lookup) {
    unlink_lookup(resolver, lookup);
    free(lookup);
}

void resolver_forget_lookups(struct resolver *resolver) {
    size_t count = 0;
    for (struct lookup *lookup = resolver->lookups; lookup; lookup = lookup->next)
        count++;
    for (struct lookup *lookup = resolver->lookups, *next; lookup && count >= MOST_LOOKUPS; lookup = next) {
        next = lookup->next;
        if (lookup->state == LOOKUP_KEPT) {
            resolver_remove_lookup(resolver, lookup);
            count--;
        }
    }
}

struct lookup *resolver_find_lookup(struct resolver *resolver, const char *host) {
    struct lookup *lookup = resolver->lookups;
    while (lookup && strcasecmp(lookup->host, host) != 0)
        lookup = lookup->next;
    return lookup;
}

static void append_lookup(struct resolver *resolver, struct lookup *lookup) {
    struct lookup **end = &resolver->lookups;
    while (*end)
        end = &(*end)->next;
    *end = lookup;
    lookup->next = NULL;
    lookup->state = LOOKUP_QUEUED;
}

struct lookup *resolver_add_lookup(struct resolver *resolver, const char *host) {
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return NULL;
    memcpy(lookup->host, host, strlen(host) + 1);
    append_lookup(resolver, lookup);
    return lookup;
}

void resolver_queue_again(struct resolver *resolver, struct lookup *lookup) {
    unlink_lookup(resolver, lookup);
    append_lookup(resolver, lookup);
}

/* Slow names may hold a few threads, and others not those that are reserved for names known to answer promptly. */
static bool may_run(const struct resolver *resolver, enum pace pace) {
    const struct resolver_limits *limits = &resolver->limits;
    int running = resolver->running[PACE_UNKNOWN] + resolver->running[PACE_PROMPT] + resolver->running[PACE_SLOW];

    if (pace == PACE_PROMPT)
        return running < limits->most;
    if (pace == PACE_SLOW && resolver->running[PACE_SLOW] >= limits->slow)
        return false;
    return running < limits->most - limits->reserved;
}

bool resolver_is_ready(const struct resolver *resolver, const struct lookup *lookup) {
    return lookup->state == LOOKUP_QUEUED && may_run(resolver, lookup->pace);
}

struct lookup *resolver_next_ready(const struct resolver *resolver) {
    struct lookup *lookup = resolver->lookups;
    while (lookup && !resolver_is_ready(resolver, lookup))
        lookup = lookup->next;
    return lookup;
}

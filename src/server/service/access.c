/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * access: see access.h. Without a limit per source nothing is counted, and no client costs a look-up.
 * Runs on: the control thread. Owns: its rules and counts.
 */
#include "config.h"

#include "server/service/access.h"

#include "lib/net/acl.h"
#include "server/service/source_key.h"

#include <stdlib.h>

enum { HEADS = 1024 };

struct source {
    struct source *next;
    uint64_t hash, second;
    unsigned live, in_second;
};

struct access {
    struct acl *allow, *deny;
    unsigned per_source, rate;
    size_t count;
    struct source *heads[HEADS];
};

/* *rules stays NULL when there are no patterns. */
static int read_rules(struct acl **rules, const struct strlist *patterns, struct error *error) {
    if (!patterns->count)
        return 0;
    *rules = acl_new();
    if (!*rules)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < patterns->count; i++)
        if (acl_add(*rules, patterns->items[i], error))
            return -1;
    return 0;
}

struct access *access_new(const struct service_config *conf, struct error *error) {
    struct access *admission = calloc(1, sizeof *admission);

    if (!admission) {
        error_set(error, "out of memory");
        return NULL;
    }
    admission->per_source = conf->max_per_source;
    admission->rate = conf->max_rate;
    if (read_rules(&admission->allow, &conf->allow, error) || read_rules(&admission->deny, &conf->deny, error)) {
        access_free(admission);
        return NULL;
    }
    return admission;
}

void access_free(struct access *admission) {
    if (!admission)
        return;
    for (size_t i = 0; i < HEADS; i++) {
        while (admission->heads[i]) {
            struct source *next = admission->heads[i]->next;
            free(admission->heads[i]);
            admission->heads[i] = next;
        }
    }
    acl_free(admission->allow);
    acl_free(admission->deny);
    free(admission);
}

static struct source *find_source(const struct access *admission, uint64_t hash) {
    struct source *source = admission->heads[hash % HEADS];

    while (source && source->hash != hash)
        source = source->next;
    return source;
}

static struct source *find_or_add_source(struct access *admission, uint64_t hash) {
    struct source *source = find_source(admission, hash);

    if (source)
        return source;
    source = calloc(1, sizeof *source);
    if (!source)
        return NULL;
    source->hash = hash;
    source->next = admission->heads[hash % HEADS];
    admission->heads[hash % HEADS] = source;
    admission->count++;
    return source;
}

static const char *count_client(struct access *admission, const struct addr *peer, uint64_t second) {
    struct source *source = find_or_add_source(admission, source_key_of(peer));

    if (!source)
        return "out of memory";
    if (source->second != second) {
        source->second = second;
        source->in_second = 0;
    }
    if (admission->per_source && source->live >= admission->per_source)
        return "as many clients from one address as max_per_source allows";
    if (admission->rate && source->in_second >= admission->rate)
        return "as many new clients a second from one address as max_rate allows";
    source->live++;
    source->in_second++;
    return NULL;
}

const char *access_refuses(struct access *admission, const struct addr *peer, uint64_t now_us) {
    if (!addr_is_unix(peer) && admission->deny && acl_match(admission->deny, peer, NULL))
        return "this address is denied";
    if (!addr_is_unix(peer) && admission->allow && !acl_match(admission->allow, peer, NULL))
        return "this address is not among those allowed";
    if (!admission->per_source && !admission->rate)
        return NULL;
    return count_client(admission, peer, now_us / 1000000);
}

void access_left(struct access *admission, const struct addr *peer) {
    struct source *source = admission->count ? find_source(admission, source_key_of(peer)) : NULL;

    if (source && source->live)
        source->live--;
}

void access_tick(struct access *admission, uint64_t now_us) {
    for (size_t i = 0; i < HEADS && admission->count; i++) {
        struct source **at = &admission->heads[i];
        while (*at) {
            struct source *source = *at;
            if (source->live || source->second == now_us / 1000000) {
                at = &source->next;
                continue;
            }
            *at = source->next;
            free(source);
            admission->count--;
        }
    }
}

size_t access_sources(const struct access *admission) {
    return admission->count;
}

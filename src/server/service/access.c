/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * access: see access.h. Without a limit per source nothing is counted, and no client costs a look-up.
 */
#include "config.h"

#include "server/service/access.h"

#include "lib/base/hash.h"
#include "lib/base/secret.h"
#include "lib/net/acl.h"
#include "lib/net/source_key.h"
#include "relay/plane.h"

#include <stdlib.h>
#include <string.h>

enum { HEADS_FIRST = 64, KEPT_MOST = 65536 /* sources without clients, whose bandwidth is not free again */ };

struct source {
    struct source *next;
    uint64_t hash, second;
    unsigned live, in_second;
    struct bandwidth *bandwidth; /* of its relays; one reference */
};

struct access {
    struct acl *allow, *deny;
    unsigned per_source, rate;
    struct bandwidth_limits bandwidth;
    struct source **heads; /* NULL: none was counted yet */
    size_t room, count;    /* room: of heads, a power of two */
    uint64_t secret;       /* of the heads, so that no peers can choose addresses of one */
};

struct access *access_new(const struct service_config *conf, struct error *error) {
    struct access *access = calloc(1, sizeof *access);

    if (!access) {
        error_set(error, "out of memory");
        return NULL;
    }
    access->per_source = conf->max_per_source;
    access->rate = conf->max_rate;
    access->bandwidth =
        (struct bandwidth_limits){conf->source_bandwidth.in, conf->source_bandwidth.out, conf->bandwidth.burst};
    if (acl_read(&access->allow, &conf->allow, error) || acl_read(&access->deny, &conf->deny, error)) {
        access_free(access);
        return NULL;
    }
    return access;
}

static void free_source(struct source *source) {
    bandwidth_release(source->bandwidth);
    free(source);
}

void access_free(struct access *access) {
    if (!access)
        return;
    for (size_t i = 0; i < access->room; i++) {
        while (access->heads[i]) {
            struct source *next = access->heads[i]->next;
            free_source(access->heads[i]);
            access->heads[i] = next;
        }
    }
    free(access->heads);
    acl_free(access->allow);
    acl_free(access->deny);
    free(access);
}

void access_take_over(struct access *access, struct access *from) {
    free(access->heads); /* it has no sources of its own yet */
    access->heads = from->heads;
    access->room = from->room;
    access->count = from->count;
    access->secret = from->secret;
    from->heads = NULL;
    from->room = from->count = 0;
    for (size_t i = 0; i < access->room && access->count; i++)
        for (struct source *source = access->heads[i]; source; source = source->next)
            bandwidth_set(source->bandwidth, &access->bandwidth);
}

static struct source **head_of(const struct access *access, uint64_t hash) {
    return &access->heads[hash_mix(hash ^ access->secret) & (access->room - 1)];
}

static bool begin(struct access *access) {
    if (access->heads)
        return true;
    if (secret_random(&access->secret, sizeof access->secret))
        return false;
    access->heads = calloc(HEADS_FIRST, sizeof(struct source *));
    access->room = access->heads ? HEADS_FIRST : 0;
    return access->heads;
}

/* Without memory the chains grow longer. */
static void grow(struct access *access) {
    struct source **before = access->heads, **heads = calloc(2 * access->room, sizeof *heads);
    size_t room = access->room;

    if (!heads)
        return;
    access->heads = heads;
    access->room = 2 * room;
    for (size_t i = 0; i < room; i++)
        for (struct source *source = before[i], *next; source; source = next) {
            struct source **head = head_of(access, source->hash);
            next = source->next;
            source->next = *head;
            *head = source;
        }
    free(before);
}

static struct source *find_source(const struct access *access, uint64_t hash) {
    struct source *source = *head_of(access, hash);

    while (source && source->hash != hash)
        source = source->next;
    return source;
}

static struct source *find_or_add_source(struct access *access, uint64_t hash) {
    if (!begin(access))
        return NULL;
    struct source *source = find_source(access, hash);
    if (source)
        return source;
    source = calloc(1, sizeof *source);
    if (!source)
        return NULL;
    source->hash = hash;
    source->bandwidth = bandwidth_new(&access->bandwidth);
    if (!source->bandwidth) {
        free(source);
        return NULL;
    }
    if (access->count >= access->room)
        grow(access);
    struct source **head = head_of(access, hash);
    source->next = *head;
    *head = source;
    access->count++;
    return source;
}

static enum access_verdict count_client(struct access *access, const struct addr *peer, uint64_t second) {
    struct source *source = find_or_add_source(access, source_key_of(peer));

    if (!source)
        return ACCESS_MEMORY;
    if (source->second != second) {
        source->second = second;
        source->in_second = 0;
    }
    if (access->per_source && source->live >= access->per_source)
        return ACCESS_MAX_PER_SOURCE;
    if (access->rate && source->in_second >= access->rate)
        return ACCESS_MAX_RATE;
    source->live++;
    source->in_second++;
    return ACCESS_ADMITTED;
}

const char *access_verdict_label(enum access_verdict verdict) {
    static const char *const labels[ACCESS_VERDICT_COUNT] = {
#define ACCESS_VERDICT_LABEL(name, label, detail) label,
        ACCESS_VERDICTS(ACCESS_VERDICT_LABEL)
#undef ACCESS_VERDICT_LABEL
    };
    return labels[verdict];
}

const char *access_verdict_detail(enum access_verdict verdict) {
    static const char *const details[ACCESS_VERDICT_COUNT] = {
#define ACCESS_VERDICT_DETAIL(name, label, detail) detail,
        ACCESS_VERDICTS(ACCESS_VERDICT_DETAIL)
#undef ACCESS_VERDICT_DETAIL
    };
    return details[verdict];
}

bool access_counts(const struct access *access) {
    return access->per_source || access->rate || access->bandwidth.in || access->bandwidth.out;
}

enum access_verdict access_judge(struct access *access, const struct addr *peer, uint64_t now_us) {
    if (!addr_is_unix(peer) && access->deny && acl_match(access->deny, peer, NULL))
        return ACCESS_DENIED;
    if (!addr_is_unix(peer) && access->allow && !acl_match(access->allow, peer, NULL))
        return ACCESS_NOT_ALLOWED;
    if (!access_counts(access))
        return ACCESS_ADMITTED;
    return count_client(access, peer, now_us / 1000000);
}

void access_left(struct access *access, const struct addr *peer) {
    struct source *source = access->count ? find_source(access, source_key_of(peer)) : NULL;

    if (source && source->live)
        source->live--;
}

struct bandwidth *access_bandwidth(const struct access *access, const struct addr *peer) {
    const struct source *source = access->count ? find_source(access, source_key_of(peer)) : NULL;

    return source ? bandwidth_hold(source->bandwidth) : NULL;
}

/* A source that has used its bandwidth is kept for as long as a new one would be given more. */
static bool is_needed(const struct access *access, const struct source *source, uint64_t now_us) {
    return source->live || source->second == now_us / 1000000 ||
           (access->count <= KEPT_MOST && !bandwidth_is_unused(source->bandwidth, now_us));
}

void access_tick(struct access *access, uint64_t now_us) {
    for (size_t i = 0; i < access->room && access->count; i++) {
        struct source **at = &access->heads[i];
        while (*at) {
            struct source *source = *at;
            if (is_needed(access, source, now_us)) {
                at = &source->next;
                continue;
            }
            *at = source->next;
            free_source(source);
            access->count--;
        }
    }
}

size_t access_sources(const struct access *access) {
    return access->count;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * balance: see balance.h. The usual case, the next agent is well and can take it, looks at one member.
 */
#include "config.h"

#include "server/service/balance.h"

#include "lib/base/clock.h"
#include "lib/base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FAILURES_IN_A_ROW = 3, EJECT_S = 10, EJECT_MOST_S = 60, SOURCES = 4096, TRIED_ROOM = 8 };

struct sticky { /* `source`: the agent last used for this client address */
    uint64_t source, tag;
};

struct balance *balance_new(enum config_balance policy) {
    struct balance *balance = calloc(1, sizeof *balance);

    if (!balance)
        return NULL;
    balance->policy = policy;
    if (policy == CONFIG_SOURCE)
        balance->sources = calloc(SOURCES, sizeof *balance->sources);
    if (policy != CONFIG_SOURCE || balance->sources)
        return balance;
    free(balance);
    return NULL;
}

void balance_free(struct balance *balance) {
    if (!balance)
        return;
    for (size_t i = 0; i < balance->count; i++) {
        free(balance->members[i].health_detail);
        free(balance->members[i].failure);
    }
    free(balance->members);
    free(balance->sources);
    free(balance);
}

void balance_take_over(struct balance *balance, struct balance *from) {
    free(balance->members);
    balance->members = from->members;
    balance->count = from->count;
    balance->room = from->room;
    balance->next = from->next;
    balance->failing = from->failing;
    balance->unhealthy = from->unhealthy;
    from->members = NULL;
    from->count = from->room = from->failing = from->unhealthy = 0;
}

static struct balance_member *find_member(const struct balance *balance, const struct session *session) {
    for (size_t i = 0; i < balance->count; i++)
        if (balance->members[i].session == session)
            return &balance->members[i];
    return NULL;
}

bool balance_join(struct balance *balance, struct session *session) {
    if (balance->count == balance->room) {
        size_t room = balance->room ? 2 * balance->room : 8;
        struct balance_member *members = realloc(balance->members, room * sizeof *members);
        if (!members)
            return false;
        balance->members = members;
        balance->room = room;
    }
    balance->members[balance->count++] = (struct balance_member){.session = session};
    return true;
}

void balance_leave(struct balance *balance, const struct session *session) {
    struct balance_member *member = find_member(balance, session);

    if (!member)
        return;
    size_t at = (size_t)(member - balance->members);
    balance->failing -= member->failures > 0;
    balance->unhealthy -= member->is_unhealthy;
    free(member->health_detail);
    free(member->failure);
    balance->count--;
    memmove(member, member + 1, (balance->count - at) * sizeof *member);
    if (balance->next > at)
        balance->next--;
}

/* Where a tag is in the set of tried sessions, or the free place for it. */
static size_t place_of(const uint64_t *tried, size_t room, uint64_t tag) {
    size_t at = hash_mix(tag) & (room - 1);

    while (tried[at] && tried[at] != tag)
        at = (at + 1) & (room - 1);
    return at;
}

static bool has_tried(const struct client *client, const struct session *session) {
    return client->tried && client->tried[place_of(client->tried, client->tried_room, session_tag(session))];
}

static bool make_room(struct client *client) {
    if (2 * (client->tried_count + 1) <= client->tried_room)
        return true;
    size_t room = client->tried_room ? 2 * client->tried_room : TRIED_ROOM;
    uint64_t *tried = calloc(room, sizeof *tried);
    if (!tried)
        return false;
    for (size_t i = 0; i < client->tried_room; i++)
        if (client->tried[i])
            tried[place_of(tried, room, client->tried[i])] = client->tried[i];
    free(client->tried);
    client->tried = tried;
    client->tried_room = room;
    return true;
}

/* Without memory it may be given to this agent once more: its deadline ends that. */
void balance_mark_tried(struct client *client, const struct session *session) {
    if (has_tried(client, session) || !make_room(client))
        return;
    client->tried[place_of(client->tried, client->tried_room, session_tag(session))] = session_tag(session);
    client->tried_count++;
}

size_t balance_untried(const struct balance *balance, const struct client *client) {
    size_t untried = 0;

    if (!client->attempts)
        return balance_usable(balance);
    for (size_t i = 0; i < balance->count; i++)
        untried += !balance->members[i].is_unhealthy && !has_tried(client, balance->members[i].session);
    return untried;
}

void balance_avoid(struct client *client, const struct session *session) {
    client->avoided = session_tag(session);
}

/* Worst first; a client goes to a member of the best health available. */
enum health { NOT_FOR_IT, AVOIDED, SILENT, EJECTED, HEALTHY };

static enum health member_health(const struct balance_member *member, const struct client *client, uint64_t now_us) {
    if (member->is_unhealthy || (client->attempts && has_tried(client, member->session)))
        return NOT_FOR_IT;
    if (client->attempts && client->avoided == session_tag(member->session))
        return AVOIDED;
    if (session_is_silent(member->session))
        return SILENT;
    return member->ejected_until_us > now_us ? EJECTED : HEALTHY;
}

static enum health best_health(const struct balance *balance, const struct client *client, uint64_t now_us) {
    enum health best = NOT_FOR_IT;

    for (size_t i = 0; i < balance->count && best != HEALTHY; i++) {
        enum health health = member_health(&balance->members[i], client, now_us);
        if (health > best)
            best = health;
    }
    return best;
}

/* A flow stays on the thread of its port: of the session's links only those that are there are for it. */
static bool can_take(const struct balance_member *member, const struct client *client, uint64_t now_us) {
    return client->flow ? session_can_take_flow(member->session, plane_flow_thread(client->flow), now_us)
                        : session_can_take(member->session, now_us);
}

/* The next in turn that can take it. */
static struct balance_member *choose_in_turn(struct balance *balance, const struct client *client, enum health wanted,
                                             uint64_t now_us) {
    for (size_t i = 0; i < balance->count; i++) {
        struct balance_member *member = &balance->members[(balance->next + i) % balance->count];
        if (can_take(member, client, now_us) && member_health(member, client, now_us) == wanted)
            return member;
    }
    return NULL;
}

/* The least busy that can take it; among equals the next in turn. */
static struct balance_member *choose_least_busy(struct balance *balance, const struct client *client,
                                                enum health wanted, uint64_t now_us) {
    struct balance_member *least = NULL;

    for (size_t i = 0; i < balance->count; i++) {
        struct balance_member *member = &balance->members[(balance->next + i) % balance->count];
        if (can_take(member, client, now_us) && member_health(member, client, now_us) == wanted &&
            (!least || session_client_count(member->session) < session_client_count(least->session)))
            least = member;
    }
    return least;
}

/* The member for this source, whether it can take the client or not: the last one used, else the highest rendezvous
 * hash. */
static struct balance_member *source_owner(struct balance *balance, const struct client *client, enum health wanted,
                                           uint64_t now_us) {
    uint64_t source = hash_mix(addr_host_hash(&client->peer)), best_weight = 0;
    struct sticky *sticky = &balance->sources[source % SOURCES];
    struct balance_member *best = NULL;

    for (size_t i = 0; i < balance->count; i++) {
        struct balance_member *member = &balance->members[i];
        uint64_t tag = session_tag(member->session), weight = hash_mix(source ^ hash_mix(tag));
        if (member_health(member, client, now_us) != wanted)
            continue;
        if (sticky->source == source && sticky->tag == tag)
            return member;
        if (!best || weight > best_weight) {
            best = member;
            best_weight = weight;
        }
    }
    return best;
}

static struct balance_member *choose_by_source(struct balance *balance, const struct client *client, enum health wanted,
                                               uint64_t now_us) {
    struct balance_member *owner = source_owner(balance, client, wanted, now_us);

    if (!owner || !can_take(owner, client, now_us))
        return NULL;
    uint64_t source = hash_mix(addr_host_hash(&client->peer));
    balance->sources[source % SOURCES] = (struct sticky){source, session_tag(owner->session)};
    return owner;
}

static struct balance_member *(*const policies[])(struct balance *, const struct client *, enum health, uint64_t) = {
    [CONFIG_ROUND_ROBIN] = choose_in_turn,
    [CONFIG_LEAST_CONNECTIONS] = choose_least_busy,
    [CONFIG_SOURCE] = choose_by_source,
};

enum balance_verdict balance_choose(struct balance *balance, const struct client *client, uint64_t now_us,
                                    struct session **chosen) {
    enum health best = best_health(balance, client, now_us);

    if (best == NOT_FOR_IT)
        return balance_usable(balance) ? BALANCE_ALL_TRIED : BALANCE_NO_AGENT;
    struct balance_member *member = policies[balance->policy](balance, client, best, now_us);
    if (!member)
        return BALANCE_WAIT;
    balance->next = (size_t)(member - balance->members + 1) % balance->count;
    *chosen = member->session;
    return BALANCE_CHOSEN;
}

unsigned balance_failed(struct balance *balance, const struct session *session, const char *detail, uint64_t now_us) {
    struct balance_member *member = find_member(balance, session);

    /* Failures of attempts started before the ejection do not extend it. */
    if (!member || member->ejected_until_us > now_us)
        return 0;
    balance->failing += member->failures == 0;
    if (++member->failures < FAILURES_IN_A_ROW)
        return 0;
    member->eject_s = member->eject_s ? 2 * member->eject_s : EJECT_S;
    if (member->eject_s > EJECT_MOST_S)
        member->eject_s = EJECT_MOST_S;
    member->ejected_until_us = now_us + member->eject_s * 1000000ULL;
    if (!member->failing_since_us)
        member->failing_since_us = now_us;
    free(member->failure);
    member->failure = strdup(detail);
    return member->eject_s;
}

bool balance_is_failing(const struct balance_member *member, uint64_t now_us) {
    return member->failing_since_us && member->ejected_until_us + EJECT_MOST_S * 1000000ULL > now_us;
}

static void forget_failures(struct balance *balance, struct balance_member *member) {
    balance->failing -= member->failures > 0;
    member->failures = member->eject_s = 0;
    member->ejected_until_us = member->failing_since_us = 0;
    free(member->failure);
    member->failure = NULL;
}

void balance_succeeded(struct balance *balance, const struct session *session) {
    struct balance_member *member = balance->failing ? find_member(balance, session) : NULL;

    if (member)
        forget_failures(balance, member);
}

size_t balance_usable(const struct balance *balance) {
    return balance->count - balance->unhealthy;
}

bool balance_set_health(struct balance *balance, const struct session *session, bool is_healthy, const char *detail) {
    struct balance_member *member = find_member(balance, session);

    if (!member || (member->health_since_us && member->is_unhealthy == !is_healthy))
        return false;
    if (member->is_unhealthy != !is_healthy)
        balance->unhealthy = is_healthy ? balance->unhealthy - 1 : balance->unhealthy + 1;
    member->is_unhealthy = !is_healthy;
    member->health_since_us = clock_us();
    free(member->health_detail);
    member->health_detail = is_healthy ? NULL : strdup(detail);
    if (is_healthy)
        forget_failures(balance, member);
    return true;
}

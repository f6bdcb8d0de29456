/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carriers: see carriers.h.
 */
#include "config.h"

#include "server/session/carriers.h"

#include <assert.h>
#include <stdlib.h>

enum { KINDS = 2, EXPIRE_US = CARRIERS_EXPIRE_MS * 1000 };

struct carrier_group { /* of one thread and kind */
    struct link_count links;
    size_t present; /* of those, the ones that carry streams */
    unsigned asked; /* of the agent, and not accepted yet */
    uint64_t asked_until_us;
};

/* --- one number --- */

size_t link_count_room(const struct link_count *links) {
    return links->count < links->limit ? links->limit - links->count : 0;
}

void link_count_accepted(struct link_count *links) {
    links->count++;
}

void link_count_gone(struct link_count *links) {
    assert(links->count > 0);
    links->count--;
}

/* --- of a session --- */

bool carriers_init(struct carriers *carriers, unsigned threads) {
    *carriers = (struct carriers){.threads = threads, .groups = calloc(threads * KINDS, sizeof *carriers->groups)};
    for (unsigned i = 0; carriers->groups && i < threads * KINDS; i++)
        carriers->groups[i].links.limit = i % KINDS ? CARRIERS_EXCLUSIVE_MAX : CARRIERS_SHARED_MAX;
    return carriers->groups;
}

void carriers_done(struct carriers *carriers) {
    free(carriers->groups);
}

static struct carrier_group *group_of(const struct carriers *carriers, const struct carrier_role *role) {
    assert(role->server_thread < carriers->threads);
    return &carriers->groups[role->server_thread * KINDS + role->is_exclusive];
}

bool carriers_has_room(const struct carriers *carriers, const struct carrier_role *role) {
    const struct link_count *links = &group_of(carriers, role)->links;

    return links->count < links->limit + !role->is_exclusive;
}

void carriers_accepted(struct carriers *carriers, const struct carrier_role *role) {
    struct carrier_group *group = group_of(carriers, role);

    link_count_accepted(&group->links);
    group->asked -= group->asked > 0;
}

void carriers_accept_failed(struct carriers *carriers, const struct carrier_role *role) {
    link_count_gone(&group_of(carriers, role)->links);
}

void carriers_added(struct carriers *carriers, const struct carrier_role *role) {
    struct carrier_group *group = group_of(carriers, role);

    carriers->ready += !role->is_exclusive && !group->present;
    carriers->count++;
    group->present++;
    assert(group->present <= group->links.count);
}

void carriers_removed(struct carriers *carriers, const struct carrier_role *role) {
    struct carrier_group *group = group_of(carriers, role);

    assert(group->present > 0);
    link_count_gone(&group->links);
    carriers->count--;
    group->present--;
    carriers->ready -= !role->is_exclusive && !group->present;
}

bool carriers_has_shared(const struct carriers *carriers, unsigned thread) {
    return thread < carriers->threads && carriers->groups[thread * KINDS].present > 0;
}

unsigned carriers_take_thread(struct carriers *carriers) {
    unsigned thread = carriers->next;

    assert(carriers->ready > 0);
    while (!carriers->groups[thread * KINDS].present)
        thread = (thread + 1) % carriers->threads;
    carriers->next = (thread + 1) % carriers->threads;
    return thread;
}

static unsigned asked(const struct carrier_group *group, uint64_t now_us) {
    return group->asked_until_us > now_us ? group->asked : 0;
}

unsigned carriers_ask(struct carriers *carriers, const struct carrier_role *role, unsigned wanted, uint64_t now_us) {
    struct carrier_group *group = group_of(carriers, role);
    size_t room = link_count_room(&group->links);
    unsigned before = asked(group, now_us);

    if (wanted > room)
        wanted = (unsigned)room;
    if (wanted <= before)
        return 0;
    group->asked = wanted;
    group->asked_until_us = now_us + EXPIRE_US;
    return wanted - before;
}

size_t carriers_expected(const struct carriers *carriers, uint64_t now_us) {
    size_t expected = 0;

    for (unsigned i = 0; i < carriers->threads * KINDS; i++) {
        const struct carrier_group *group = &carriers->groups[i];
        bool is_missing = i % KINDS == 0 && !group->links.count;
        unsigned to_come = asked(group, now_us);
        expected += to_come ? to_come : is_missing;
    }
    return expected;
}

size_t carriers_count(const struct carriers *carriers, bool is_exclusive) {
    size_t count = 0;

    for (unsigned i = is_exclusive; i < carriers->threads * KINDS; i += KINDS)
        count += carriers->groups[i].present;
    return count;
}

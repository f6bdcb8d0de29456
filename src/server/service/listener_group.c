/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listener_group: see listener_group.h.
 */
#include "config.h"

#include "server/service/listener_group.h"

#include "server/service/listen_addrs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct listener *listener;
    struct listener_group *from;            /* to which it belongs until listener_group_commit; NULL: to this one */
    const struct listener_group *wanted_by; /* of a donor: the group that will take it, or has paused it */
    bool is_paused;
};

struct listener_group {
    struct listener_options options;
    struct member *all;
    size_t count, room;
    struct listener_donors donors; /* until listener_group_commit */
};

/* The addresses that a name had when it was looked up, if a donor listens there still. */
static bool look_at_donors(const void *context, const char *text, struct listen_addrs *addrs) {
    const struct listener_donors *donors = context;

    for (size_t i = 0; i < donors->count; i++) {
        const struct listener_group *donor = donors->groups[i];
        for (size_t j = 0; donor && j < donor->count; j++) {
            const char *origin = listener_origin(donor->all[j].listener);
            const struct addr *addr = listener_addr(donor->all[j].listener);
            if (origin && strcmp(origin, text) == 0 && addr_port(addr) == addrs->first)
                listen_addrs_add(addrs, addr);
        }
    }
    return addrs->count;
}

/* A socket keeps the interface to which it was bound: another one needs a socket of its own. */
static bool has_interface(const struct listener *listener, const char *interface) {
    const char *own = listener_interface(listener);

    return own && interface ? strcmp(own, interface) == 0 : own == interface || listener_is_passed(listener);
}

static bool has_addr(const struct listener *listener, const struct addr *addr) {
    const struct addr *own = listener_addr(listener);

    return own->length == addr->length && memcmp(&own->storage, &addr->storage, addr->length) == 0;
}

static bool is_udp(const struct listener_group *listeners) {
    return listeners->options.plane;
}

/* The donor's member that listens on `addr` already, reserved; NULL if there is none. */
static struct member *find_donated(struct listener_group *listeners, struct listener_group *donor,
                                   const struct addr *addr) {
    for (size_t i = 0; donor && i < donor->count; i++) {
        struct member *member = &donor->all[i];
        if ((!member->wanted_by || member->is_paused) && has_addr(member->listener, addr) &&
            listener_is_udp(member->listener) == is_udp(listeners) &&
            has_interface(member->listener, listeners->options.interface)) {
            member->wanted_by = listeners;
            return member;
        }
    }
    return NULL;
}

/* For one more, so that adding it cannot fail. */
static bool has_room(struct listener_group *listeners) {
    if (listeners->count < listeners->room)
        return true;
    size_t room = listeners->room ? 2 * listeners->room : 4;
    struct member *all = realloc(listeners->all, room * sizeof *all);
    if (!all)
        return false;
    listeners->all = all;
    listeners->room = room;
    return true;
}

static bool borrow(struct listener_group *listeners, const struct addr *addr) {
    for (size_t i = 0; i < listeners->donors.count; i++) {
        struct listener_group *donor = listeners->donors.groups[i];
        const struct member *member = find_donated(listeners, donor, addr);
        if (member) {
            listeners->all[listeners->count++] = (struct member){.listener = member->listener, .from = donor};
            return true;
        }
    }
    return false;
}

static bool share_port(const struct addr *a, const struct addr *b) {
    return !addr_is_unix(a) && !addr_is_unix(b) && addr_port(a) == addr_port(b) &&
           a->storage.ss_family == b->storage.ss_family;
}

/* Those that are bound and do not listen are not: of a reserve, or of a service that is paused or has no agent. */
static bool is_in_the_way(const struct member *member, const struct addr *addr) {
    return !member->wanted_by && !listener_is_udp(member->listener) && listener_is_open(member->listener) &&
           !listener_is_passed(member->listener) && share_port(listener_addr(member->listener), addr);
}

static bool would_pause(const struct listener_group *listeners, const struct addr *addr) {
    for (size_t i = 0; i < listeners->donors.count; i++) {
        const struct listener_group *donor = listeners->donors.groups[i];
        for (size_t j = 0; donor && j < donor->count; j++)
            if (is_in_the_way(&donor->all[j], addr))
                return true;
    }
    return false;
}

/* "0.0.0.0:80" cannot be bound while a donor listens on "10.0.0.1:80", or the other way round, but once it does not.
 * Those that no part takes are closed when the reload is applied. */
static bool pause_donors(struct listener_group *listeners, const struct addr *addr) {
    bool any = false;

    for (size_t i = 0; i < listeners->donors.count; i++) {
        struct listener_group *donor = listeners->donors.groups[i];
        for (size_t j = 0; donor && j < donor->count; j++) {
            struct member *member = &donor->all[j];
            if (!is_in_the_way(member, addr))
                continue;
            listener_shut(member->listener);
            member->wanted_by = listeners;
            any = member->is_paused = true;
        }
    }
    return any;
}

/* Undoes both, when the group is not committed. */
static void release_donors(struct listener_group *listeners) {
    struct error error;

    for (size_t i = 0; i < listeners->donors.count; i++) {
        struct listener_group *donor = listeners->donors.groups[i];
        for (size_t j = 0; donor && j < donor->count; j++) {
            struct member *member = &donor->all[j];
            if (member->wanted_by != listeners)
                continue;
            if (member->is_paused && listener_open(member->listener, &error))
                log_write(donor->options.log, LOG_LEVEL_ERROR, donor->options.who, "%s", error.text);
            member->wanted_by = NULL;
            member->is_paused = false;
        }
    }
}

/* Of UDP a donor is in the way as long as it is bound, and so is its part of the address, or all of it. False: none is.
 */
static bool let_beside_donors(struct listener_group *listeners, const struct addr *addr, bool on) {
    bool any = false;

    for (size_t i = 0; i < listeners->donors.count; i++) {
        struct listener_group *donor = listeners->donors.groups[i];
        for (size_t j = 0; donor && j < donor->count; j++) {
            struct listener *listener = donor->all[j].listener;
            if (!listener_is_udp(listener) || !share_port(listener_addr(listener), addr))
                continue;
            listener_let_beside(listener, on);
            any = true;
        }
    }
    return any;
}

/* "0.0.0.0:53" beside "10.0.0.1:53", which is closed when the reload is applied; or the same one by another interface.
 */
static struct listener *bind_beside_donors(struct listener_group *listeners, const struct addr *addr,
                                           struct error *error) {
    if (!let_beside_donors(listeners, addr, true))
        return NULL;
    listeners->options.beside = true;
    struct listener *listener = listener_new(&listeners->options, addr, error);
    listeners->options.beside = false;
    (void)let_beside_donors(listeners, addr, false);
    return listener;
}

static bool take_one(struct listener_group *listeners, const struct addr *addr, const char *name, struct error *error) {
    if (!has_room(listeners)) {
        error_set(error, "out of memory");
        return false;
    }
    if (borrow(listeners, addr))
        return true;
    struct listener *listener = listener_new(&listeners->options, addr, error);
    if (!listener && is_udp(listeners))
        listener = bind_beside_donors(listeners, addr, error);
    else if (!listener && listeners->donors.is_trial)
        return would_pause(listeners, addr);
    if (!listener && !is_udp(listeners) && pause_donors(listeners, addr))
        listener = listener_new(&listeners->options, addr, error);
    if (!listener)
        return false;
    if (name)
        listener_set_origin(listener, name);
    listeners->all[listeners->count++] = (struct member){.listener = listener};
    return true;
}

static bool take_ports(struct listener_group *listeners, const struct listen_addrs *addrs, struct addr addr,
                       struct error *error) {
    for (unsigned port = addrs->first; port <= addrs->last; port++) {
        addr_set_port(&addr, (uint16_t)port);
        if (!take_one(listeners, &addr, addrs->name, error))
            return false;
    }
    return true;
}

/* Returns 0 also when an address of "*:80" is of a family that this machine has not, as long as another one is. */
static int bind_all(struct listener_group *listeners, const struct listen_addrs *addrs, struct error *error) {
    size_t before = listeners->count;

    for (int i = 0; i < addrs->count; i++) {
        size_t ports = listeners->count;
        if (take_ports(listeners, addrs, addrs->items[i], error))
            continue;
        bool has_some_ports = listeners->count > ports, is_last = i + 1 == addrs->count;
        if (!addrs->needs_one || has_some_ports || (is_last && listeners->count == before))
            return -1;
        log_write(listeners->options.log, LOG_LEVEL_WARNING, listeners->options.who, "%s", error->text);
    }
    return 0;
}

int listener_group_check_access(const struct listener_group *listeners, const struct listener_options *options,
                                struct error *error) {
    for (size_t i = 0; i < listeners->count; i++) {
        const struct listener *listener = listeners->all[i].listener;
        if (!listener_is_passed(listener) &&
            sock_check_access(listener_addr(listener), options->owner, options->mode, error))
            return -1;
    }
    return 0;
}

struct listener_group *listener_group_prepare(const struct listener_options *options, const struct strlist *addrs,
                                              const struct listener_donors *donors, struct error *error) {
    struct listener_group *listeners = calloc(1, sizeof *listeners);
    listen_addrs_known known = donors->groups ? look_at_donors : NULL;

    if (!listeners) {
        error_set(error, "out of memory");
        return NULL;
    }
    listeners->options = *options;
    listeners->donors = *donors;
    int failed = 0;
    for (size_t i = 0; i < addrs->count && !failed; i++) {
        struct listen_addrs found;
        failed = listen_addrs_find(&found, addrs->items[i], known, donors, error) || bind_all(listeners, &found, error);
    }
    if (!failed && listener_group_check_access(listeners, options, error) == 0)
        return listeners;
    listener_group_free(listeners);
    return NULL;
}

static void give_away(struct listener_group *from, const struct listener *listener) {
    size_t at = 0;

    while (at < from->count && from->all[at].listener != listener)
        at++;
    if (at < from->count)
        from->all[at] = from->all[--from->count];
}

/* Its listeners are shut. */
static bool has_no_room(void *context) {
    (void)context;
    return false;
}

struct listener_group *listener_group_new_reserve(struct event_base *base, struct log *log) {
    struct listener_group *reserve = calloc(1, sizeof *reserve);

    if (reserve)
        reserve->options =
            (struct listener_options){.base = base, .log = log, .who = "reload", .has_room = has_no_room};
    return reserve;
}

void listener_group_reserve(struct listener_group *reserve, struct listener_group *donor) {
    struct member *all = donor->count ? realloc(reserve->all, (reserve->count + donor->count) * sizeof *all) : NULL;

    if (!all)
        return;
    reserve->all = all;
    reserve->room = reserve->count + donor->count;
    for (size_t i = 0; i < donor->count; i++) {
        listener_shut(donor->all[i].listener);
        listener_hand_over(donor->all[i].listener, &reserve->options);
        all[reserve->count++] = (struct member){.listener = donor->all[i].listener};
    }
    donor->count = 0;
}

void listener_group_commit(struct listener_group *listeners) {
    for (size_t i = 0; i < listeners->count; i++) {
        struct member *member = &listeners->all[i];
        if (!member->from)
            continue;
        give_away(member->from, member->listener);
        member->from = NULL;
        listener_hand_over(member->listener, &listeners->options);
    }
    listeners->donors.count = 0;
    listeners->options.owner = listeners->options.interface = NULL; /* as listener.h has it */
}

void listener_group_hand_over(struct listener_group *listeners, const struct listener_options *options) {
    listeners->options = *options;
    listeners->options.owner = listeners->options.interface = NULL;
    for (size_t i = 0; i < listeners->count; i++)
        listener_hand_over(listeners->all[i].listener, options);
}

int listener_group_open(struct listener_group *listeners, struct error *error) {
    int result = 0;

    for (size_t i = 0; i < listeners->count; i++)
        if (listener_open(listeners->all[i].listener, result ? NULL : error))
            result = -1;
    return result;
}

const struct addr *listener_group_addr(const struct listener_group *listeners) {
    for (size_t i = 0; i < listeners->count; i++)
        if (!addr_is_unix(listener_addr(listeners->all[i].listener)))
            return listener_addr(listeners->all[i].listener);
    return listeners->count ? listener_addr(listeners->all[0].listener) : NULL;
}

void listener_group_shut(struct listener_group *listeners) {
    for (size_t i = 0; i < listeners->count; i++)
        listener_shut(listeners->all[i].listener);
}

void listener_group_free(struct listener_group *listeners) {
    if (!listeners)
        return;
    for (size_t i = 0; i < listeners->count; i++)
        if (!listeners->all[i].from)
            listener_free(listeners->all[i].listener);
    release_donors(listeners);
    free(listeners->all);
    free(listeners);
}

/* How many from this one on have the same host and ports that follow each other: of a range. */
static size_t run_length(const struct listener_group *listeners, size_t from) {
    const struct addr *first = listener_addr(listeners->all[from].listener);
    size_t length = 1;

    for (; from + length < listeners->count && !addr_is_unix(first); length++) {
        const struct addr *next = listener_addr(listeners->all[from + length].listener);
        if (!addr_same_host(first, next) || addr_port(next) != addr_port(first) + length)
            break;
    }
    return length;
}

void listener_group_log(const struct listener_group *listeners, const char *event) {
    for (size_t i = 0, length; i < listeners->count; i += length) {
        const struct listener *listener = listeners->all[i].listener;
        char text[ADDR_TEXT], last[16] = "";
        length = run_length(listeners, i);
        if (length > 1)
            snprintf(last, sizeof last, "-%u", (unsigned)(addr_port(listener_addr(listener)) + length - 1));
        log_write(listeners->options.log, LOG_LEVEL_INFO, listeners->options.who, "%s %s%s%s%s", event,
                  addr_format(listener_addr(listener), text, sizeof text), last,
                  listener_is_udp(listener) ? " (UDP)" : "",
                  listener_is_passed(listener) ? " (the service manager's socket)" : "");
    }
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listener_group: the listening sockets of one service, or of the agent port, for all configured addresses.
 * Runs on: the control thread. Owns: the listeners.
 */
#ifndef MUNNEL_SERVER_SERVICE_LISTENER_GROUP_H
#define MUNNEL_SERVER_SERVICE_LISTENER_GROUP_H

#include "lib/base/strlist.h"
#include "server/service/listener.h"

struct listener_group;

/*
 * Binds all of `addrs`. NULL with `error` that names the address. At the start, without donors, names are looked up,
 * which may block.
 *
 * At a reload an address on which one of the `donors`, which are to change or go, listens is taken from it by
 * listener_group_commit, and not bound again. A donor whose port is in the way stops listening at once. Until then
 * listener_group_free undoes all; the donors have to live so long. Nothing may block: a name has the addresses at
 * which a donor listens that was made of it, or is localhost, or is refused.
 */
struct listener_donors {
    struct listener_group *const *groups; /* some may be NULL; itself NULL: no reload, names are looked up */
    size_t count;
    bool is_trial; /* a dry run: donors go on listening, and an address for which one would have to stop is not bound */
};
struct listener_group *listener_group_prepare(const struct listener_options *options, const struct strlist *addrs,
                                              const struct listener_donors *donors, struct error *error);
/*
 * A group that only keeps ports bound, for whom they may come back to: it may be a donor. NULL: out of memory.
 * listener_group_reserve: moves there what is left of a donor after the commits, shut; without memory it stays.
 */
struct listener_group *listener_group_new_reserve(struct event_base *base, struct log *log);
void listener_group_reserve(struct listener_group *reserve, struct listener_group *donor);
void listener_group_commit(struct listener_group *listeners); /* the options' texts need not live on */
/* Could its Unix sockets get the owner and mode of these options? 0 or -1; nothing is changed. */
int listener_group_check_access(const struct listener_group *listeners, const struct listener_options *options,
                                struct error *error);
/* From now on its listeners belong to these options. */
void listener_group_hand_over(struct listener_group *listeners, const struct listener_options *options);
int listener_group_open(struct listener_group *listeners,
                        struct error *error); /* 0, or -1 with the first that failed */
/* The first of TCP, or the first Unix socket if there is none. NULL: it has none at all. */
const struct addr *listener_group_addr(const struct listener_group *listeners);
void listener_group_shut(struct listener_group *listeners);
void listener_group_free(struct listener_group *listeners);
void listener_group_log(const struct listener_group *listeners,
                        const char *event); /* one line "EVENT ADDRESS" for each */

#endif

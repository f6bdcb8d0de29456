/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_list: the bans that this agent asks its servers for, in the order in which they changed; ban_sender.h sends them.
 *
 * One that was lifted stays until it would have ended, so that a server which is not connected at the moment hears of
 * it later. Bounded: BAN_LIST_MOST, of which those that were lifted make room. Nothing of it outlives the process. Runs
 * on: the control thread. Owns: its entries. Times are clock_us().
 */
#ifndef MUNNEL_AGENT_UPSTREAM_BAN_LIST_H
#define MUNNEL_AGENT_UPSTREAM_BAN_LIST_H

#include "lib/base/queue.h"
#include "lib/net/source_key.h"

#include <stdbool.h>
#include <stddef.h>

enum { BAN_LIST_MOST = 4096 };

struct ban_list;

struct ban_entry { /* read only outside of ban_list.c; gone once the list changes */
    TAILQ_ENTRY(ban_entry) in_order;
    uint64_t serial; /* of its last change: 1, 2, ... */
    struct addr address;
    uint8_t source[SOURCE_BYTES];
    uint64_t until_us;
    bool is_lifted;
    const char *service, *by, *reason; /* service NULL: each; reason "": none */
};

struct ban_list *ban_list_new(void); /* NULL: out of memory */
void ban_list_free(struct ban_list *list);

struct ban_list_order {
    struct addr address; /* not of a Unix socket */
    const char *service; /* NULL: each */
    const char *by, *reason;
    unsigned seconds;
};
enum ban_list_result { BAN_LIST_ADDED, BAN_LIST_CHANGED, BAN_LIST_FULL, BAN_LIST_MEMORY };
/* One that there is for this source and service ends when the new one does. *entry: what there is now. */
enum ban_list_result ban_list_add(struct ban_list *list, const struct ban_list_order *order, uint64_t now_us,
                                  const struct ban_entry **entry);
/*
 * Lifts those of this source, of all services and of each (service NULL), or of one alone. Returns how many there were.
 * Servers hear of it also where there was none: an agent that was restarted does not know what it has asked for before.
 */
size_t ban_list_lift(struct ban_list *list, const struct addr *address, const char *service, uint64_t now_us);
void ban_list_tick(struct ban_list *list, uint64_t now_us); /* once a second: frees what is over */

size_t ban_list_count(const struct ban_list *list);                    /* without those that were lifted */
const struct ban_entry *ban_list_newest(const struct ban_list *list);  /* also those that were lifted; NULL: none */
const struct ban_entry *ban_list_older(const struct ban_entry *entry); /* the one that changed before it */

#endif

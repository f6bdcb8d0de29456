/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bans: sources whose clients are refused for a time, by all services or by one, as operators have asked for. A ban is
 * of a service's name, so that it outlives reloads; without memory or room there is none.
 *
 * Bounded: BANS_MOST. Nothing of it outlives the process.
 * Runs on: the control thread. Owns: its table. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SERVICE_BANS_H
#define MUNNEL_SERVER_SERVICE_BANS_H

#include "lib/base/queue.h"
#include "lib/net/source_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BANS_MOST = 65536 };

struct bans;

struct ban { /* read only outside of bans.c; gone once the table changes */
    TAILQ_ENTRY(ban) in_order;
    struct ban *next; /* in its chain */
    uint8_t source[SOURCE_BYTES];
    uint64_t until_us;
    const char *address, *service, *by, *reason; /* address: as source_name; service NULL: each; reason "": none */
};

struct bans *bans_new(void); /* NULL: out of memory, or of random bytes */
void bans_free(struct bans *bans);

struct ban_order {
    struct addr address; /* not of a Unix socket */
    const char *service; /* NULL: each */
    const char *by, *reason;
    unsigned seconds;
};
enum bans_result { BANS_ADDED, BANS_CHANGED, BANS_FULL, BANS_MEMORY };
/* One that there is for this source and service ends when the new one does. *ban: what is in force now. */
enum bans_result bans_add(struct bans *bans, const struct ban_order *order, uint64_t now_us, const struct ban **ban);
/* Lifts those of this source: of all services and of each (service NULL), or of one alone. Returns how many. */
size_t bans_remove(struct bans *bans, const struct addr *address, const char *service);

/* Is a client of this service refused? One branch while there are no bans, one look-up with them. */
bool bans_match(const struct bans *bans, const struct addr *peer, const char *service, uint64_t now_us);

void bans_tick(struct bans *bans, uint64_t now_us); /* once a second: frees what is over */
size_t bans_count(const struct bans *bans);
const struct ban *bans_first(const struct bans *bans); /* the newest; NULL: none. Some may be over already */
const struct ban *bans_after(const struct ban *ban);

#endif

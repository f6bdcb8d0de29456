/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bans: sources whose clients are refused for a time, by all services or by one, as operators or agents have asked for.
 * A ban is of a service's name, so that it outlives reloads; without memory or room there is none.
 *
 * Bounded: BANS_MOST in all, of which agents can have half, and each of them BANS_OF_AGENT_MOST. What one has asked for
 * it alone, or an operator, can lift. Nothing of it outlives the process.
 * Runs on: the control thread. Owns: its table. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SERVICE_BANS_H
#define MUNNEL_SERVER_SERVICE_BANS_H

#include "lib/base/queue.h"
#include "lib/net/source_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BANS_MOST = 65536, BANS_OF_AGENTS_MOST = BANS_MOST / 2, BANS_OF_AGENT_MOST = 4096 };

struct bans;
struct ban_owner;

struct ban { /* read only outside of bans.c; gone once the table changes */
    TAILQ_ENTRY(ban) in_order;
    struct ban *next;        /* in its chain */
    struct ban_owner *owner; /* the agent that has asked for it; NULL: an operator has */
    uint8_t source[SOURCE_BYTES];
    uint64_t until_us;
    const char *address, *service, *by, *reason; /* address: as source_name; service NULL: each; reason "": none */
};

struct bans *bans_new(void); /* NULL: out of memory, or of random bytes */
void bans_free(struct bans *bans);

struct ban_order {
    struct addr address; /* not of a Unix socket */
    const char *service; /* NULL: each */
    const char *agent;   /* whose it is; NULL: an operator's */
    const char *by, *reason;
    unsigned seconds;
};
enum bans_result { BANS_ADDED, BANS_CHANGED, BANS_FULL, BANS_MEMORY };
/* One that there is for this source and service, of the same agent, ends when the new one does. *ban: what is in force
 * now. */
enum bans_result bans_add(struct bans *bans, const struct ban_order *order, uint64_t now_us, const struct ban **ban);
/* Lifts those of this source: of all services and of each (service NULL), or of one alone; of anybody (agent NULL), or
 * of one agent alone. Returns how many. */
size_t bans_remove(struct bans *bans, const struct addr *address, const char *service, const char *agent);

/* Is a client of this service refused? One branch while there are no bans, one look-up with them. */
bool bans_match(const struct bans *bans, const struct addr *peer, const char *service, uint64_t now_us);

void bans_tick(struct bans *bans, uint64_t now_us); /* once a second: frees what is over */
size_t bans_count(const struct bans *bans);
size_t bans_count_of_agents(const struct bans *bans);  /* of these */
const struct ban *bans_first(const struct bans *bans); /* the newest; NULL: none. Some may be over already */
const struct ban *bans_after(const struct ban *ban);

/* IGNORED(name, label of metrics, detail for the log): why a ban that an agent asks for is none */
#define BANS_IGNORED(I)                                                                                                \
    I(NOT_SERVED, "not_served", "it does not serve the service")                                                       \
    I(NOT_ALLOWED, "not_allowed", "the service does not let its agents ban: agent_bans")                               \
    I(NO_ROOM, "no_room", "there are as many bans as there may be, or no memory")
enum ban_ignored {
#define BAN_IGNORED_ENUM(name, label, detail) BAN_##name,
    BANS_IGNORED(BAN_IGNORED_ENUM)
#undef BAN_IGNORED_ENUM
        BAN_IGNORED_COUNT
};
const char *ban_ignored_label(enum ban_ignored why);
const char *ban_ignored_detail(enum ban_ignored why);
/* Counts it. True: it may be logged, after *left_out that were not. */
bool bans_note_ignored(struct bans *bans, enum ban_ignored why, unsigned *left_out);
uint64_t bans_ignored(const struct bans *bans, enum ban_ignored why);

#endif

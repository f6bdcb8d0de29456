/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publications: the services that this agent publishes, and what became of each at each of its servers; publisher.h
 * tells the servers.
 *
 * Those of the configuration are there as long as the agent. Others are leased by a program on this machine, and are
 * withdrawn when it does not renew its lease. One that is withdrawn stays until no server has to be told so any more.
 * Runs on: the control thread. Owns: its entries. Times are clock_ms(), but for what people see.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_PUBLICATIONS_H
#define MUNNEL_AGENT_UPSTREAM_PUBLICATIONS_H

#include "lib/base/queue.h"
#include "proto/publish.h"

enum { PUBLICATIONS_MOST = PUBLISH_MAX, PUBLICATION_LEASE_HEX = 33 /* 32 hexadecimal digits and NUL */ };

/* S(name, label) */
#define PUBLICATION_STATES(S)                                                                                          \
    S(WAITING, "waiting") /* the server is not connected, or has not answered */                                       \
    S(PUBLISHED, "published")                                                                                          \
    S(REFUSED, "refused")         /* by the server; it is asked again */                                               \
    S(UNSUPPORTED, "unsupported") /* the server is too old */
enum publication_state {
#define PUBLICATION_STATE_ENUM(name, label) PUBLICATION_##name,
    PUBLICATION_STATES(PUBLICATION_STATE_ENUM)
#undef PUBLICATION_STATE_ENUM
        PUBLICATION_STATE_COUNT
};
const char *publication_state_label(enum publication_state state);

struct publication_at { /* at one server */
    enum publication_state state;
    uint64_t since_us;  /* clock_us() */
    bool is_asked;      /* by this control link */
    bool may_be_known;  /* to the server: it was asked, and not told that the service is withdrawn */
    uint64_t again_ms;  /* when it is asked again: refused, or without an answer */
    unsigned removals;  /* how often this control link was told that it is withdrawn */
    unsigned refusals;  /* in a row */
    unsigned last_port; /* by which it was published last: wished for again */
    char last_host[PUBLISH_HOST_MAX + 1];
    char address[PUBLISHED_ADDRESS_MAX + 1]; /* published: nothing but printable ASCII */
    char reason[PUBLISHED_REASON_MAX + 1];   /* refused: why */
};

struct publication {
    TAILQ_ENTRY(publication) in_order;
    const char *name, *to;             /* with what follows within the entry's memory */
    const char *host;                  /* "": as the server chooses; likewise: */
    unsigned port;                     /* 0 */
    char lease[PUBLICATION_LEASE_HEX]; /* "": of the configuration */
    uint64_t lease_until_ms;
    bool is_withdrawn;
    struct publication_at at[]; /* by the server's index */
};

struct publications;

struct publications_owner {
    void (*on_withdrawn)(void *context, const char *name); /* no more clients of it; NULL: nothing is called */
    void *context;
};
struct publications *publications_new(size_t servers, const struct publications_owner *owner); /* NULL: no memory */
void publications_free(struct publications *list);

struct publication_order {
    const char *name, *to;
    const char *host;  /* "": as the server chooses */
    unsigned port;     /* 0: likewise */
    unsigned lease_ms; /* 0: of the configuration */
};
enum publications_result {
    PUBLICATIONS_ADDED,
    PUBLICATIONS_TAKEN /* the name */,
    PUBLICATIONS_FULL,
    PUBLICATIONS_MEMORY
};
enum publications_result publications_add(struct publications *list, const struct publication_order *order,
                                          uint64_t now_ms, struct publication **entry);

/* NULL: none that is not withdrawn. */
struct publication *publications_find(const struct publications *list, const char *name);
struct publication *publications_find_lease(const struct publications *list, const char *lease);
/* The one whose service this offer of a server is: by its name, by TCP, to its destination and no other. */
const struct publication *publications_of_offer(const struct publications *list, const struct service_offer *offer);

void publications_withdraw(struct publications *list, struct publication *entry);
/* Withdraws what is leased and was not renewed in time, all that is leased, or everything. Returns how many. */
enum publications_which { PUBLICATIONS_EXPIRED, PUBLICATIONS_LEASED, PUBLICATIONS_ALL };
size_t publications_end(struct publications *list, uint64_t now_ms, enum publications_which which);
bool publications_are_told(const struct publications *list); /* each server that may know one that is withdrawn */
void publications_sweep(struct publications *list);          /* frees what is withdrawn and that no server may know */

size_t publications_count(const struct publications *list); /* without those that are withdrawn */
/* Also those that are withdrawn. NULL: no more. */
struct publication *publications_first(const struct publications *list);
struct publication *publications_next(const struct publication *entry);
size_t publications_servers(const struct publications *list);

void publication_set_state(struct publication_at *at, enum publication_state state); /* since now, if it is another */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * published: the services that agents offer, and whose they are.
 *
 * One belongs to an agent of a credential, by both names; so the same agent finds it again when it comes back. It is
 * one of the server's services as long as it is active: publish.h in src/server puts it into the configuration.
 * Runs on: the control thread. Owns: its entries.
 */
#ifndef MUNNEL_SERVER_SERVICE_PUBLISHED_H
#define MUNNEL_SERVER_SERVICE_PUBLISHED_H

#include "conf/publish_permit.h"
#include "lib/base/strlist.h"
#include "proto/limits.h"

#include <stdint.h>
#include <time.h>

enum { PUBLISHED_MOST = 4096 /* of all agents */ };

/* P(NAME, label of metrics): why a service is refused, or withdrawn */
#define PUBLISH_REFUSALS(P)                                                                                            \
    P(NOT_PERMITTED, "not_permitted") /* its credential does not permit it, or no longer */                            \
    P(TAKEN, "taken")                 /* another has its name, host or port */                                         \
    P(TOO_MANY, "too_many")           /* publish.max */                                                                \
    P(INVALID, "invalid")             /* what it asks for cannot be */                                                 \
    P(FAILED, "failed")               /* it cannot be opened */                                                        \
    P(STOPPED, "stopped")             /* by the operator */
enum publish_refusal {
#define PUBLISH_REFUSAL_ENUM(name, label) PUBLISH_##name,
    PUBLISH_REFUSALS(PUBLISH_REFUSAL_ENUM)
#undef PUBLISH_REFUSAL_ENUM
        PUBLISH_REFUSAL_COUNT
};
const char *publish_refusal_label(enum publish_refusal refusal);

enum { PUBLISHED_WHO = 80 };

struct published_entry {
    char name[PROTO_NAME_MAX + 1], credential[PROTO_NAME_MAX + 1], agent[PROTO_NAME_MAX + 1];
    char who[PUBLISHED_WHO];          /* "agent laptop", for people */
    char session[PROTO_INSTANCE_HEX]; /* the id of the one that serves it */
    struct strlist to;
    char host[PUBLISH_HOST_SIZE]; /* "": it has a port of its own */
    unsigned port;                /* 0: it has a host */
    time_t since;
    uint64_t gone_us; /* since when its session has been without a control link, by clock_us(); 0: it has one */
    bool is_active;   /* part of the configuration; of publish.c */
    bool is_fresh;    /* not yet in force */
    bool is_tried;    /* was fresh and active in the step that has failed */
    char stopped_by[PUBLISHED_WHO]; /* the operator has: its name is kept from this session; "": it was not */
};

enum { PUBLISHED_TROUBLE_S = 600, PUBLISHED_TROUBLE_LEAST = 3 };

struct published_trouble { /* what is refused again and again: the last of it */
    char who[PUBLISHED_WHO], name[PROTO_NAME_MAX + 1], detail[200];
    uint64_t first_us, last_us; /* by clock_us() */
    enum publish_refusal refusal;
    unsigned count; /* of all, without a pause of PUBLISHED_TROUBLE_S */
};

struct published_table {
    struct published_entry **items;
    size_t count;
    struct published_trouble trouble;
    uint64_t refused[PUBLISH_REFUSAL_COUNT]; /* since the start */
    void (*on_stopped)(void *context);       /* NULL: nothing is done about it */
    void *context;
};

struct published_table *published_new(void); /* NULL when out of memory */
void published_free(struct published_table *published);

struct published_entry *published_find(const struct published_table *published, const char *name);
/* Another than `but` that has it; NULL: none. */
const struct published_entry *published_at_port(const struct published_table *published, unsigned port,
                                                const struct published_entry *but);
const struct published_entry *published_at_host(const struct published_table *published, const char *host,
                                                const struct published_entry *but);
size_t published_count_of(const struct published_table *published, const char *credential);
size_t published_active(const struct published_table *published); /* how many are services now */
bool published_is_of(const struct published_entry *entry, const char *credential, const char *agent);

/* Counts a refusal; not what the operator stops. `now_us`: clock_us() */
void published_note_refused(struct published_table *published, enum publish_refusal refusal,
                            const struct published_trouble *what, uint64_t now_us);
/* NULL: it is not often, or long ago. */
const struct published_trouble *published_trouble(const struct published_table *published, uint64_t now_us);

/* An empty entry of this name, which no other has; NULL when out of memory. */
struct published_entry *published_add(struct published_table *published, const char *name);
void published_remove(struct published_table *published, struct published_entry *entry);

/* By the operator: it ends soon, and the session cannot offer it again. False: there is none, or it was stopped. */
bool published_stop(struct published_table *published, const char *name, const char *by);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resolver_priv: the resolver with any look-up function, for tests; the look-up by the system; the list of look-ups.
 */
#ifndef MUNNEL_LIB_EVENT_RESOLVER_PRIV_H
#define MUNNEL_LIB_EVENT_RESOLVER_PRIV_H

#include "lib/event/resolver.h"
#include "lib/net/socket_types.h"

#include <pthread.h>

/* Fills in the answer to a name, ports left 0; may block. Called on several threads at once. */
typedef void (*resolver_lookup)(const char *host, struct resolver_answer *answer);

enum { RESOLVER_THREADS_MOST = 64 };

struct resolver_limits {
    resolver_lookup lookup;
    int kept;                  /* threads that run from the start */
    int most;                  /* threads at once, up to RESOLVER_THREADS_MOST */
    int reserved;              /* of these, for names whose last look-up was prompt */
    int slow;                  /* that names may hold together whose last look-up was slow */
    unsigned slow_ms, idle_ms; /* a look-up of this length is slow; a thread beyond those `kept` ends after this */
};

struct resolver *resolver_new_with(const struct resolver_limits *limits);
int resolver_threads(struct resolver *resolver); /* that run now */

/* "localhost" and names below it: both loopback addresses. False for other names. */
bool resolver_answer_localhost(const char *host, struct resolver_answer *answer);

void resolver_ask_system(const char *host, struct resolver_answer *answer);

/* Takes over up to RESOLVER_ADDRESSES: the first one's family, the other, the first ... each in the list's order. */
void resolver_interleave(const struct addrinfo *list, struct resolver_answer *answer);

/* ---- the list of look-ups, under the resolver's lock ---- */

enum lookup_state { LOOKUP_QUEUED, LOOKUP_RUNNING, LOOKUP_KEPT };
enum pace { PACE_UNKNOWN, PACE_PROMPT, PACE_SLOW, PACES }; /* of a name: how long its last look-up took */

struct lookup {
    struct lookup *next; /* of all; new ones go to the end, so that the list is the queue too */
    enum lookup_state state;
    enum pace pace;
    uint64_t until_ms; /* kept: its answer is good until then; afterwards only its pace is of use */
    struct resolver_question *questions;
    struct resolver_answer answer;
    char host[ENDPOINT_HOST];
};

struct resolver_thread { /* all under the lock */
    struct resolver *resolver;
    pthread_t thread;
    bool is_started, is_running; /* is_running: within a look-up */
};

struct resolver {
    struct resolver_limits limits;
    pthread_mutex_t lock; /* guards all below, and the look-ups with their questions */
    pthread_cond_t work;
    struct lookup *lookups;
    bool must_stop;
    unsigned holders;   /* the owner and each thread; the last one frees */
    int started;        /* threads */
    int running[PACES]; /* look-ups, by what their pace was when they began */
    struct resolver_thread workers[RESOLVER_THREADS_MOST];
};

struct lookup *resolver_find_lookup(struct resolver *resolver, const char *host); /* or NULL */
struct lookup *resolver_add_lookup(struct resolver *resolver, const char *host);  /* queued; NULL: out of memory */
void resolver_remove_lookup(struct resolver *resolver, struct lookup *lookup);

/* One whose answer is too old goes to the end of the queue; what is known of its pace stays. */
void resolver_queue_again(struct resolver *resolver, struct lookup *lookup);

/* Old answers are kept for the pace of their names, until there are too many look-ups; then the oldest go first. */
void resolver_forget_lookups(struct resolver *resolver);

bool resolver_is_ready(const struct resolver *resolver, const struct lookup *lookup); /* queued, and may run now */
struct lookup *resolver_next_ready(const struct resolver *resolver);

#endif

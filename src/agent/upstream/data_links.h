/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data_links: the data links of all sessions: how many there are, and which are dialled when.
 *
 * Each relay thread of a session's server gets one shared link, or as many as the server asks for, one after the other,
 * while the session has its control link; without it, only what streams wait for is dialled. A lost one is dialled
 * again at once, and after failures ever more slowly, one link of the session first. Exclusive ones are dialled when
 * streams want them; such a wish is not kept, since it is repeated every second as long as it holds.
 *
 * Runs on: the control thread. Owns: its timer, what it knows about dials that are under way; a session_links belongs
 * to its session.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_DATA_LINKS_H
#define MUNNEL_AGENT_UPSTREAM_DATA_LINKS_H

#include "agent/upstream/data_dials.h"
#include "agent/upstream/failure.h"
#include "lib/base/queue.h"
#include "relay/plane.h"

struct data_links;

struct data_links_times {
    unsigned first_ms, longest_ms; /* waits before a lost link is dialled again: see failure.h */
    unsigned settled_ms;           /* a link that lasted so long makes the next wait a first one again */
    unsigned hurry_ms; /* the least time between two dials of which a change of the network hastens the second */
};

struct link_count { /* of one kind, to one relay thread */
    unsigned live, under_way;
    unsigned kept;  /* shared: so many there should be */
    bool is_wanted; /* shared: streams have asked for one since the last dial */
};

struct link_dialling {          /* of one kind, of a session: a failure is its server's, and not one thread's */
    unsigned live, under_way;   /* on all threads */
    bool was_rejected;          /* the server has answered the last dial that failed by REJECT */
    uint64_t due_ms;            /* nothing is dialled before */
    uint64_t dialled_ms, up_ms; /* the last dial; when the last link became usable */
    struct backoff backoff;
};

struct session_links { /* the session fills in what is above `next`; the rest is data_links.c's own, zero at first */
    struct data_target target;
    unsigned threads;  /* of the server: 1 to PROTO_THREADS_MAX; stays as it is */
    bool is_suspended; /* has no control link */
    TAILQ_ENTRY(session_links) next;
    uint64_t lost_ms;                 /* when a shared link was lost that is not replaced yet; 0: none is missing */
    char lost[100];                   /* and why */
    bool is_refused;                  /* while it was suspended the server has answered that it does not know it */
    struct link_dialling dialling[2]; /* shared, exclusive */
    struct link_count counts[PROTO_THREADS_MAX][2]; /* likewise */
};

struct data_links *data_links_new(struct loop *loop, struct plane *plane, struct log *log,
                                  const struct data_links_times *times); /* NULL when out of memory */
void data_links_free(struct data_links *links);
void data_links_stop(struct data_links *links); /* nothing is dialled any more */

/* Its shared links are dialled, and kept until data_links_retire or data_links_remove. */
void data_links_add(struct data_links *links, struct session_links *session);
void data_links_resume(struct data_links *links, struct session_links *session); /* its control link is back */
/* A link is dialled only when streams have none to go on by; then at once, since the server may be another process. */
void data_links_retire(struct session_links *session);
/* Suspended or retired: the server does not know the session, so that no link is dialled, and none is left. */
bool data_links_are_lost(const struct session_links *session);
void data_links_remove(struct data_links *links, struct session_links *session); /* nothing more is dialled for it */

/* The server asks for `wanted` more. */
void data_links_order(struct data_links *links, struct session_links *session, unsigned server_thread,
                      bool is_exclusive, unsigned wanted);
/* The network is another: what waits after a failure is dialled at once. */
void data_links_retry_now(struct data_links *links);
/* To be called every second: makes up for a timer that could not be set for want of memory. */
void data_links_recheck(struct data_links *links);

/* Events of the plane, of tags that data_dials_made. */
void data_links_on_carrier(struct data_links *links, uint64_t tag, const struct carrier_role *role);
void data_links_on_want(struct data_links *links, const struct carrier_role *role, unsigned wanted);
void data_links_on_rejected(struct data_links *links, uint64_t tag, const char *text,
                            size_t length); /* REJECT; on_gone follows */
void data_links_on_gone(struct data_links *links, const struct link_end *end);

#endif

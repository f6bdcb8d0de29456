/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits_priv: struct visits, and what its files call of each other: visits.c knows what agents ask for, visit_relays.c
 * makes and ends visits, and both ask visit_permits.c.
 */
#ifndef MUNNEL_SERVER_SERVICE_VISITS_PRIV_H
#define MUNNEL_SERVER_SERVICE_VISITS_PRIV_H

#include "lib/base/queue.h"
#include "proto/visits.h"
#include "server/service/visits.h"

struct visit {
    struct visitor visitor; /* first: its clients point here */
    TAILQ_ENTRY(visit) entry;
    uint64_t session; /* the visitor's, its tag */
    uint32_t wanted;  /* the agent's id of it */
    struct visit_arrival arrival;
    struct open_address local;
    evutil_socket_t fd;            /* our end of the connection while it is connecting; then -1 */
    struct addr here;              /* its address, by which the other end is known */
    uint64_t until_us;             /* while connecting */
    bool is_beginning;             /* its client is being dispatched: it is not freed meanwhile */
    struct client *client, *relay; /* of the service, and to the visitor; NULL: over, or not yet */
    char detail[160];              /* of a client that ended while the visit began */
};
TAILQ_HEAD(visit_list, visit);

struct visits {
    struct visits_options options;
    struct { /* of one session, for one reason: they are sent together, before control returns to the loop */
        uint64_t session;
        char reason[VISIT_REASON_SIZE];
        size_t count;
        uint32_t tickets[VISIT_CLIENTS_MAX];
    } refusals;
    evutil_socket_t listener; /* on the loopback; -1: nothing was visited yet */
    struct addr address;      /* its own */
    struct event *readable;   /* of it */
    bool is_paused;           /* until the next look: no connection could be accepted */
    struct visit_list connecting, running;
    size_t running_count;
    uint64_t counts[VISIT_VERDICT_COUNT];
    struct log_limit lines;
};

/* visit_permits.c: what becomes of a client of this entry (NULL: of none) now; *service: NULL if there is none. */
enum visit_verdict visits_judge(const struct visits *visits, struct session *session,
                                const struct visiting_entry *entry, struct service **service);
const char *visits_detail(enum visit_verdict verdict);                          /* for people */
struct visiting_entry *visits_find_entry(struct session *session, uint32_t id); /* NULL: none */
/* `detail` NULL: that of the verdict. Sent with the next ones, by visits_send_refusals at the latest. */
void visits_refuse(struct visits *visits, const struct session *session, uint32_t ticket, enum visit_verdict verdict,
                   const char *detail);
void visits_send_refusals(struct visits *visits);

/* visit_relays.c */
void visits_begin(struct visits *visits, struct session *session, const struct visit_open *open,
                  const struct visit_arrival *arrival);
void visits_expire(struct visits *visits); /* those that are connecting for too long; accepts again after a pause */

#endif

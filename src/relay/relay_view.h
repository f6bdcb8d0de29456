/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_view: the relays as they are at the moment, and the last ones that ended, for people who look at them; a part
 * of plane.h.
 *
 * Each relay thread goes through its relays, RELAY_VIEW_PIECE of them in a turn of its loop, and keeps the first of
 * those that match, in the order that is asked for, in memory of its own, which the event brings to the control thread.
 * So a view is no moment but takes some turns: a relay that begins meanwhile may be missing; one that is there all the
 * time is there once. Those that ended are kept in a ring (ended_relays.h): on an agent each thread has one, and
 * answers for it; on a server the control plane has it, since clients that no agent took end there.
 *
 *   plane_view_relays(query)                  ->    (some turns later)
 *                                             <-    on_relay_views(answer), once, on the control thread
 *   plane_end_relay(id)                       ->
 *                                             <-    on_relay_ended(ticket, found), once
 */
#ifndef MUNNEL_RELAY_RELAY_VIEW_H
#define MUNNEL_RELAY_RELAY_VIEW_H

#include "proto/limits.h"
#include "proto/open.h"
#include "relay/bandwidth.h"
#include "relay/mux/datagram_counts.h"
#include "relay/record.h"

struct client;
struct plane;

enum {
    RELAY_VIEW_PIECE = 128,  /* relays that a thread looks at in a turn of its loop */
    RELAY_VIEWS_MOST = 1000, /* of an answer: 900 KiB for each relay thread */
    RELAY_VIEWS_AT_ONCE = 4  /* queries and ends under way */
};

/* S(name, label): a relay is in one of them */
#define RELAY_VIEW_STATES(S)                                                                                           \
    S(OPENING, "opening")     /* the destination is not reached yet */                                                 \
    S(SHARED, "shared")       /* it runs on shared links */                                                            \
    S(EXCLUSIVE, "exclusive") /* in one direction at least on a link of its own */                                     \
    S(SUSPENDED, "suspended") /* its link was lost, and no other is there yet */                                       \
    S(ENDED, "ended")         /* it is over */                                                                         \
    S(WAITING, "waiting")     /* on a server, whose control plane has it: a client without an agent */

enum relay_view_state {
#define RELAY_VIEW_STATE_ENUM(name, label) RELAY_VIEW_##name,
    RELAY_VIEW_STATES(RELAY_VIEW_STATE_ENUM)
#undef RELAY_VIEW_STATE_ENUM
        RELAY_VIEW_STATE_COUNT
};
const char *relay_view_state_label(enum relay_view_state state);

struct relay_view {
    char id[PROTO_RELAY_ID_MAX + 1]; /* as in the logs of both ends */
    uint64_t number;                 /* in its id: relays of a server in the order in which they were accepted */
    uint64_t session;                /* its tag */
    unsigned thread;
    enum relay_view_state state;
    bool is_udp;                                        /* a session of datagrams */
    char service[PROTO_NAME_MAX + 1], destination[256]; /* as configured */
    char address[64];                                   /* as reached; "": not reached yet, or not known */
    char agent[RECORD_AGENT];                           /* on a server; else "" */
    char visitor[RECORD_AGENT]; /* on a server: the agent by which the client has come; "": it came to a port */
    const char *end_to_end; /* on an agent: the cipher of its TLS with the agent at the other end; static, NULL: none */
    struct open_address client;
    bool has_seen;            /* on an agent: the destination sees the client by an address of its own, the next */
    struct open_address seen; /* port 0 */
    bool has_datagrams;       /* of a session of datagrams that runs: the next; */
    struct datagram_tally datagrams;                               /* DATAGRAM_IN: from the client */
    uint64_t up, down;                                             /* bytes from client to destination, and back */
    uint32_t up_rate, down_rate;                                   /* bytes a second in the last two seconds or so */
    uint64_t accepted_us, dispatched_us, opened_us, first_byte_us; /* clock_us(); 0: did not happen */
    uint64_t progress_us;                                          /* when something went on last */
    uint64_t suspended_us;                                         /* since when; 0: it is not */
    uint64_t ended_us;                                             /* 0: it is not; then the rest has no meaning */
    enum relay_reason reason;
    const char *throttled[BANDWIDTH_WAYS]; /* whose limit of bandwidth holds it back, its label; NULL: none does */
    const char *by;                        /* the side that ended it; static, or NULL */
    char detail[PROTO_DETAIL_SIZE];        /* more than `reason` has, or ""; what one that waits is waiting for */
};

/* The first of an answer has the most of it. */
enum relay_order { RELAY_ORDER_NEWEST, RELAY_ORDER_OLDEST, RELAY_ORDER_BYTES, RELAY_ORDER_RATE, RELAY_ORDER_IDLE };

struct relay_sum {            /* of the relays of an agent that match */
    char agent[RECORD_AGENT]; /* as in relay_view */
    uint64_t relays, up_rate, down_rate;
};

struct relay_query { /* copied, with its texts */
    uint64_t ticket; /* comes back with the answer */
    /* Those that match; NULL or 0: all. */
    const char *id, *service, *agent;
    const struct open_address *client; /* or of the address that the destination sees; port 0: any of the host's */
    unsigned states;                   /* a bit for each: 1u << RELAY_VIEW_...; 0: all but those that ended */
    enum relay_order order;
    size_t limit; /* RELAY_VIEWS_MOST at most */
    bool sums;    /* all that match are added up, too, by their agents; none of those that ended */
};

/* What a record has; nothing else of the view is touched. The next: a client that the control plane has. */
void relay_view_of_record(struct relay_view *view, const struct record *record);
void relay_view_of_client(struct relay_view *view, const char *instance, const struct client *client);
/* Without a look at the id. */
bool relay_view_matches(const struct relay_view *view, const struct relay_query *query);
/* The view with the larger key precedes; of those with the same key, that with the larger number, or with the smaller
 * one in RELAY_ORDER_OLDEST. */
uint64_t relay_view_key(const struct relay_view *view, enum relay_order order);
bool relay_view_precedes(const struct relay_view *a, const struct relay_view *b, enum relay_order order);

void relay_views_sort(const struct relay_view **views, size_t count, enum relay_order order);

struct relay_answer { /* valid during the event */
    uint64_t ticket;
    bool lacks_memory; /* no view is there, and `matching` is too small */
    size_t matching, count;
    const struct relay_view *const *views; /* `count` in the order of the query */
    const struct relay_sum *sums;          /* `sum_count`, in no order */
    size_t sum_count;
};

/* False: RELAY_VIEWS_AT_ONCE are under way, out of memory, or the plane is being freed: no event comes. */
bool plane_view_relays(struct plane *plane, const struct relay_query *query);
/* Resets both sides of the relay with this id, with the reason "ended by operator". False: as above. */
bool plane_end_relay(struct plane *plane, const char *id, uint64_t ticket);

#endif

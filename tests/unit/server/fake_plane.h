/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fake_plane: plane_*() as the control plane calls them, without threads, links or bytes: it keeps the
 * orders, and a test answers with the events that it wants.
 */
#ifndef MUNNEL_TESTS_FAKE_PLANE_H
#define MUNNEL_TESTS_FAKE_PLANE_H

#include "relay/plane.h"

enum fake_kind {
    FAKE_ADOPT,
    FAKE_ACCEPT,
    FAKE_REJECT,
    FAKE_ACCEPT_TLS,
    FAKE_SERVE,
    FAKE_CONTROL,
    FAKE_CLOSE,
    FAKE_DISCONNECT,
    FAKE_RETIRE,
    FAKE_DISCONNECT_PREAUTH,
    FAKE_PING,
    FAKE_SET_PING, /* text: ping_s and dead_after_s */
    FAKE_RECALL,
    FAKE_END_RELAYS,
    FAKE_VIEW, /* tag: the ticket; text: the id, or the service that is asked for */
    FAKE_END,  /* tag: the ticket; text: the id */
    FAKE_KINDS
};

struct fake_order { /* of the control plane */
    enum fake_kind kind;
    struct link_ref link;
    struct client *client;             /* FAKE_SERVE, FAKE_ACCEPT_TLS */
    const struct service_terms *terms; /* FAKE_RECALL; the service has them */
    uint64_t tag;                      /* not FAKE_REJECT, FAKE_CONTROL, FAKE_CLOSE, FAKE_PING, FAKE_SET_PING */
    int fd;                            /* FAKE_ADOPT */
    bool is_control;                   /* FAKE_ACCEPT */
    struct carrier_role role;          /* FAKE_ACCEPT of a data link */
    unsigned thread;                   /* FAKE_SERVE */
    unsigned resume_ms;                /* FAKE_ACCEPT of a data link */
    char text[40000];                  /* JSON, detail, or the name of the agent that gets a client */
};

/* Takes the oldest order of this kind out of the list; false if there is none. */
bool fake_take(enum fake_kind kind, struct fake_order *order);
/* The same, of those whose text has `part` in it. */
bool fake_take_with(enum fake_kind kind, const char *part, struct fake_order *order);
size_t fake_count(enum fake_kind kind);
void fake_forget(enum fake_kind kind); /* all of this kind */

/* FAKE_PING, FAKE_DISCONNECT or FAKE_RETIRE: fails as without memory, from now on or no longer. */
void fake_fail(enum fake_kind kind, bool fails);
struct plane_counts *fake_counts(void); /* what plane_count gives */

const struct plane_options *fake_options(void); /* of the plane that there is */
struct link_ref fake_link(void);                /* a link that was not there before */

/* The client is given back with this outcome; CLIENT_ENDED closes its descriptor first. */
void fake_give_back(const struct fake_order *served, enum client_outcome outcome);

/* The flow of a client of UDP, by a port of this thread: for the service's on_flow. It is never freed. */
struct udp_flow *fake_flow(unsigned thread);
bool fake_flow_is_refused(const struct udp_flow *flow);

/* Answers FAKE_ACCEPT_TLS. What fails closes its descriptor first. */
void fake_end_tls(const struct fake_order *asked, enum client_tls_result result);

/* Answers FAKE_VIEW with these views; `matching` is their number. */
void fake_answer_views(const struct fake_order *asked, const struct relay_view *const *views, size_t count);
void fake_answer_end(const struct fake_order *asked, bool found);

/* clock_us() as the code under test sees it. */
void fake_clock_advance(uint64_t ms);
void fake_wall_jump(int64_t seconds); /* clock_wall() from now on, further ahead or back */

#endif

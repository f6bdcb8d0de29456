/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * upstream: one server that this agent serves: makes a session with it, and another whenever that is lost.
 * Runs on: the control thread. Owns: its attempts, its sessions, its timer, its copy of the token.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_UPSTREAM_H
#define MUNNEL_AGENT_UPSTREAM_UPSTREAM_H

#include "agent/identity/identity.h"
#include "agent/upstream/data_links.h"
#include "agent/upstream/services.h"
#include "proto/control.h"
#include "relay/plane.h"

struct upstream;

struct upstream_times {
    unsigned first_ms, longest_ms; /* waits between attempts: see failure.h */
    unsigned final_ms;   /* the least wait after a refusal for good by a server that had accepted us before, and the
                            longest after what needs a person or a clock */
    unsigned hasten_ms;  /* for so long after a goaway every wait is a first one */
    unsigned hurry_ms;   /* the least time between two attempts of which a change of the network hastens the second */
    unsigned settled_ms; /* a session that lasted so long makes the next wait a first one again */
    unsigned resolve_ms; /* how long a name may take to be resolved */
};

struct visit_user;

struct upstream_parts { /* the same for every server; kept by reference */
    struct loop *loop;
    struct plane *plane;
    struct log *log;
    struct recent_events *events; /* or NULL */
    struct resolver *resolver;
    struct data_links *data_links;
    const struct acl *allow;
    const struct service_keys *keys; /* of end-to-end services */
    const struct ban_list *bans;     /* or NULL */
    struct publications *publications;
    bool only_published;                 /* no other service is permitted */
    const struct visit_user *visits;     /* or NULL */
    const char *name, *group, *instance; /* of this agent; group "" = all that the credential carries */
    struct upstream_times times;
    void (*on_change)(void *context); /* it gave up, or a session of it was drained, or has lost its control link */
    /* Has another upstream a working session with this instance of a server? */
    bool (*is_served)(void *context, const struct upstream *but, const char *server_instance);
    void (*on_answer)(void *context, const struct publication *entry, const struct publication_at *at); /* or NULL */
    void *context;
};

/* `index`, below IDENTITY_SERVERS_MAX, comes back in the tags of its links. NULL with `error`. */
struct upstream *upstream_new(const struct upstream_parts *parts, const struct server_identity *server, unsigned index,
                              struct error *error);
void upstream_free(struct upstream *upstream); /* the plane has stopped */

void upstream_start(struct upstream *upstream);
void upstream_stop(struct upstream *upstream); /* no more attempts; its sessions go on */

/* To be called every second: retires a session that was suspended for too long, and makes up for a timer or an order to
 * the plane for which there was no memory. */
void upstream_recheck(struct upstream *upstream);

/* The network is another: an attempt that waits because the last one did not get through is made at once. */
void upstream_retry_now(struct upstream *upstream);

/* Events of the plane; upstream_of_tag returns the index of the upstream. */
unsigned upstream_of_tag(uint64_t tag);
void upstream_on_greeting(struct upstream *upstream, const struct greeting *greeting);
void upstream_on_control(struct upstream *upstream, uint64_t tag, const char *text, size_t length);
void upstream_on_services_set(struct upstream *upstream, uint64_t session);
void upstream_on_health(struct upstream *upstream, const struct health_event *event);
void upstream_on_session_over(struct upstream *upstream, uint64_t session);
void upstream_on_gone(struct upstream *upstream, const struct link_end *end);
void upstream_on_pong(struct upstream *upstream, uint64_t tag, uint64_t pinged_us);

void upstream_send_bans(struct upstream *upstream);                                     /* they have changed */
void upstream_publish(struct upstream *upstream, bool at_once);                         /* publications have changed */
void upstream_withdraw(struct upstream *upstream, const char *name);                    /* no more clients of it */
bool upstream_send_json(struct upstream *upstream, uint64_t session, const char *json); /* false: not connected */
void upstream_send(struct upstream *upstream, enum control_op op);                      /* on every control link */
bool upstream_is_drained(const struct upstream *upstream); /* no control link waits for `drained` */
bool upstream_is_alone(const struct upstream *upstream);   /* no control link is left */
bool upstream_is_working(const struct upstream *upstream); /* has a session that takes clients */
bool upstream_gave_up(const struct upstream *upstream);    /* never accepted, and no use to try again */
bool upstream_serves(const struct upstream *upstream, const char *server_instance); /* now */
const char *upstream_who(const struct upstream *upstream);                          /* "server host:port" */
const char *upstream_failure(const struct upstream *upstream);                      /* why the last attempt failed */

/* ---- for people who look at it ---- */

/* S(name, label) */
#define UPSTREAM_CONDITIONS(S)                                                                                         \
    S(CONNECTING, "connecting") /* it has not been connected yet, or not since another attempt was final */            \
    S(CONNECTED, "connected")                                                                                          \
    S(LOST, "lost")         /* it was connected, and tries again; relays wait for it, or go on by data links */        \
    S(STANDBY, "standby")   /* another name leads to the same server, and is connected */                              \
    S(STOPPING, "stopping") /* the agent drains */                                                                     \
    S(GAVE_UP, "gave_up")
enum upstream_condition {
#define UPSTREAM_CONDITION_ENUM(name, label) UPSTREAM_##name,
    UPSTREAM_CONDITIONS(UPSTREAM_CONDITION_ENUM)
#undef UPSTREAM_CONDITION_ENUM
        UPSTREAM_CONDITION_COUNT
};
const char *upstream_condition_label(enum upstream_condition condition);

struct upstream_view {   /* valid until the upstream changes */
    const char *address; /* as it was written: "host:port" */
    enum upstream_condition condition;
    uint64_t since_us;       /* in this condition */
    const struct addr *peer; /* as reached; the proxy's, if there is one; NULL: not connected */
    const char *proxy;       /* "http://10.0.0.1:3128"; NULL: directly */
    const char *server;      /* the instance that answered last; "": none did */
    const char *credential;  /* "": none */
    const char *verified_by;
    uint64_t rtt_us;            /* smoothed; 0: not known */
    unsigned shared, exclusive; /* data links */
    const char *failure;        /* why it is not connected, or was not before; NULL: nothing failed */
    const char *remedy;         /* NULL: not known */
    uint64_t failed_us;
    const struct services *services; /* NULL: without a session */
};
void upstream_read(const struct upstream *upstream, struct upstream_view *view);

#endif

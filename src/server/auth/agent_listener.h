/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_listener: the agent port. Connections wait here until their first bytes are a ClientHello, and are counted
 * until they have authenticated or are closed: limits in all and by source bound what unauthenticated peers can use.
 * Runs on: the control thread. Owns: its listeners and the descriptors that wait; adopted ones belong to the plane.
 */
#ifndef MUNNEL_SERVER_AUTH_AGENT_LISTENER_H
#define MUNNEL_SERVER_AUTH_AGENT_LISTENER_H

#include "lib/base/strlist.h"
#include "relay/plane.h"
#include "server/service/listener_group.h"

struct agent_listener;
struct inspect;
struct penalty_box;
struct recent_events;

/* AGENT_REFUSAL(name, label of metrics): why a connection is closed before its TLS handshake */
#define AGENT_REFUSALS(R)                                                                                              \
    R(NOT_TLS, "not_tls")                                                                                              \
    R(SILENT, "silent")                                                                                                \
    R(FULL, "full")                                                                                                    \
    R(BLOCKED, "blocked")                                                                                              \
    R(PROXY_NOT_LISTED, "proxy_not_listed")                                                                            \
    R(PROXY_MALFORMED, "proxy_malformed")                                                                              \
    R(PROXY_TIMEOUT, "proxy_timeout")                                                                                  \
    R(PROXY_FULL, "proxy_full")                                                                                        \
    R(MEMORY, "memory")

enum agent_refusal {
#define AGENT_REFUSAL_ENUM(name, label) AGENT_REFUSAL_##name,
    AGENT_REFUSALS(AGENT_REFUSAL_ENUM)
#undef AGENT_REFUSAL_ENUM
        AGENT_REFUSAL_COUNT
};
const char *agent_refusal_label(enum agent_refusal refusal);

struct agent_limits { /* of connections that have not authenticated yet */
    size_t most, per_source;
    unsigned deadline_s, penalty_s;
};

struct agent_port { /* where agents connect; read at once */
    const struct strlist *listen;
    const char *interface; /* NULL: any */
    bool freebind;
};

struct agent_listener_options {
    struct event_base *base;
    struct log *log;
    struct recent_events *events; /* NULL: none */
    struct plane *plane;
    SSL_CTX *tls; /* one reference is taken */
    struct agent_port port;
    const struct strlist *accept_proxy; /* of balancers, in front of all these addresses; read at once */
    struct inspect *inspect;            /* where connections are that have to begin with a PROXY header */
    struct agent_limits limits;
    struct passed_sockets *passed; /* may be NULL */
    /* Is an agent connected from the source of this address? Then failures there cause no penalty. */
    bool (*has_agent)(void *context, const struct addr *peer);
    /* Data links that will come from this address; the limits do not bind them. */
    size_t (*expects)(void *context, const struct addr *peer);
    void *context;
};

/* Bound, not yet listening; NULL with `error`. */
struct agent_listener *agent_listener_new(const struct agent_listener_options *options, struct error *error);
int agent_listener_open(struct agent_listener *listener, struct error *error);
void agent_listener_set_tls(struct agent_listener *listener, SSL_CTX *tls); /* for handshakes that begin from now on */
void agent_listener_set_limits(struct agent_listener *listener, const struct agent_limits *limits);
/* A reload, as service_prepare and the rest in service.h: other addresses, if they are; and its balancers, always. */
int agent_listener_prepare(struct agent_listener *listener, const struct agent_port *port,
                           const struct listener_donors *donors, struct error *error);
int agent_listener_prepare_balancers(struct agent_listener *listener, const struct strlist *accept_proxy,
                                     struct error *error);
void agent_listener_apply(struct agent_listener *listener);
void agent_listener_discard(struct agent_listener *listener);
struct listener_group *agent_listener_group(const struct agent_listener *listener);
/* A connection from a port that agents share with services; takes `fd`, of which nothing was read. */
void agent_listener_take(struct agent_listener *listener, evutil_socket_t fd, const struct addr *peer);
void agent_listener_shut(struct agent_listener *listener); /* closes the listeners and what waits */
void agent_listener_free(struct agent_listener *listener);

/* The handshake of the adopted connection with this tag has begun, if it was not closed meanwhile. */
void agent_listener_begun(struct agent_listener *listener, uint64_t tag);
/* The adopted connection with this tag has sent HELLO, or is gone: false if it is not counted here any more. */
bool agent_listener_release(struct agent_listener *listener, uint64_t tag);
/* The adopted connection with this tag is gone without HELLO: as agent_listener_release; its source gets a penalty if
 * that is the peer's doing (`is_late`): its deadline was over, or it completed a handshake and sent no HELLO. */
bool agent_listener_failed(struct agent_listener *listener, uint64_t tag, bool is_late);
size_t agent_listener_count(const struct agent_listener *listener);
uint64_t agent_listener_refused(const struct agent_listener *listener); /* closed before their TLS handshake, so far */
uint64_t agent_listener_refused_by(const struct agent_listener *listener, enum agent_refusal refusal);
/* Connections of balancers that ended before they had sent TLS: health checks. */
uint64_t agent_listener_balancer_checks(const struct agent_listener *listener);
void agent_listener_tick(struct agent_listener *listener); /* each second: logs how many lines were left out */

void agent_listener_penalize(struct agent_listener *listener, const struct addr *peer); /* failed to authenticate */
void agent_listener_trust(struct agent_listener *listener, const struct addr *peer);    /* an agent is there, or was */
/* The sources that are blocked, by the names of source_name(). */
const struct penalty_box *agent_listener_penalties(const struct agent_listener *listener);
bool agent_listener_forgive(struct agent_listener *listener, const struct addr *peer); /* false: it is not blocked */
void agent_listener_reset_penalties(struct agent_listener *listener); /* the credentials have changed */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_listener: the agent port. Connections wait here until their first bytes are a ClientHello, and are counted
 * until they have authenticated or are closed: limits in all and by source bound what unauthenticated peers can use.
 * Runs on: the control thread. Owns: its listeners and the descriptors that wait; adopted ones belong to the plane.
 */
#ifndef MUNNEL_SERVER_AUTH_AGENT_LISTENER_H
#define MUNNEL_SERVER_AUTH_AGENT_LISTENER_H

#include "conf/server_config.h"
#include "relay/plane.h"

struct agent_listener;

struct agent_listener_options {
    struct event_base *base;
    struct log *log;
    struct plane *plane;
    SSL_CTX *tls;                     /* one reference is taken */
    const struct server_config *conf; /* agents.listen and agents.unauthenticated_* */
    struct passed_sockets *passed;    /* may be NULL */
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
void agent_listener_shut(struct agent_listener *listener);                  /* closes the listeners and what waits */
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
void agent_listener_tick(struct agent_listener *listener); /* each second: logs how many lines were left out */

void agent_listener_penalize(struct agent_listener *listener, const struct addr *peer); /* failed to authenticate */
void agent_listener_trust(struct agent_listener *listener, const struct addr *peer);    /* an agent is there, or was */
void agent_listener_reset_penalties(struct agent_listener *listener); /* the credentials have changed */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_listener: the agent port. Connections wait here until their first bytes tell TLS from strangers, and are
 * counted until they have greeted or are gone, so that nobody who has not proved himself can take more than his share.
 * Runs on: the control thread. Owns: its listeners and the descriptors that wait; adopted ones belong to the plane.
 * States of a connection: waiting -> adopted -> released.
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
    /* Is an agent connected from the source of this address? Then it is not punished for what others do there. */
    bool (*has_agent)(void *context, const struct addr *peer);
    /* Connections that were ordered from this address and are still to come; the limits do not hold for them. */
    size_t (*expects)(void *context, const struct addr *peer);
    void *context;
};

struct agent_listener *agent_listener_new(const struct agent_listener_options *options,
                                          struct error *error); /* bound, not yet open */
int agent_listener_open(struct agent_listener *door, struct error *error);
void agent_listener_set_tls(struct agent_listener *door, SSL_CTX *tls); /* for handshakes that begin from now on */
void agent_listener_shut(struct agent_listener *door); /* nobody gets in any more; who waits is sent away */
void agent_listener_free(struct agent_listener *door);

/* The adopted connection with this tag has greeted, or is gone: returns whether it was counted here until now. */
bool agent_listener_release(struct agent_listener *door, uint64_t tag);
size_t agent_listener_count(const struct agent_listener *door);
void agent_listener_tick(struct agent_listener *door); /* once a second: says what lines were left out */

/* The adopted connection with this tag is gone without a greeting. If its time was over, or it cost a whole handshake
 * and said no HELLO, that is held against it. */
bool agent_listener_failed(struct agent_listener *door, uint64_t tag, bool no_hello);
/* This peer has failed to prove itself; an agent was let in, or has left; all is to be forgotten. */
void agent_listener_penalize(struct agent_listener *door, const struct addr *peer);
void agent_listener_trust(struct agent_listener *door, const struct addr *peer);
void agent_listener_reset_penalties(struct agent_listener *door);
uint64_t agent_listener_turned_away(const struct agent_listener *door); /* connections, so far, that were not taken */

#endif

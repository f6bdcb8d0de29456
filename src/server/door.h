/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * door: the agent port. Connections wait here until their first bytes tell TLS from strangers, and are counted until
 * they have greeted or are gone, so that nobody who has not proved himself can take more than his share.
 * Runs on: the control thread. Owns: its listeners and the descriptors that wait; adopted ones belong to the plane.
 * States of a connection: waiting -> adopted -> released.
 */
#ifndef MUNNEL_SERVER_DOOR_H
#define MUNNEL_SERVER_DOOR_H

#include "conf/server_conf.h"
#include "relay/relay_msg.h"

struct door;

struct door_options {
    struct event_base *base;
    struct log *log;
    struct plane *plane;
    SSL_CTX *tls;                   /* one reference is taken */
    const struct server_conf *conf; /* agents.listen and agents.unauthenticated_* */
    /* Is an agent connected from the source of this address? Then it is not punished for what others do there. */
    bool (*has_agent)(void *context, const struct addr *peer);
    /* Connections that were ordered from this address and are still to come; the limits do not hold for them. */
    size_t (*expects)(void *context, const struct addr *peer);
    void *context;
};

struct door *door_new(const struct door_options *options, struct error *error); /* bound, not yet open */
int door_open(struct door *door, struct error *error);
void door_set_tls(struct door *door, SSL_CTX *tls); /* for handshakes that begin from now on */
void door_shut(struct door *door);                  /* nobody gets in any more; who waits is sent away */
void door_free(struct door *door);

/* The adopted connection with this tag has greeted, or is gone: returns whether it was counted here until now. */
bool door_release(struct door *door, uint64_t tag);
size_t door_count(const struct door *door);
void door_tick(struct door *door); /* once a second: says what lines were left out */

/* The adopted connection with this tag is gone without a greeting. If its time was over, or it cost a whole handshake
 * and said no HELLO, that is held against it. */
bool door_failed(struct door *door, uint64_t tag, bool no_hello);
/* This peer has failed to prove itself; an agent was let in, or has left; all is to be forgotten. */
void door_punish(struct door *door, const struct addr *peer);
void door_know(struct door *door, const struct addr *peer);
void door_forgive(struct door *door);
uint64_t door_turned_away(const struct door *door); /* connections, so far, that were not taken */

#endif

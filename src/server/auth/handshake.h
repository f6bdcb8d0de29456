/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * handshake: accepts or rejects a new link by its HELLO.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_AUTH_HANDSHAKE_H
#define MUNNEL_SERVER_AUTH_HANDSHAKE_H

#include "lib/log/log_throttle.h"
#include "server/auth/agent_listener.h"
#include "server/auth/authenticate.h"
#include "server/service/registry.h"

struct handshake;
struct penalty_box;
struct recent_events;

struct handshake_options {
    const struct auth_policy *policy;
    struct log *log;
    struct recent_events *events;  /* NULL: none */
    struct log_throttle *throttle; /* of lines on peers that were refused */
    struct plane *plane;
    struct session_table *sessions;
    const struct service_list *services;
    struct registry *registry;
    struct link_count *links; /* the data links of all sessions */
    struct liveness *liveness;
    struct agent_listener *listener;
    struct penalty_box *flap_damping;
    const char *instance;                      /* of the server */
    unsigned threads;                          /* its relay threads */
    bool (*reread_credentials)(void *context); /* true: they had changed and were read */
    void *context;
};

struct handshake *handshake_new(const struct handshake_options *options); /* NULL when out of memory */
void handshake_free(struct handshake *handshake);
void handshake_stop(struct handshake *handshake);              /* no more sessions */
uint64_t handshake_refused(const struct handshake *handshake); /* peers, so far */
uint64_t handshake_refused_by(const struct handshake *handshake, enum reject_code code);
/* False: the peer is rejected. */
bool handshake_decide(struct handshake *handshake, const struct greeting *greeting);

#endif

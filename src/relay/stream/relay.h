/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay: one client (server), or one destination (agent), joined to a stream of its session's mux.
 *
 * Runs on: its thread. Owns: the plain side.
 * States: see enum relay_state in relay_priv.h.
 */
#ifndef MUNNEL_RELAY_STREAM_RELAY_H
#define MUNNEL_RELAY_STREAM_RELAY_H

#include "relay/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct open_request;
struct relay;
struct relay_thread;
struct served_service;
struct service_terms;
struct thread_session;

/* Server: OPEN, the client's first bytes, and the relay runs. Takes the client, which comes back, perhaps from within,
 * by plane_event_client_back. */
void relay_serve(struct thread_session *session, struct client *client);
/* Agent: OPEN came, of this service; NULL: none that is known. Without memory the mux refuses it. */
void relay_open_tcp(struct thread_session *session, uint32_t number, const struct open_request *open,
                    struct served_service *service);

/* Server: takes clients back that plane_recall means. */
void relay_recall(struct relay_thread *thread, uint64_t session, const struct service_terms *terms);
/* Server: resets those that plane_end_relays means. */
void relay_end_terms(struct relay_thread *thread, uint64_t session, const struct service_terms *terms,
                     enum relay_reason reason, const char *detail);

/* All relays of the thread, or, session not NULL, of that: both sides are reset, and an agent's that has not answered
 * yet is refused. */
void relay_end_all(struct relay_thread *thread, const struct thread_session *session, enum relay_reason reason,
                   const char *detail);
void relay_free(struct relay *relay); /* only by the thread's deferred free */
void relay_sweep_all(struct relay_thread *thread, uint64_t now_us,
                     bool with_open); /* false: only those that are opening */

#endif

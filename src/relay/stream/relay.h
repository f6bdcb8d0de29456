/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay: one client joined to one data link (server), or one data link joined to a destination (agent).
 *
 * Runs on: its thread. Owns: the plain side, what is kept to be replayed.
 * States: see enum relay_state in relay_priv.h.
 */
#ifndef MUNNEL_RELAY_STREAM_RELAY_H
#define MUNNEL_RELAY_STREAM_RELAY_H

#include "proto/frame.h"
#include "relay/reason.h"

#include <sys/uio.h>

struct client;
struct link;
struct relay;
struct relay_thread;

/* Server: OPEN, the client's first bytes, and the relay runs. The link is idle. Takes the client. */
void relay_serve(struct link *link, struct client *client);
/* Agent: OPEN came on an idle link. */
void relay_open(struct link *link, const struct frame *open);

/* Called by the link; the relay may be gone afterwards. */
void relay_on_data(struct relay *relay, struct iovec *parts, int count, size_t total, bool is_last); /* FIN follows */
void relay_on_frame(struct relay *relay, const struct frame *frame); /* OPENED, REFUSED, RESET, FIN */
void relay_on_link_drained(struct relay *relay);
void relay_on_progress(struct relay *relay); /* the other end reports that it goes on */
void relay_on_link_lost(struct relay *relay, enum relay_reason reason);
/* Agent: the outcome of link_await_delivery. DONE: the server has all of its last bytes; else they are lost. */
void relay_on_delivered(struct relay *relay, enum relay_reason reason);

bool relay_has_sent_all(const struct relay *relay); /* its FIN is on the link */

void relay_stop(struct relay *relay); /* the program ends: both sides are reset */
void relay_free(struct relay *relay); /* only by the thread's deferred free */
void relay_sweep_all(struct relay_thread *thread, uint64_t now_us,
                     bool with_open); /* false: only those that are opening */

#endif

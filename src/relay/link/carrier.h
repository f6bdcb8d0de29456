/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carrier: a data link as what carries the streams of a mux, and whether its peer is still there.
 *
 * Runs on: the link's thread. Owns: nothing; the mux_carrier is the mux's, and goes with the link.
 */
#ifndef MUNNEL_RELAY_LINK_CARRIER_H
#define MUNNEL_RELAY_LINK_CARRIER_H

#include "proto/frame.h"

#include <stdbool.h>

struct link;
struct thread_session;

/*
 * Server, of a link that is about to begin. An agent does not dial more shared ones than there may be: if all are
 * there, it has lost one of which the end has not come here. The one that has been silent for longest is closed. False:
 * each has brought something since this one's handshake began.
 */
bool link_carrier_make_room(const struct link *link, const struct thread_session *session);
/* False: out of memory, or more than a mux has; the link is as before. */
bool link_carrier_begin(struct link *link, struct thread_session *session);

void link_carrier_take(struct link *link, const struct frame *frame); /* one that is of no stream */
void link_carrier_lost(struct link *link);                            /* it is being closed */
void link_carrier_sweep(struct link *link, uint64_t now_us);
void link_carrier_ping(struct link *link, uint64_t now_us);

#endif

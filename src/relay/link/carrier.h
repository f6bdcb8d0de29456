/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carrier: a data link that carries the streams of a mux, and no relay of its own.
 *
 * A part of the next data plane: no link becomes one in the programs yet.
 * Runs on: the link's thread. Owns: nothing; the mux_carrier is the mux's, and goes with the link.
 */
#ifndef MUNNEL_RELAY_LINK_CARRIER_H
#define MUNNEL_RELAY_LINK_CARRIER_H

#include "proto/frame.h"
#include "relay/mux/mux.h"

struct link;

/* An idle data link is a carrier from now on, until it is closed. False: out of memory, or more than a mux has; the
 * link is as before. */
bool link_carry(struct link *link, struct mux *mux, bool is_exclusive);

/* A frame that names a stream. False: it has to wait, and the link is paused; or the link was closed for it. */
bool link_carrier_take(struct link *link, const struct frame *frame);
void link_carrier_lost(struct link *link); /* it is being closed */
void link_carrier_sweep(struct link *link, uint64_t now_us);

/* send.c: encrypts, for a flush before any other link of the thread is written to; and that. */
void link_data_write(struct link *link, const uint8_t *bytes, size_t length);
void link_data_flush_written(struct link *link);

#endif

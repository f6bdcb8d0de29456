/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagram_relay: what is the same at both ends of a session of datagrams: a relay whose stream has no bytes, and whose
 * pump does not run, since its socket stays closed. What it counts is what the pump would.
 * Runs on: the relay's thread. Owns: what waits for the link. States: the relay's.
 */
#ifndef MUNNEL_RELAY_DATAGRAM_DATAGRAM_RELAY_H
#define MUNNEL_RELAY_DATAGRAM_DATAGRAM_RELAY_H

#include "relay/mux/datagram_queue.h"
#include "relay/stream/relay_priv.h"

/* Between relay_init and the opening of its stream. The queue and the tally live as long as the relay. */
void datagram_relay_init(struct relay *relay, struct datagram_queue *queue, struct datagram_tally *tally);
void datagram_relay_count(struct relay *relay, enum datagram_way way); /* one that came, which may be dropped then */
void datagram_relay_describe(const struct relay *relay, struct relay_view *view); /* its datagrams */
/* One that was read from the plain side; before OPENED at a server alone. */
void datagram_relay_send(struct relay *relay, const uint8_t *bytes, size_t length);
/* One that the stream has brought, and the role has taken for the plain side: its bytes are counted by this alone. */
void datagram_relay_passed_on(struct relay *relay, size_t length);
/* In each sweep, of one that is suspended or opening, too: what is too old goes, also where its turn never comes. */
void datagram_relay_drop_stale(struct relay *relay, uint64_t now_us);
void datagram_relay_drop(struct relay *relay, enum datagram_way way, enum datagram_drop why); /* counts it */
/* What a socket's buffer had no room for: `lost` of a datagram that was read from it. *seen: of the one before. Returns
 * how many. */
uint32_t datagram_relay_note_lost(struct datagram_counts *counts, uint32_t *seen, uint32_t lost);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link: one TLS connection between agent and server; hides how it is read and written.
 *
 * Every link shakes hands on an edge-triggered event of its own. bufferevent_openssl carries greetings by HELLO, and
 * control links to their end. A data link has its own event again, or, known by its session's key, still: it reads
 * whole records into the thread's scratch, and frames leave at once. Its users see frames.
 *
 * Runs on: its thread. Owns: descriptor, SSL, bufferevent, what is parked.
 * States: see LINK_STATES in link_priv.h.
 */
#ifndef MUNNEL_RELAY_LINK_LINK_H
#define MUNNEL_RELAY_LINK_LINK_H

#include "proto/stream_state.h"
#include "relay/link/batch.h"
#include "relay/plane.h"

#include <sys/uio.h>

struct link;
struct relay;
struct relay_thread;

/* For the relay on a data link. */
struct batch *link_batch(struct link *link); /* begun; add frames, then link_send */
void link_send(struct link *link); /* errors arrive by relay_on_link_lost in a later turn, never from within */
/* Frames without urgency are coalesced with the next relay's OPEN if that comes soon: the FIN that ends a relay and
 * frees the link, and the WELCOME of a data link. */
void link_send_deferred(struct link *link, enum frame_type type);
bool link_is_full(const struct link *link); /* the kernel does not take more: stop reading the other side */
struct stream_state *link_stream_state(struct link *link);
void link_set_relay(struct link *link, struct relay *relay); /* NULL: the link carries none (any more) */
void link_pause(struct link *link);
void link_resume(struct link *link); /* reading continues in a later turn, not from within */
struct relay_thread *link_thread(const struct link *link);
struct link_ref link_ref_of(const struct link *link, uint64_t *tag);
const struct service_table *link_services(const struct link *link); /* agent: NULL: it serves none */

/* The relay is off the link, and link_await_delivery was called: the link becomes ready for the next, waits for IDLE n
 * (`flush_s` at most when nothing was cut), or closes if it was to. */
void link_relay_over(struct link *link, unsigned flush_s);
/*
 * The streams that the link carried are complete, and the peer has yet to get their last bytes: until it has, the link
 * counts as delivering, which holds up the program's end and neither a ping nor silence interrupts. `relay`, if not
 * NULL, has left the link and gets the outcome by relay_on_delivered, once.
 */
void link_await_delivery(struct link *link, struct relay *relay);
size_t link_undelivered(const struct link *link); /* bytes that the peer's kernel does not have; a system call */
void link_report_progress(struct link *link);     /* agent: its relay goes on, although nothing is sent to the server */
/* Has the kernel had no acknowledgement for longer than that, with data out? See sock_stalled_ms(). */
bool link_is_stalled(struct link *link, unsigned limit_ms);

/*
 * POLITELY: a link without a relay first sends what it has yet to send, and lingers until the peer has it.
 * AT_ONCE: what the kernel has is still sent, and what it has not taken is lost.
 */
enum link_close_how { LINK_CLOSE_POLITELY, LINK_CLOSE_AT_ONCE, LINK_CLOSE_RESET };
/* Ends the link: its relay gets relay_on_link_lost(reason), the control plane on_gone(detail). */
void link_close(struct link *link, enum link_close_how how, enum relay_reason reason, const char *detail);

#endif

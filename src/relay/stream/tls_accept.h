/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_accept: the TLS handshakes of clients whose service ends TLS, before they are given to an agent.
 *
 * They cost a millisecond of a processor each, and so are done on the relay threads. A client that has not sent its
 * first record has no TLS state. Those that have wait for their turn in order, some of which come in each turn of the
 * loop: one that is under way and waits for its client costs nothing, and holds up no other. Each has a deadline for
 * its first record with its place in the queue, and another for its handshake. Runs on: a relay thread. Owns: the
 * clients, until they go back by on_client_tls; their handshakes. States: quiet -> queued -> running -> (answered, what
 * was HTTP ->) back.
 */
#ifndef MUNNEL_RELAY_STREAM_TLS_ACCEPT_H
#define MUNNEL_RELAY_STREAM_TLS_ACCEPT_H

#include <stdint.h>

struct client;
struct relay_thread;

void tls_accepts_init(struct relay_thread *thread);
void tls_accept_begin(struct relay_thread *thread, struct client *client); /* on_client_tls follows, later */
/* Instead: closes the connection. On any thread. */
void tls_accept_refuse(struct relay_thread *thread, struct client *client, const char *detail);
void tls_accept_sweep(struct relay_thread *thread, uint64_t now_us);
void tls_accept_end_all(struct relay_thread *thread); /* the thread stops */

#endif

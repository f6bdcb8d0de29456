/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link: one TLS connection between agent and server; hides how it is read and written.
 *
 * Every link shakes hands by itself, watched by readiness.h. bufferevent_openssl carries the greeting, and control
 * links to their end. A data link is watched by readiness.h again: it reads whole records into the thread's scratch,
 * and its frames are those of a mux.
 *
 * Runs on: its thread. Owns: descriptor, SSL, bufferevent, what is parked.
 * States: see LINK_STATES in link_priv.h.
 */
#ifndef MUNNEL_RELAY_LINK_LINK_H
#define MUNNEL_RELAY_LINK_LINK_H

#include "relay/reason.h"

struct link;

/* Not RESET: what the kernel has is still sent, and what it has not taken is lost. POLITELY: with close_notify. */
enum link_close_how { LINK_CLOSE_POLITELY, LINK_CLOSE_RESET };
/* Ends the link: its streams go on by others, the control plane gets on_gone(detail). */
void link_close(struct link *link, enum link_close_how how, enum relay_reason reason, const char *detail);

#endif

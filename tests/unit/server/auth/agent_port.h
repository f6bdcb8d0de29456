/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_port: agents that connect to a server over a fake data plane, as far as TLS begins.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_AGENT_PORT_H
#define MUNNEL_TESTS_AGENT_PORT_H

#include "server/server_fixture.h"

int connect_agent(struct server_fixture *server_fixture);
/* Connects and sends a ClientHello, which `order` adopts; returns the agent's end. */
int begin_handshake(struct server_fixture *server_fixture, struct fake_order *order);
bool is_adopted(struct server_fixture *server_fixture); /* such a one; it is gone then */

/* The event of the plane: the connection with this tag is gone, and HELLO has not come. */
void end_link(uint64_t tag, bool no_hello, bool timed_out);
void lose(uint64_t tag, bool no_hello);
void close_both(int fd, const struct fake_order *adopted);

#endif

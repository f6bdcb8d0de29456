/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_agent_udp: the agent's end of a session of datagrams: a UDP socket of its own, connected to the destination.
 *
 * Connecting sends no packet. So OPENED is held for a moment, in which the first datagrams are sent: an answer leaves
 * together with it, and an ICMP error becomes REFUSED instead, by which the server can try another agent. Until the
 * destination has answered, an error leads to the next address or destination of the service, which gets what the first
 * ones have refused. Runs on: the relay's thread. Owns: the socket, what waits for it. States: the relay's.
 */
#ifndef MUNNEL_RELAY_DATAGRAM_RELAY_AGENT_UDP_H
#define MUNNEL_RELAY_DATAGRAM_RELAY_AGENT_UDP_H

#include <stdint.h>

struct open_request;
struct served_service;
struct thread_session;

/* As relay_open_tcp. */
void relay_open_udp(struct thread_session *session, uint32_t number, const struct open_request *open,
                    struct served_service *service);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_server_udp: the server's end of a session of datagrams: a client's flow, joined to a stream.
 *
 * OPEN goes out with all datagrams that have come by then; they stay in the flow until the destination was reached, for
 * the next agent: UDP may repeat what TCP may not. Limits of bandwidth drop. Runs on: its thread. Owns: the flow.
 * States: the relay's.
 */
#ifndef MUNNEL_RELAY_DATAGRAM_RELAY_SERVER_UDP_H
#define MUNNEL_RELAY_DATAGRAM_RELAY_SERVER_UDP_H

struct client;
struct thread_session;

/* Takes the client, which has a flow and comes back, perhaps from within, by plane_event_client_back. */
void relay_serve_udp(struct thread_session *session, struct client *client);

#endif

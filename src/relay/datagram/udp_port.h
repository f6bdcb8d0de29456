/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * udp_port: a server's UDP socket, and the flows of its clients: by the client's address and the one that it has sent
 * to. What a relay has to know of them.
 *
 * One socket is one thread's, and so are all flows of an address. A flow begins with the first datagram of a client
 * that is not known, which is reported to the control plane; a bounded number is undecided at a time. It ends with its
 * session: the next datagram begins another one. Answers leave by the socket, from the address that was sent to.
 * Runs on: its thread. Owns: the socket, the flows, and what they keep until their destination is reached.
 * States of a flow: lent -> (served -> (lent | over) | refused -> over).
 */
#ifndef MUNNEL_RELAY_DATAGRAM_UDP_PORT_H
#define MUNNEL_RELAY_DATAGRAM_UDP_PORT_H

#include "relay/mux/datagram_counts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datagram_queue;
struct relay_thread;
struct udp_flow;

enum {
    UDP_FLOWS_MOST = 65536,     /* of a port */
    UDP_FLOWS_LENT_MOST = 2048, /* of those: that wait for the control plane, or for an agent */
    UDP_UNANSWERED_MS = 2000    /* one that was served for so long without an answer gives way to a new one */
};

struct udp_flow_user { /* the relay that serves it; each may end the flow */
    /* False: it has ended the flow, and the datagram, which it has not taken, begins another one. */
    bool (*on_datagram)(void *context, const uint8_t *bytes, size_t length);
    void (*on_unreachable)(void *context); /* the client's machine answers that its port is closed */
    void (*on_quiet)(void *context);       /* see udp_flow_end_after */
    void (*on_port_closed)(void *context);
    void (*on_give_way)(void *context); /* it was never answered, and another client needs its place */
};

bool udp_flow_is_closed(const struct udp_flow *flow);                                        /* its port is */
void udp_flow_serve(struct udp_flow *flow, const struct udp_flow_user *user, void *context); /* a lent one */
/* What came before it was opened, which stays for another agent, but what is too old. */
const struct datagram_queue *udp_flow_first(struct udp_flow *flow, uint64_t now_us);
void udp_flow_opened(struct udp_flow *flow); /* frees that */
/* To the client. DATAGRAM_DROP_COUNT: it was sent; else why it was dropped, which is not counted yet. */
enum datagram_drop udp_flow_reply(struct udp_flow *flow, const uint8_t *bytes, size_t length, uint64_t now_us);
/* on_quiet in so many seconds, unless it is set anew before; 0: never. */
void udp_flow_end_after(struct udp_flow *flow, unsigned seconds, uint64_t now_us);
void udp_flow_give_back(struct udp_flow *flow); /* lent again */
void udp_flow_end(struct udp_flow *flow);       /* over, from lent or served */

void udp_ports_sweep(struct relay_thread *thread, uint64_t now_us); /* twice a second */
void udp_ports_close(struct relay_thread *thread);                  /* it ends, and its relays have ended */
void udp_ports_free(struct relay_thread *thread);                   /* it has ended, and no message is under way */

#endif

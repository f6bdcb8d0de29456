/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagrams: a UDP socket that many peers send to: reads a batch in one call, with the address that each peer has sent
 * to, and answers from that address, also where the socket is bound to every address of the machine.
 *
 * datagrams_linux.c has recvmmsg(2), IP_PKTINFO and the queue of ICMP errors (IP_RECVERR). datagrams_portable.c reads
 * one after the other; there the system chooses the address of an answer, and ICMP errors are not told apart.
 * Runs on: any thread. Owns: a batch its buffers; descriptors belong to the caller.
 */
#ifndef MUNNEL_LIB_NET_DATAGRAMS_H
#define MUNNEL_LIB_NET_DATAGRAMS_H

#include "lib/net/addr.h"

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATAGRAMS_BATCH = 32 /* that one call reads at most */, DATAGRAM_MOST = 65535 /* bytes */ };

struct datagram_peer { /* as small as there are many of them */
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address;
};

struct datagram_local { /* the address of this machine that was sent to; all zero: unknown, or multicast */
    uint8_t host[16];   /* IPv4 in the first four bytes */
    unsigned interface; /* of a link-local address; else 0 */
};

struct datagram_read { /* one that was read; valid until the next read */
    struct datagram_peer peer;
    struct datagram_local local;
    const uint8_t *bytes;
    size_t length;
    uint32_t
        lost; /* so many the kernel had dropped before, since the socket's buffer was full; 0: none, or not known */
};

/* Of a socket that was just made: so that `local` is known of what is read. */
void datagrams_prepare(evutil_socket_t fd, int family);
/* Of any socket of UDP, as part of that or alone: `lost` is known of what is read. */
void datagrams_tell_lost(evutil_socket_t fd);

struct datagram_batch;

struct datagram_batch *datagram_batch_new(void); /* NULL: out of memory. Its pages are used as they are needed */
void datagram_batch_free(struct datagram_batch *batch);
/* How many were read; *may_have_more: more may be there. 0: none is; -1 with errno: an error that may be of one peer,
 * see datagrams_take_unreachable. */
int datagram_batch_read(struct datagram_batch *batch, evutil_socket_t fd, bool *may_have_more);
const struct datagram_read *datagram_batch_at(const struct datagram_batch *batch, int index);

/* 0, or the errno; EAGAIN: the socket has no room. Pending errors of other peers are passed over. */
int datagram_send(evutil_socket_t fd, const struct datagram_peer *peer, const struct datagram_local *local,
                  const uint8_t *bytes, size_t length);
/* The next peer whose host has answered by ICMP that no program has its port any more; false: there is none. */
bool datagrams_take_unreachable(evutil_socket_t fd, struct datagram_peer *peer);

struct addr datagram_peer_addr(const struct datagram_peer *peer);
bool datagram_peer_same(const struct datagram_peer *a, const struct datagram_peer *b);
/* The local address with this port; `bound` where it is not known. */
struct addr datagram_local_addr(const struct datagram_local *local, const struct addr *bound);

#endif

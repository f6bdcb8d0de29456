/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagrams: the addresses of datagrams.h, on every system.
 */
#include "config.h"

#include "lib/net/datagrams.h"

#include <string.h>

struct addr datagram_peer_addr(const struct datagram_peer *peer) {
    struct addr addr = {.length = 0};

    addr.length = peer->address.any.sa_family == AF_INET6 ? sizeof peer->address.six : sizeof peer->address.four;
    memcpy(&addr.storage, &peer->address, (size_t)addr.length);
    return addr;
}

bool datagram_peer_same(const struct datagram_peer *a, const struct datagram_peer *b) {
    const struct sockaddr_in6 *six = &a->address.six, *other = &b->address.six;

    if (a->address.any.sa_family != b->address.any.sa_family)
        return false;
    if (a->address.any.sa_family == AF_INET)
        return a->address.four.sin_port == b->address.four.sin_port &&
               a->address.four.sin_addr.s_addr == b->address.four.sin_addr.s_addr;
    return six->sin6_port == other->sin6_port && six->sin6_scope_id == other->sin6_scope_id &&
           memcmp(&six->sin6_addr, &other->sin6_addr, sizeof six->sin6_addr) == 0;
}

struct addr datagram_local_addr(const struct datagram_local *local, const struct addr *bound) {
    static const uint8_t unknown[sizeof local->host];
    struct addr addr = *bound;

    if (memcmp(local->host, unknown, sizeof unknown) == 0)
        return addr;
    if (addr.storage.ss_family == AF_INET)
        memcpy(&((struct sockaddr_in *)(void *)&addr.storage)->sin_addr, local->host, sizeof(struct in_addr));
    else
        memcpy(&((struct sockaddr_in6 *)(void *)&addr.storage)->sin6_addr, local->host, sizeof(struct in6_addr));
    return addr;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagrams_portable: see datagrams.h.
 */
#include "config.h"

#include "lib/net/datagrams.h"
#include "lib/net/sock_priv.h"

#ifndef __linux__
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct datagram_batch {
    struct datagram_read datagram;
    uint8_t buffer[DATAGRAM_MOST + 1];
};

void datagrams_prepare(evutil_socket_t fd, int family) {
    (void)fd;
    (void)family;
}

void datagrams_tell_lost(evutil_socket_t fd) {
    (void)fd;
}

struct datagram_batch *datagram_batch_new(void) {
    return calloc(1, sizeof(struct datagram_batch));
}

void datagram_batch_free(struct datagram_batch *batch) {
    free(batch);
}

int datagram_batch_read(struct datagram_batch *batch, evutil_socket_t fd, bool *may_have_more) {
    socklen_t size = sizeof batch->datagram.peer.address;
    ssize_t length = recvfrom(fd, (char *)batch->buffer, DATAGRAM_MOST, 0, &batch->datagram.peer.address.any, &size);

    if (sock_result(length < 0 ? -1 : 0))
        return sock_would_block(errno) || errno == EINTR ? 0 : -1;
    *may_have_more = true;
    batch->datagram.bytes = batch->buffer;
    batch->datagram.length = (size_t)length;
    return 1;
}

const struct datagram_read *datagram_batch_at(const struct datagram_batch *batch, int index) {
    (void)index;
    return &batch->datagram;
}

int datagram_send(evutil_socket_t fd, const struct datagram_peer *peer, const struct datagram_local *local,
                  const uint8_t *bytes, size_t length) {
    bool is_six = peer->address.any.sa_family == AF_INET6;
    socklen_t size = is_six ? sizeof peer->address.six : sizeof peer->address.four;

    (void)local;
    ssize_t sent = sendto(fd, (const char *)bytes, (int)length, 0, &peer->address.any, size);
    return sock_result(sent < 0 ? -1 : 0) ? errno : 0;
}

bool datagrams_take_unreachable(evutil_socket_t fd, struct datagram_peer *peer) {
    (void)fd;
    (void)peer;
    return false;
}
#endif

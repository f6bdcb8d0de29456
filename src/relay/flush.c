/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flush: see flush.h. By lib/net/sock.h and not by evbuffer_write, so that all of the data plane's traffic
 * passes one interface (tests replace it).
 */
#include "config.h"

#include "relay/flush.h"

#include "lib/net/sock.h"

#include <errno.h>

enum { PARTS = 32 };

bool flush_to_socket(struct evbuffer *buffer, evutil_socket_t fd, size_t most) {
    while (most > 0) {
        struct evbuffer_iovec parts[PARTS];
        struct iovec vector[PARTS];
        int count = evbuffer_peek(buffer, -1, NULL, parts, PARTS);
        size_t offered = 0;
        int used = 0;
        count = count < PARTS ? count : PARTS;
        if (count <= 0)
            return true;
        for (int i = 0; i < count && offered < most; i++) {
            size_t length = parts[i].iov_len < most - offered ? parts[i].iov_len : most - offered;
            vector[i] = (struct iovec){parts[i].iov_base, length};
            offered += length;
            used = i + 1;
        }
        ssize_t n = sock_writev(fd, vector, used);
        if (n < 0)
            return sock_would_block(errno);
        evbuffer_drain(buffer, (size_t)n);
        if ((size_t)n < offered)
            return true;
        most -= offered;
    }
    return true;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * batch: see batch.h.
 */
#include "config.h"

#include "relay/link/batch.h"

#include "lib/net/sock.h"

#include <errno.h>
#include <string.h>

void batch_begin(struct batch *batch) {
    batch->length = 0;
}

bool batch_add(struct batch *batch, enum frame_type type, uint32_t stream, const void *payload, size_t length) {
    if (batch->length + FRAME_HEADER + length > sizeof batch->bytes)
        return false;
    uint8_t *at = batch->bytes + batch->length;
    size_t header = frame_write_header(at, type, stream, length);
    if (length > 0)
        memcpy(at + header, payload, length);
    batch->length += header + length;
    return true;
}

size_t batch_add_copy(struct batch *batch, uint32_t stream, struct evbuffer *from) {
    size_t total = evbuffer_get_length(from), done = 0;
    struct evbuffer_ptr position;
    evbuffer_ptr_set(from, &position, 0, EVBUFFER_PTR_SET);
    while (done < total) {
        size_t part = total - done < FRAME_DATA_MAX ? total - done : FRAME_DATA_MAX;
        if (batch->length + FRAME_HEADER + part > sizeof batch->bytes)
            break;
        uint8_t *at = batch->bytes + batch->length;
        frame_write_header(at, FRAME_DATA, stream, part);
        if (evbuffer_copyout_from(from, &position, at + FRAME_HEADER, part) != (ev_ssize_t)part)
            break;
        batch->length += FRAME_HEADER + part;
        done += part;
        if (done < total && evbuffer_ptr_set(from, &position, part, EVBUFFER_PTR_ADD))
            break;
    }
    return done;
}

ssize_t batch_read(struct batch *batch, uint32_t stream, int fd, size_t limit) {
    struct iovec parts[BATCH_FRAMES];
    size_t room = sizeof batch->bytes - batch->length, planned = 0;
    int count = 0;
    uint8_t *at = batch->bytes + batch->length;
    while (count < BATCH_FRAMES && planned < limit && room > FRAME_HEADER) {
        size_t part = limit - planned < FRAME_DATA_MAX ? limit - planned : FRAME_DATA_MAX;
        if (part > room - FRAME_HEADER)
            part = room - FRAME_HEADER;
        parts[count++] = (struct iovec){at + FRAME_HEADER, part};
        at += FRAME_HEADER + part;
        room -= FRAME_HEADER + part;
        planned += part;
    }
    if (!count) { /* readv() of no parts returns 0, which means the end of the stream */
        errno = ENOBUFS;
        return -1;
    }
    ssize_t n = sock_readv(fd, parts, count);
    size_t left = n > 0 ? (size_t)n : 0;
    for (int i = 0; left > 0; i++) {
        size_t part = left < parts[i].iov_len ? left : parts[i].iov_len;
        batch->length +=
            frame_write_header((uint8_t *)parts[i].iov_base - FRAME_HEADER, FRAME_DATA, stream, part) + part;
        left -= part;
    }
    return n;
}

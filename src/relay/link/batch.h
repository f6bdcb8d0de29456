/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * batch: frames that leave in one write, composed in memory of the thread.
 *
 * Runs on: the thread that owns it; one batch is composed and sent before the next begins. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_LINK_BATCH_H
#define MUNNEL_RELAY_LINK_BATCH_H

#include "proto/frame.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * A read is as large as four packets that the kernel handles whole (65,463 bytes on an IPv6 loopback, hardly less with
 * segmentation offload), less what frames and TLS records put round it: so that neither the ciphertext nor the plain
 * bytes leave a tail, which would be a packet of its own.
 */
enum {
    BATCH_PACKETS = 4,
    BATCH_PACKET = 65463,
    BATCH_RECORD_COST = 22, /* of TLS 1.3: header, type, tag */
    BATCH_FRAMES = 16,      /* DATA frames that one read of a socket can fill */
    BATCH_READ = BATCH_PACKETS * BATCH_PACKET - BATCH_FRAMES * (FRAME_HEADER + BATCH_RECORD_COST),
    BATCH_SIZE = (BATCH_FRAMES + 1) * (FRAME_HEADER + FRAME_DATA_MAX) + 8 * 1024 /* with the frames round it */
};

struct batch {
    size_t length;
    uint8_t bytes[BATCH_SIZE];
};

void batch_begin(struct batch *batch);

/* Returns false, and adds nothing, when it does not fit. `payload` may be NULL when `length` is 0. */
bool batch_add(struct batch *batch, enum frame_type type, uint32_t stream, const void *payload, size_t length);
/* Copies what is in `from`, without taking it out, as DATA frames; returns the bytes so added. */
size_t batch_add_copy(struct batch *batch, uint32_t stream, struct evbuffer *from);

/*
 * Reads from a socket straight into DATA frames: the headers' places are gaps between the parts of the read. At most
 * `limit` bytes and BATCH_READ. Returns the bytes of payload, 0 at the end of the stream, -1 with errno: ENOBUFS if
 * there is no room for a byte, or `limit` is 0.
 */
ssize_t batch_read(struct batch *batch, uint32_t stream, int fd, size_t limit);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * batch: frames that leave in one write, composed in memory of the thread.
 *
 * Runs on: the thread that owns it; one batch is composed and sent before the next begins. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_BATCH_H
#define MUNNEL_RELAY_BATCH_H

#include "proto/frame.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
    BATCH_FRAMES = 4,                                           /* DATA frames that one read of a socket can fill */
    BATCH_READ = BATCH_FRAMES * FRAME_DATA_MAX,                 /* the most that one read takes */
    BATCH_SIZE = 5 * (FRAME_HEADER + FRAME_DATA_MAX) + 8 * 1024 /* with early data and the frames round it */
};

struct batch {
    size_t length;
    uint8_t bytes[BATCH_SIZE];
};

void batch_begin(struct batch *batch);

/* All return false, and add nothing, when it does not fit. `payload` may be NULL when `length` is 0. */
bool batch_add(struct batch *batch, enum frame_type type, const void *payload, size_t length);
bool batch_add_numbered(struct batch *batch, enum frame_type type, uint32_t number, const char *json, size_t length);
/* Copies what is in `from`, without taking it out, as DATA frames; returns the bytes so added. */
size_t batch_add_copy(struct batch *batch, struct evbuffer *from);

/*
 * Reads from a socket straight into DATA frames: the headers' places are gaps between the parts of the read. At most
 * `limit` bytes and BATCH_READ. Returns the bytes of payload, 0 at the end of the stream, -1 with errno.
 */
ssize_t batch_read(struct batch *batch, int fd, size_t limit);

#endif

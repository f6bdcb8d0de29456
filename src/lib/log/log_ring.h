/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_ring: records on their way from the threads that log to the one that writes.
 * Runs on: any thread, under the log's lock. The writer reads the front without it, since what is there stays until
 * log_ring_take(). Owns: its memory.
 */
#ifndef MUNNEL_LIB_LOG_LOG_RING_H
#define MUNNEL_LIB_LOG_LOG_RING_H

#include "lib/base/posix_types.h"
#include "lib/log/log_line.h"

#include <time.h>

enum { LOG_RING_SIZE = 1 << 20 };

struct log_ring {
    char *bytes;
    size_t start, used;
    char time[LOG_TIME_LENGTH + 1], stamp[LOG_STAMP_LENGTH + 1];
    time_t second; /* of both */
};

int log_ring_init(struct log_ring *ring); /* 0, or -1 without memory */
void log_ring_done(struct log_ring *ring);
/* Fills in the record's time. The caller has seen that there is room: `used` and its length are LOG_RING_SIZE at most.
 */
void log_ring_put(struct log_ring *ring, struct log_record *record);
/* What to write next, `most` bytes of it at most. Returns how many parts these are: one, which may be empty, or two. */
int log_ring_front(const struct log_ring *ring, size_t most, struct iovec parts[2]);
void log_ring_take(struct log_ring *ring, size_t length);
/* How many records end in `length` bytes from `skip` on. */
size_t log_ring_count(const struct log_ring *ring, size_t skip, size_t length, enum log_envelope envelope);

#endif

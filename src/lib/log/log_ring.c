/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* log_ring: see log_ring.h. */
#include "config.h"

#include "lib/log/log_ring.h"

#include <stdlib.h>
#include <string.h>

enum { WRITE_AT_ONCE = 64 << 10, DAY_AT = 4 };

int log_ring_init(struct log_ring *ring) {
    *ring = (struct log_ring){.bytes = malloc(LOG_RING_SIZE)};
    return ring->bytes ? 0 : -1;
}

void log_ring_done(struct log_ring *ring) {
    free(ring->bytes);
}

/* Brings the times up to date; the date is worked out once a second only. */
static void read_time(struct log_ring *ring) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != ring->second || !ring->time[0]) {
        struct tm parts, local;
        if (!gmtime_r(&now.tv_sec, &parts) || !localtime_r(&now.tv_sec, &local) ||
            !strftime(ring->time, sizeof ring->time, "%Y-%m-%dT%H:%M:%S.000Z", &parts) ||
            !strftime(ring->stamp, sizeof ring->stamp, "%b %d %H:%M:%S", &local)) {
            memcpy(ring->time, "0000-00-00T00:00:00.000Z", sizeof ring->time);
            memcpy(ring->stamp, "Jan  1 00:00:00", sizeof ring->stamp);
        }
        if (ring->stamp[DAY_AT] == '0') /* syslog's day has a blank there; %e is not on Windows */
            ring->stamp[DAY_AT] = ' ';
        ring->second = now.tv_sec;
    }
    long ms = now.tv_nsec / 1000000;
    ring->time[20] = (char)('0' + ms / 100);
    ring->time[21] = (char)('0' + ms / 10 % 10);
    ring->time[22] = (char)('0' + ms % 10);
}

void log_ring_put(struct log_ring *ring, struct log_record *record) {
    if (record->has_time || record->has_stamp)
        read_time(ring);
    if (record->has_time)
        memcpy(record->text + record->time_at, ring->time, LOG_TIME_LENGTH);
    if (record->has_stamp)
        memcpy(record->text + record->stamp_at, ring->stamp, LOG_STAMP_LENGTH);
    size_t end = (ring->start + ring->used) % LOG_RING_SIZE;
    size_t before_wrap = LOG_RING_SIZE - end < record->length ? LOG_RING_SIZE - end : record->length;
    memcpy(ring->bytes + end, record->text, before_wrap);
    memcpy(ring->bytes, record->text + before_wrap, record->length - before_wrap);
    ring->used += record->length;
}

int log_ring_front(const struct log_ring *ring, size_t most, struct iovec parts[2]) {
    size_t length = ring->used < most ? ring->used : most;
    length = length < WRITE_AT_ONCE ? length : WRITE_AT_ONCE;
    size_t before_wrap = LOG_RING_SIZE - ring->start < length ? LOG_RING_SIZE - ring->start : length;
    parts[0] = (struct iovec){ring->bytes + ring->start, before_wrap};
    parts[1] = (struct iovec){ring->bytes, length - before_wrap};
    return length > before_wrap ? 2 : 1;
}

void log_ring_take(struct log_ring *ring, size_t length) {
    ring->start = (ring->start + length) % LOG_RING_SIZE;
    ring->used -= length;
}

size_t log_ring_count(const struct log_ring *ring, size_t skip, size_t length, enum log_envelope envelope) {
    const char end = log_envelope_is_datagram(envelope) ? '\0' : '\n';
    size_t count = 0;
    for (size_t i = skip; i < skip + length; i++)
        count += ring->bytes[(ring->start + i) % LOG_RING_SIZE] == end;
    return count;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * send_buffer: what one direction of a stream has sent, or is to send, and the peer has not acknowledged.
 *
 * A relay outlives its link (docs/protocol.md, "Sending and taking" and "Resumption"): the sender keeps each byte until
 * its position is acknowledged, and sends again from a position that the peer names.
 *
 * Bytes lie in blocks of memory of the thread. A socket is read straight into them, and the link encrypts them where
 * they lie: in front of a block's payload is room for the frame's header, and a full block is one TLS record. Small
 * reads are moved into small blocks, since a block of 16 KiB for each short request would be most of what a relay
 * costs. A direction that keeps nothing owns nothing but this struct.
 *
 * Positions count bytes from 0. FIN, which takes a position behind the last byte, is the caller's affair.
 * Runs on: the thread of the send_memory. Owns: its blocks. No descriptor, no event.
 */
#ifndef MUNNEL_RELAY_MUX_SEND_BUFFER_H
#define MUNNEL_RELAY_MUX_SEND_BUFFER_H

#include "lib/base/posix_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Four of the largest blocks fill a packet that the kernel handles whole (65,463 bytes on an IPv6 loopback, hardly less
 * with segmentation offload), with frames (8 bytes) and TLS records (22: header, type, tag) round them. So a burst
 * leaves no tail, encrypted or not, which would be a packet of its own, and is whole records for the peer's read.
 * A read of bulk fills two packets, which are still in the cache when they are encrypted.
 */
enum {
    SEND_BUFFER_HEADER = 8,                                         /* room for a frame's: type, length, stream */
    SEND_BUFFER_RUN_MOST = 16335,                                   /* payload of the largest block */
    SEND_BUFFER_READ = 8,                                           /* blocks that one read of bulk fills */
    SEND_BUFFER_BURST = 2 * SEND_BUFFER_READ * SEND_BUFFER_RUN_MOST /* bytes of bulk that leave in one call */
};

enum send_block_class { SEND_BLOCK_SMALL, SEND_BLOCK_MEDIUM, SEND_BLOCK_LARGE, SEND_BLOCK_CLASSES };

/*
 * What a stream may keep shrinks as memory fills: its whole window up to half of the limit, then evenly less, and
 * SEND_MEMORY_FLOOR from five eighths on. Bytes kept at the floor cost at most 9.1 KiB of blocks (a small one and two
 * medium ones, of which the first is nearly acknowledged), so 10,000 peers that acknowledge nothing more fit into the
 * last three eighths of SEND_MEMORY_LIMIT. More of them go beyond the limit, by that much each: the number of streams
 * is bounded elsewhere.
 */
enum {
    SEND_MEMORY_LIMIT = 256 * 1024 * 1024,
    SEND_MEMORY_FLOOR = 4096,
    SEND_MEMORY_SPARE = 128 /* free blocks that stay of each class: 2.6 MiB in all. More stay while they are used */
};

struct send_memory {    /* one per thread */
    size_t used, limit; /* bytes; `used` by blocks of streams, not by spare ones */
    struct send_spare {
        size_t count, least;     /* there are; there were at least, since the last trim */
        struct send_block *last; /* a list: the one that was freed last is used first */
    } spare[SEND_BLOCK_CLASSES];
};

void send_memory_init(struct send_memory *memory, size_t limit);
/*
 * Frees half of what was spare all the time since the last trim, but for SEND_MEMORY_SPARE. Blocks of bulk come and go
 * by the hundred, and malloc would return them to the system and have them cleared anew.
 */
void send_memory_trim(struct send_memory *memory);
void send_memory_clear(struct send_memory *memory); /* frees the spare blocks; no stream has any left */

struct send_buffer { /* embedded in a stream; read begin, sent and end, write none of them */
    uint64_t begin;  /* first position that is not acknowledged */
    uint64_t sent;   /* highest position up to which something was sent: none beyond it can be acknowledged */
    uint64_t end;    /* position of the byte that comes next */
    struct send_memory *memory;
    struct send_block *first, *last;
    struct send_block *cursor; /* of the last peek; NULL: none */
};

void send_buffer_init(struct send_buffer *buffer, struct send_memory *memory);
void send_buffer_clear(struct send_buffer *buffer); /* drops what is kept; as after init */

static inline size_t send_buffer_kept(const struct send_buffer *buffer) {
    return (size_t)(buffer->end - buffer->begin);
}

/* How many bytes the stream may take now, so that it keeps no more than `window`, or its share when memory is short. */
size_t send_buffer_room(const struct send_buffer *buffer, size_t window);

/* Adds a copy. false: out of memory, and nothing was added. */
bool send_buffer_append(struct send_buffer *buffer, const void *bytes, size_t length);

/*
 * Fills at most `most` parts for a readv of at most `limit` bytes, and returns how many: 0 if `limit` is 0 or memory is
 * out, fewer than asked for when it runs out. The parts are the free rest of the last block and spare blocks, so they
 * are valid until the next call for any buffer of this memory. If that is send_buffer_commit, the first `length` bytes
 * of the parts become the stream's; without it (the read failed) there is nothing to undo.
 */
int send_buffer_reserve(struct send_buffer *buffer, size_t limit, struct iovec *parts, int most);
void send_buffer_commit(struct send_buffer *buffer, size_t length);

/*
 * The kept bytes from `position` to the end of their block; `length` is 0 where nothing is kept, and at most
 * SEND_BUFFER_RUN_MOST. In front of `bytes` are always SEND_BUFFER_HEADER bytes of the same block. With header room the
 * frame's header may be written there. Without it they are bytes that are kept: the frame is copied, or they are saved
 * and written back when the frame is encrypted.
 */
struct send_run {
    uint8_t *bytes;
    size_t length;
    bool has_header_room;
};
/* Goes on from the last peek. Only a position before that, after a resumption, is searched for from the first block on:
 * a window of 4 MiB has about 260, which is some tens of microseconds once for each link that was lost. */
struct send_run send_buffer_peek(struct send_buffer *buffer, uint64_t position);

/* All before `position` was sent at least once; a lower one than before, after a resumption, changes nothing. */
void send_buffer_mark_sent(struct send_buffer *buffer, uint64_t position);

/*
 * The peer has taken all before `position`; blocks that lie before it are freed. false, and nothing is changed: it is
 * beyond what was sent, or before `begin`. RESUME with such a position, and ACK beyond what was sent, close the link;
 * ACK before `begin` was overtaken by a later one on another carrier, and is ignored.
 */
bool send_buffer_ack(struct send_buffer *buffer, uint64_t position);

#endif

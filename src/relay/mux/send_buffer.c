/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * send_buffer: see send_buffer.h.
 *
 * A block is as large as what goes into it, or as what is kept already, whichever is more. So blocks grow with the
 * backlog, all but a few of a long one are large, and a stream whose backlog is acknowledged begins small again. A
 * block is full before the next begins.
 */
#include "config.h"

#include "relay/mux/send_buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct send_block {
    struct send_block *next;
    uint64_t position; /* of the first byte of payload */
    uint32_t length;   /* of payload */
    enum send_block_class size_class;
    uint8_t header[SEND_BUFFER_HEADER];
    uint8_t payload[];
};

enum {
    BLOCK_OVERHEAD = sizeof(struct send_block),
    SMALL_SIZE = 1024, /* glibc's malloc has a cache for each thread, of up to 1032 bytes */
};

static const size_t payload_sizes[SEND_BLOCK_CLASSES] = {
    [SEND_BLOCK_SMALL] = SMALL_SIZE - BLOCK_OVERHEAD,
    [SEND_BLOCK_MEDIUM] = SEND_MEMORY_FLOOR,
    [SEND_BLOCK_LARGE] = SEND_BUFFER_RUN_MOST,
};

_Static_assert(offsetof(struct send_block, payload) == sizeof(struct send_block), "no padding behind the header");
_Static_assert(sizeof(struct send_buffer) <= 64, "thousands of idle relays have two each");

/* ---- the memory of a thread ---- */

void send_memory_init(struct send_memory *memory, size_t limit) {
    *memory = (struct send_memory){.limit = limit};
}

static void push_spare(struct send_spare *spare, struct send_block *block) {
    block->next = spare->last;
    spare->last = block;
    spare->count++;
}

static struct send_block *pop_spare(struct send_spare *spare) {
    struct send_block *block = spare->last;
    spare->last = block->next;
    spare->count--;
    if (spare->least > spare->count)
        spare->least = spare->count;
    return block;
}

static void free_spare(struct send_spare *spare, size_t count) {
    while (count-- > 0)
        free(pop_spare(spare));
}

void send_memory_clear(struct send_memory *memory) {
    assert(memory->used == 0);
    for (int i = 0; i < SEND_BLOCK_CLASSES; i++)
        free_spare(&memory->spare[i], memory->spare[i].count);
}

void send_memory_trim(struct send_memory *memory) {
    for (int i = 0; i < SEND_BLOCK_CLASSES; i++) {
        struct send_spare *spare = &memory->spare[i];
        size_t unused = spare->least / 2,
               beyond = spare->count > SEND_MEMORY_SPARE ? spare->count - SEND_MEMORY_SPARE : 0;
        free_spare(spare, unused < beyond ? unused : beyond);
        spare->least = spare->count;
    }
}

static size_t block_size(enum send_block_class size_class) {
    return BLOCK_OVERHEAD + payload_sizes[size_class];
}

static enum send_block_class class_for(size_t length, size_t kept) {
    size_t wanted = length > kept ? length : kept;
    if (wanted <= payload_sizes[SEND_BLOCK_SMALL])
        return SEND_BLOCK_SMALL;
    return wanted <= payload_sizes[SEND_BLOCK_MEDIUM] ? SEND_BLOCK_MEDIUM : SEND_BLOCK_LARGE;
}

static size_t blocks_for(enum send_block_class size_class, size_t length) {
    return length / payload_sizes[size_class] + (length % payload_sizes[size_class] > 0);
}

/* Sees to it that `count` blocks are spare, as far as there is memory; returns how many of them there are. */
static size_t provide_spare(struct send_memory *memory, enum send_block_class size_class, size_t count) {
    struct send_spare *spare = &memory->spare[size_class];
    while (spare->count < count) {
        struct send_block *block = malloc(block_size(size_class));
        if (!block)
            return spare->count;
        block->size_class = size_class;
        push_spare(spare, block);
    }
    return count;
}

static struct send_block *take_spare(struct send_memory *memory, enum send_block_class size_class) {
    memory->used += block_size(size_class);
    return pop_spare(&memory->spare[size_class]);
}

static void give_back(struct send_memory *memory, struct send_block *block) {
    memory->used -= block_size(block->size_class);
    push_spare(&memory->spare[block->size_class], block);
}

/* ---- the blocks of a stream ---- */

void send_buffer_init(struct send_buffer *buffer, struct send_memory *memory) {
    *buffer = (struct send_buffer){.memory = memory};
}

static void drop_first(struct send_buffer *buffer) {
    struct send_block *block = buffer->first;
    buffer->first = block->next;
    if (buffer->last == block)
        buffer->last = NULL;
    if (buffer->cursor == block)
        buffer->cursor = NULL;
    give_back(buffer->memory, block);
}

void send_buffer_clear(struct send_buffer *buffer) {
    while (buffer->first)
        drop_first(buffer);
    send_buffer_init(buffer, buffer->memory);
}

size_t send_buffer_room(const struct send_buffer *buffer, size_t window) {
    size_t used = buffer->memory->used, half = buffer->memory->limit / 2, shrinking = buffer->memory->limit / 8;
    size_t share = window;
    if (window > SEND_MEMORY_FLOOR && used > half) {
        size_t left = used - half < shrinking ? shrinking - (used - half) : 0;
        share = SEND_MEMORY_FLOOR;
        if (left > 0)
            share += (size_t)((uint64_t)(window - SEND_MEMORY_FLOOR) * left / shrinking);
    }
    return share > send_buffer_kept(buffer) ? share - send_buffer_kept(buffer) : 0;
}

static size_t rest_of_last(const struct send_buffer *buffer) {
    return buffer->last ? payload_sizes[buffer->last->size_class] - buffer->last->length : 0;
}

/* Makes the bytes behind the last block's payload part of it. */
static void extend_last(struct send_buffer *buffer, size_t length) {
    buffer->last->length += (uint32_t)length;
    buffer->end += length;
}

/* `bytes` NULL: they are in the spare block already. */
static void add_block(struct send_buffer *buffer, enum send_block_class size_class, const void *bytes, size_t length) {
    struct send_block *block = take_spare(buffer->memory, size_class);
    block->next = NULL;
    block->position = buffer->end;
    block->length = 0;
    if (bytes)
        memcpy(block->payload, bytes, length);
    if (buffer->last)
        buffer->last->next = block;
    else
        buffer->first = block;
    buffer->last = block;
    extend_last(buffer, length);
}

bool send_buffer_append(struct send_buffer *buffer, const void *bytes, size_t length) {
    const uint8_t *from = bytes;
    size_t rest = rest_of_last(buffer), part = rest < length ? rest : length;
    enum send_block_class size_class = class_for(length - part, send_buffer_kept(buffer) + part);
    size_t blocks = blocks_for(size_class, length - part);
    if (provide_spare(buffer->memory, size_class, blocks) < blocks)
        return false;
    if (part > 0) {
        memcpy(buffer->last->payload + buffer->last->length, from, part);
        extend_last(buffer, part);
    }
    for (size_t done = part; done < length; done += part) {
        part = length - done < payload_sizes[size_class] ? length - done : payload_sizes[size_class];
        add_block(buffer, size_class, from + done, part);
    }
    return true;
}

/* ---- reading a socket ---- */

int send_buffer_reserve(struct send_buffer *buffer, size_t limit, struct iovec *parts, int most) {
    int count = 0;
    size_t rest = rest_of_last(buffer), part = rest < limit ? rest : limit;
    if (part > 0 && most > 0) {
        parts[count++] = (struct iovec){buffer->last->payload + buffer->last->length, part};
        limit -= part;
    }
    size_t blocks = blocks_for(SEND_BLOCK_LARGE, limit);
    if (blocks > (size_t)(most - count))
        blocks = (size_t)(most - count);
    blocks = provide_spare(buffer->memory, SEND_BLOCK_LARGE, blocks);
    struct send_block *block = buffer->memory->spare[SEND_BLOCK_LARGE].last;
    for (; blocks > 0; blocks--, block = block->next) {
        part = limit < SEND_BUFFER_RUN_MOST ? limit : SEND_BUFFER_RUN_MOST;
        parts[count++] = (struct iovec){block->payload, part};
        limit -= part;
    }
    return count;
}

/* A short read is copied into a smaller block, and the large one is the next that is read into, still in the cache. */
static void commit_to_block(struct send_buffer *buffer, size_t length) {
    enum send_block_class size_class = class_for(length, send_buffer_kept(buffer));
    if (size_class != SEND_BLOCK_LARGE && provide_spare(buffer->memory, size_class, 1) == 1)
        add_block(buffer, size_class, buffer->memory->spare[SEND_BLOCK_LARGE].last->payload, length);
    else
        add_block(buffer, SEND_BLOCK_LARGE, NULL, length);
}

void send_buffer_commit(struct send_buffer *buffer, size_t length) {
    size_t rest = rest_of_last(buffer), part = rest < length ? rest : length;
    if (part > 0)
        extend_last(buffer, part);
    for (size_t left = length - part; left > 0; left -= part) {
        assert(buffer->memory->spare[SEND_BLOCK_LARGE].count > 0); /* else more than was reserved */
        part = left < SEND_BUFFER_RUN_MOST ? left : SEND_BUFFER_RUN_MOST;
        commit_to_block(buffer, part);
    }
}

/* ---- sending and acknowledgement ---- */

static uint64_t block_end(const struct send_block *block) {
    return block->position + block->length;
}

struct send_run send_buffer_peek(struct send_buffer *buffer, uint64_t position) {
    if (position < buffer->begin || position >= buffer->end)
        return (struct send_run){0};
    struct send_block *block = buffer->cursor;
    if (!block || position < block->position)
        block = buffer->first;
    while (block_end(block) <= position)
        block = block->next;
    buffer->cursor = block;
    size_t offset = (size_t)(position - block->position);
    return (struct send_run){
        .bytes = block->payload + offset,
        .length = block->length - offset,
        .has_header_room = offset == 0 || position == buffer->begin, /* all in front of it is acknowledged */
    };
}

void send_buffer_mark_sent(struct send_buffer *buffer, uint64_t position) {
    assert(position <= buffer->end);
    if (position > buffer->sent)
        buffer->sent = position;
}

bool send_buffer_ack(struct send_buffer *buffer, uint64_t position) {
    if (position < buffer->begin || position > buffer->sent)
        return false;
    buffer->begin = position;
    while (buffer->first && block_end(buffer->first) <= position)
        drop_first(buffer);
    return true;
}

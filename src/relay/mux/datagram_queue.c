/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagram_queue: see datagram_queue.h.
 */
#include "config.h"

#include "relay/mux/datagram_queue.h"

#include <stdlib.h>
#include <string.h>

const struct datagram_limits datagram_limits_of_link = {.bytes = 1024 * 1024, .count = 1024, .age_us = 500000};

static size_t size_of(size_t length) {
    return sizeof(struct datagram) + length;
}

void datagram_queue_init(struct datagram_queue *queue, struct datagram_memory *memory,
                         const struct datagram_limits *limits, struct datagram_counts *counts, enum datagram_way way) {
    *queue = (struct datagram_queue){.way = way, .limits = limits, .memory = memory, .counts = counts};
    TAILQ_INIT(&queue->waiting);
}

static void use(struct datagram_queue *queue, size_t size) {
    queue->bytes += size;
    queue->count++;
    for (struct datagram_memory *memory = queue->memory; memory; memory = memory->whole)
        memory->used += size;
}

static void give_back(struct datagram_queue *queue, size_t size) {
    queue->bytes -= size;
    queue->count--;
    for (struct datagram_memory *memory = queue->memory; memory; memory = memory->whole)
        memory->used -= size;
}

static void count_drop(const struct datagram_queue *queue, enum datagram_drop drop) {
    counter_add(&queue->counts->dropped[queue->way][drop], 1);
    if (queue->tally)
        queue->tally->dropped[queue->way]++;
}

void datagram_queue_take(struct datagram_queue *queue) {
    struct datagram *first = TAILQ_FIRST(&queue->waiting);
    TAILQ_REMOVE(&queue->waiting, first, next);
    give_back(queue, size_of(first->length));
    free(first);
}

static void drop_first(struct datagram_queue *queue, enum datagram_drop drop) {
    count_drop(queue, drop);
    datagram_queue_take(queue);
}

static bool shares_have_room(const struct datagram_queue *queue, size_t size) {
    for (const struct datagram_memory *memory = queue->memory; memory; memory = memory->whole) {
        size_t reserve = queue->count == 0 ? memory->limit / DATAGRAM_RESERVE_PART : 0;
        if (memory->used + size > memory->limit + reserve)
            return false;
    }
    return true;
}

bool datagram_queue_has_room(const struct datagram_queue *queue, size_t length) {
    size_t size = size_of(length);
    return queue->count < queue->limits->count && queue->bytes + size <= queue->limits->bytes &&
           shares_have_room(queue, size);
}

void datagram_queue_add(struct datagram_queue *queue, const uint8_t *bytes, size_t length, uint64_t now_us) {
    size_t size = size_of(length);
    while (queue->count > 0 && !datagram_queue_has_room(queue, length))
        drop_first(queue, DATAGRAM_DROP_QUEUE);
    if (!datagram_queue_has_room(queue, length)) {
        count_drop(queue, DATAGRAM_DROP_QUEUE);
        return;
    }
    struct datagram *datagram = malloc(size);
    if (!datagram) {
        count_drop(queue, DATAGRAM_DROP_MEMORY);
        return;
    }
    datagram->since_us = now_us;
    datagram->length = length;
    if (length > 0)
        memcpy(datagram->bytes, bytes, length);
    TAILQ_INSERT_TAIL(&queue->waiting, datagram, next);
    use(queue, size);
}

const struct datagram *datagram_queue_first(struct datagram_queue *queue, uint64_t now_us) {
    struct datagram *first;
    while ((first = TAILQ_FIRST(&queue->waiting)) && now_us > first->since_us + queue->limits->age_us)
        drop_first(queue, DATAGRAM_DROP_STALE);
    return first;
}

void datagram_queue_forget(struct datagram_queue *queue) {
    while (queue->count > 0)
        datagram_queue_take(queue);
}

void datagram_queue_end(struct datagram_queue *queue) {
    while (queue->count > 0)
        drop_first(queue, DATAGRAM_DROP_ENDED);
}

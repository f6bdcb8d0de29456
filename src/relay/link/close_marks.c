/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * close_marks: see close_marks.h.
 */
#include "config.h"

#include "relay/link/close_marks.h"

#include <stdlib.h>

bool close_marks_reserve(struct close_marks *marks, uint32_t slots) {
    uint32_t chunks = (slots + CLOSE_MARKS_CHUNK - 1) / CLOSE_MARKS_CHUNK;
    if (chunks > CLOSE_MARKS_CHUNKS)
        return false;
    for (uint32_t i = 0; i < chunks; i++) {
        if (atomic_load(&marks->chunks[i]))
            continue;
        atomic_uint_fast64_t *chunk = calloc(CLOSE_MARKS_CHUNK, sizeof *chunk);
        if (!chunk)
            return false;
        atomic_store(&marks->chunks[i], chunk);
    }
    return true;
}

void close_marks_free(struct close_marks *marks) {
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNKS; i++)
        free(atomic_load(&marks->chunks[i]));
}

static void close_marked(const struct close_marks *marks, atomic_uint_fast64_t *chunk, uint32_t first_slot) {
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNK; i++) {
        uint64_t mark = atomic_load_explicit(&chunk[i], memory_order_relaxed) ? atomic_exchange(&chunk[i], 0) : 0;
        if (mark)
            marks->close(marks->thread, (struct link_ref){first_slot + i, (uint32_t)mark, marks->index});
    }
}

static void on_message(struct message *message) {
    struct close_marks *marks = (struct close_marks *)(void *)message;
    atomic_store(&marks->is_posted, false); /* before the scan: a mark set behind it posts the message again */
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNKS; i++) {
        atomic_uint_fast64_t *chunk = atomic_load(&marks->chunks[i]);
        if (chunk)
            close_marked(marks, chunk, i * CLOSE_MARKS_CHUNK);
    }
}

void close_marks_set(struct close_marks *marks, struct link_ref link) {
    uint32_t index = link.slot / CLOSE_MARKS_CHUNK;
    atomic_uint_fast64_t *chunk = index < CLOSE_MARKS_CHUNKS ? atomic_load(&marks->chunks[index]) : NULL;
    if (!chunk)
        return; /* there has never been a link in this slot */
    atomic_uint_fast64_t *place = &chunk[link.slot % CLOSE_MARKS_CHUNK];
    uint64_t there = atomic_load(place); /* only the control thread puts one in */
    if (!there || (int32_t)(link.generation - (uint32_t)there) > 0)
        atomic_store(place, link.generation);
    if (!atomic_exchange(&marks->is_posted, true)) {
        marks->message.deliver = on_message;
        loop_post(marks->loop, &marks->message);
    }
}

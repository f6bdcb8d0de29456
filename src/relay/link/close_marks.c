/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * close_marks: see close_marks.h.
 */
#include "config.h"

#include "relay/link/close_marks.h"

#include "relay/link/link_priv.h"

#include <stdlib.h>

static const uint64_t when_idle_flag = (uint64_t)1 << 32;

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

void close_marks_close_link(struct link *link, bool when_idle, const char *detail) {
    if (when_idle && (link->state == LINK_BUSY || link->state == LINK_WAITING))
        link->close_when_idle = true;
    else
        link_close(link, LINK_CLOSE_POLITELY, REASON_STOPPED, detail);
}

static void close_marked(struct relay_thread *thread, atomic_uint_fast64_t *chunk, uint32_t first_slot) {
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNK; i++) {
        uint64_t mark = atomic_load_explicit(&chunk[i], memory_order_relaxed) ? atomic_exchange(&chunk[i], 0) : 0;
        struct link_ref ref = {first_slot + i, (uint32_t)mark, thread->index};
        struct link *link = mark ? relay_thread_find(thread, ref) : NULL;
        if (link)
            close_marks_close_link(link, (mark & when_idle_flag) != 0, "closed (out of memory for the detail)");
    }
}

static void on_message(struct message *message) {
    struct close_marks *marks = (struct close_marks *)(void *)message;
    atomic_store(&marks->is_posted, false); /* before the scan: a mark set behind it posts the message again */
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNKS; i++) {
        atomic_uint_fast64_t *chunk = atomic_load(&marks->chunks[i]);
        if (chunk)
            close_marked(marks->thread, chunk, i * CLOSE_MARKS_CHUNK);
    }
}

/* At once before when idle; a newer generation before an older one. */
static bool takes_precedence(uint64_t mark, uint64_t other) {
    int32_t newer = (int32_t)((uint32_t)mark - (uint32_t)other);
    return newer > 0 || (newer == 0 && !(mark & when_idle_flag));
}

static void set_mark(atomic_uint_fast64_t *place, uint64_t mark) {
    uint64_t there = atomic_load(place); /* only the control thread puts one in */
    if (!there || !takes_precedence(there, mark))
        atomic_store(place, mark);
}

void close_marks_set(struct close_marks *marks, struct link_ref link, bool when_idle) {
    uint32_t index = link.slot / CLOSE_MARKS_CHUNK;
    atomic_uint_fast64_t *chunk = index < CLOSE_MARKS_CHUNKS ? atomic_load(&marks->chunks[index]) : NULL;
    if (!chunk)
        return; /* there has never been a link in this slot */
    set_mark(&chunk[link.slot % CLOSE_MARKS_CHUNK], link.generation | (when_idle ? when_idle_flag : 0));
    if (!atomic_exchange(&marks->is_posted, true)) {
        marks->message.deliver = on_message;
        loop_post(marks->thread->loop, &marks->message);
    }
}

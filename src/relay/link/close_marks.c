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

bool close_marks_reserve(struct close_marks *endings, uint32_t slots) {
    uint32_t chunks = (slots + CLOSE_MARKS_CHUNK - 1) / CLOSE_MARKS_CHUNK;
    if (chunks > CLOSE_MARKS_CHUNKS)
        return false;
    for (uint32_t i = 0; i < chunks; i++) {
        if (atomic_load(&endings->chunks[i]))
            continue;
        atomic_uint_fast64_t *chunk = calloc(CLOSE_MARKS_CHUNK, sizeof *chunk);
        if (!chunk)
            return false;
        atomic_store(&endings->chunks[i], chunk);
    }
    return true;
}

void close_marks_free(struct close_marks *endings) {
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNKS; i++)
        free(atomic_load(&endings->chunks[i]));
}

void close_marks_close_link(struct link *link, bool when_idle, const char *why) {
    if (when_idle && (link->state == LINK_BUSY || link->state == LINK_WAITING))
        link->close_when_idle = true;
    else
        link_close(link, LINK_CLOSE_POLITELY, REASON_STOPPED, why);
}

static void look_at(struct relay_thread *thread, atomic_uint_fast64_t *chunk, uint32_t first_slot) {
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNK; i++) {
        uint64_t mark = atomic_load_explicit(&chunk[i], memory_order_relaxed) ? atomic_exchange(&chunk[i], 0) : 0;
        struct link_ref ref = {first_slot + i, (uint32_t)mark, thread->index};
        struct link *link = mark ? relay_thread_find(thread, ref) : NULL;
        if (link)
            close_marks_close_link(link, (mark & when_idle_flag) != 0, "closed, and there was no memory to say why");
    }
}

static void on_message(struct message *message) {
    struct close_marks *endings = (struct close_marks *)(void *)message;
    atomic_store(&endings->is_on_its_way, false); /* before the look: a mark behind it sends the letter again */
    for (uint32_t i = 0; i < CLOSE_MARKS_CHUNKS; i++) {
        atomic_uint_fast64_t *chunk = atomic_load(&endings->chunks[i]);
        if (chunk)
            look_at(endings->thread, chunk, i * CLOSE_MARKS_CHUNK);
    }
}

/* At once goes before when idle, and a link before those that had its slot earlier. */
static bool goes_before(uint64_t mark, uint64_t other) {
    int32_t newer = (int32_t)((uint32_t)mark - (uint32_t)other);
    return newer > 0 || (newer == 0 && !(mark & when_idle_flag));
}

static void set_mark(atomic_uint_fast64_t *place, uint64_t mark) {
    uint64_t there = atomic_load(place); /* only the control thread puts one in */
    if (!there || !goes_before(there, mark))
        atomic_store(place, mark);
}

void close_marks_set(struct close_marks *endings, struct link_ref link, bool when_idle) {
    uint32_t index = link.slot / CLOSE_MARKS_CHUNK;
    atomic_uint_fast64_t *chunk = index < CLOSE_MARKS_CHUNKS ? atomic_load(&endings->chunks[index]) : NULL;
    if (!chunk)
        return; /* there has never been such a link */
    set_mark(&chunk[link.slot % CLOSE_MARKS_CHUNK], link.generation | (when_idle ? when_idle_flag : 0));
    if (!atomic_exchange(&endings->is_on_its_way, true)) {
        endings->message.deliver = on_message;
        loop_post(endings->thread->loop, &endings->message);
    }
}

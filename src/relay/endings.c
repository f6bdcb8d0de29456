/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * endings: see endings.h.
 */
#include "config.h"

#include "relay/endings.h"

#include "relay/link_priv.h"

#include <stdlib.h>

static const uint64_t when_idle_flag = (uint64_t)1 << 32;

bool endings_cover(struct endings *endings, uint32_t slots) {
    uint32_t chunks = (slots + ENDINGS_CHUNK - 1) / ENDINGS_CHUNK;
    if (chunks > ENDINGS_CHUNKS)
        return false;
    for (uint32_t i = 0; i < chunks; i++) {
        if (atomic_load(&endings->chunks[i]))
            continue;
        atomic_uint_fast64_t *chunk = calloc(ENDINGS_CHUNK, sizeof *chunk);
        if (!chunk)
            return false;
        atomic_store(&endings->chunks[i], chunk);
    }
    return true;
}

void endings_done(struct endings *endings) {
    for (uint32_t i = 0; i < ENDINGS_CHUNKS; i++)
        free(atomic_load(&endings->chunks[i]));
}

void endings_end(struct link *link, bool when_idle, const char *why) {
    if (when_idle && (link->state == LINK_BUSY || link->state == LINK_WAITING))
        link->close_when_idle = true;
    else
        link_close(link, LINK_CLOSE_POLITELY, REASON_STOPPED, why);
}

static void look_at(struct worker *worker, atomic_uint_fast64_t *chunk, uint32_t first_slot) {
    for (uint32_t i = 0; i < ENDINGS_CHUNK; i++) {
        uint64_t mark = atomic_load_explicit(&chunk[i], memory_order_relaxed) ? atomic_exchange(&chunk[i], 0) : 0;
        struct link_ref ref = {first_slot + i, (uint32_t)mark, worker->index};
        struct link *link = mark ? worker_find(worker, ref) : NULL;
        if (link)
            endings_end(link, (mark & when_idle_flag) != 0, "closed, and there was no memory to say why");
    }
}

static void on_letter(struct letter *letter) {
    struct endings *endings = (struct endings *)(void *)letter;
    atomic_store(&endings->is_on_its_way, false); /* before the look: a mark behind it sends the letter again */
    for (uint32_t i = 0; i < ENDINGS_CHUNKS; i++) {
        atomic_uint_fast64_t *chunk = atomic_load(&endings->chunks[i]);
        if (chunk)
            look_at(endings->worker, chunk, i * ENDINGS_CHUNK);
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

void endings_mark(struct endings *endings, struct link_ref link, bool when_idle) {
    uint32_t index = link.slot / ENDINGS_CHUNK;
    atomic_uint_fast64_t *chunk = index < ENDINGS_CHUNKS ? atomic_load(&endings->chunks[index]) : NULL;
    if (!chunk)
        return; /* there has never been such a link */
    set_mark(&chunk[link.slot % ENDINGS_CHUNK], link.generation | (when_idle ? when_idle_flag : 0));
    if (!atomic_exchange(&endings->is_on_its_way, true)) {
        endings->letter.open = on_letter;
        loop_post(endings->worker->loop, &endings->letter);
    }
}

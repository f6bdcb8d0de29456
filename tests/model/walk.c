/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * walk: see walk.h.
 */
#include "config.h"

#include "walk.h"

#include "lib/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1 << 14, STEPS_SHOWN = 200 };

static void *must(void *memory) {
    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

static const uint8_t *world_at(const struct walk *walk, size_t at) {
    return walk->worlds + at * walk->model->size;
}

const void *walk_here(const struct walk *walk) {
    return world_at(walk, walk->at);
}

/* Eight bytes at a time: it is most of what a step costs. */
static uint32_t hash_world(const uint8_t *world, size_t size) {
    uint64_t hash = HASH_START, word;
    for (; size >= sizeof word; size -= sizeof word, world += sizeof word) {
        memcpy(&word, world, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return (uint32_t)hash_mix(hash_bytes(hash, world, size));
}

/* Where `world` stands, or an empty place for it. */
static struct walk_place *find_place(const struct walk *walk, const void *world, uint32_t hash) {
    size_t size = walk->model->size, mask = 2 * walk->room - 1, at = hash & mask;
    for (; walk->table[at].number; at = (at + 1) & mask) {
        const struct walk_place *place = &walk->table[at];
        if (place->hash == hash && memcmp(world_at(walk, place->number - 1), world, size) == 0)
            break;
    }
    return &walk->table[at];
}

static void grow(struct walk *walk) {
    size_t old_places = 2 * walk->room, mask;
    struct walk_place *old = walk->table;
    walk->room = walk->room ? 2 * walk->room : FIRST_ROOM;
    walk->worlds = must(realloc(walk->worlds, walk->room * walk->model->size));
    walk->parents = must(realloc(walk->parents, walk->room * sizeof *walk->parents));
    walk->table = must(calloc(2 * walk->room, sizeof *walk->table));
    mask = 2 * walk->room - 1;
    for (size_t i = 0; i < old_places; i++) {
        size_t at = old[i].hash & mask;
        if (old[i].number == 0)
            continue;
        while (walk->table[at].number)
            at = (at + 1) & mask;
        walk->table[at] = old[i];
    }
    free(old);
}

static void visit(struct walk *walk, const void *world) {
    if (walk->count == walk->room)
        grow(walk);
    uint32_t hash = hash_world(world, walk->model->size);
    struct walk_place *place = find_place(walk, world, hash);
    if (place->number)
        return;
    memcpy(walk->worlds + walk->count * walk->model->size, world, walk->model->size);
    walk->parents[walk->count] = (uint32_t)walk->at;
    *place = (struct walk_place){hash, (uint32_t)++walk->count};
}

/* ---- steps ---- */

static void print_step(const struct walk_step *step) {
    printf("#   %s %s %s on %d", step->end == 0 ? "server" : "agent", step->what, step->frame ? step->frame : "",
           step->carrier);
    if (step->stream >= 0)
        printf(", stream %d", step->stream);
    printf(step->frame ? " (epoch %d, %d)\n" : "\n", step->epoch, step->value);
}

void walk_note(struct walk *walk, struct walk_step step) {
    if (!walk->wrong)
        walk->step = step;
}

void walk_reach(struct walk *walk, const void *world, const char *violation) {
    if (walk->sought) {
        if (memcmp(walk->sought, world, walk->model->size) == 0)
            print_step(&walk->step);
        return;
    }
    if (walk->wrong)
        return;
    walk->has_moved |= !walk->is_choice;
    walk->wrong = violation ? violation : walk->model->wrong_with(walk, world);
    if (!walk->wrong)
        visit(walk, world);
}

/* ---- the walk ---- */

static void print_way(struct walk *walk) {
    size_t way[STEPS_SHOWN];
    int length = 0;
    for (size_t at = walk->at; length < STEPS_SHOWN; at = walk->parents[at]) {
        way[length++] = at;
        if (at == 0)
            break;
    }
    for (int i = length - 1; i > 0; i--) {
        walk->sought = world_at(walk, way[i - 1]);
        walk->at = way[i];
        walk->model->try_all(walk);
    }
}

static void print_failure(struct walk *walk) {
    struct walk_step last = walk->step;
    printf("# %s:\n", walk->wrong);
    walk->wrong = NULL;
    print_way(walk);
    print_step(&last);
}

const char *walk_all(struct walk *walk, const void *first, size_t *count) {
    visit(walk, first);
    while (walk->at < walk->count && !walk->wrong) {
        walk->has_moved = false;
        walk->model->try_all(walk);
        if (!walk->wrong && !walk->has_moved) {
            walk->step = (struct walk_step){.what = "ends", .stream = -1};
            walk->wrong = walk->model->wrong_at_the_end(walk, walk_here(walk));
        }
        if (!walk->wrong)
            walk->at++;
    }
    *count = walk->count;
    const char *wrong = walk->wrong;
    if (wrong && !walk->is_quiet)
        print_failure(walk);
    free(walk->worlds);
    free(walk->parents);
    free(walk->table);
    return wrong;
}

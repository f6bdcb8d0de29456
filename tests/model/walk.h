/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * walk: visits every state that a model can reach, in the order of the number of steps to it, and prints the shortest
 * way to the first one that is wrong.
 *
 * A model's state, its world, is a struct whose equal values are equal in all bytes. For each world the model tries all
 * steps: it copies the world, changes the copy, and calls walk_reach. Each step must use something up, so that the walk
 * ends. Then a world from which no step leads that has to happen is an end, and if all ends are as they should be,
 * every way leads to such an end. Owns: all worlds that were reached.
 */
#ifndef MUNNEL_TESTS_MODEL_WALK_H
#define MUNNEL_TESTS_MODEL_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct walk;

struct walk_step {            /* what happened, for the way that is printed */
    const char *what, *frame; /* frame NULL: none, and no epoch and value */
    int end, stream, carrier; /* stream -1: the model has one */
    int epoch, value;
};

struct walk_model {
    size_t size; /* of a world */
    void (*try_all)(struct walk *walk);
    /* NULL: nothing. The second is asked at an end only. */
    const char *(*wrong_with)(const struct walk *walk, const void *world);
    const char *(*wrong_at_the_end)(const struct walk *walk, const void *world);
};

struct walk {
    const struct walk_model *model;
    const void *limits;    /* the model's: how large its worlds are */
    struct walk_step step; /* the one that is tried */
    bool is_choice;        /* it may never happen: an abort, a broken carrier, a move */
    bool is_quiet;         /* prints nothing */

    uint8_t *worlds;
    uint32_t *parents;
    struct walk_place {
        uint32_t hash, number; /* of a world, from 1; 0: empty */
    } * table;
    size_t count, room;
    size_t at;          /* the world whose steps are tried */
    bool has_moved;     /* a step leads from it that has to happen */
    const char *wrong;  /* with the last step, or NULL */
    const void *sought; /* while the way is printed: the step that leads to this world */
};

/* NULL, or what is wrong; *count has the worlds. Ends the process when memory is out. */
const char *walk_all(struct walk *walk, const void *first, size_t *count);

/* ---- for try_all ---- */

const void *walk_here(const struct walk *walk); /* until walk_reach */
void walk_note(struct walk *walk, struct walk_step step);
/* The step that was noted leads to `world`, a copy. violation: what an end judges the other's frame to be, or NULL. */
void walk_reach(struct walk *walk, const void *world, const char *violation);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * close_marks: how the control plane ends a link of a thread when there is no memory for a letter that says so, or for
 * another order that the link cannot do without.
 *
 * Each slot of the thread's table of links has a mark, made when the table grows, and the thread has one letter, a part
 * of itself. Whoever has no memory marks the link's slot with its generation and posts the letter, unless that is on
 * its way; the thread then looks through all marks. The usual way, plane_close's own letter, costs no such look.
 *
 * Runs on: close_marks_set on the control thread, the rest on the relay thread (close_marks_free once that has
 * stopped). Owns: the marks.
 */
#ifndef MUNNEL_RELAY_LINK_CLOSE_MARKS_H
#define MUNNEL_RELAY_LINK_CLOSE_MARKS_H

#include "lib/event/mailbox.h"
#include "relay/plane.h"

enum { CLOSE_MARKS_CHUNK = 256, CLOSE_MARKS_CHUNKS = 4096 };

struct link;
struct relay_thread;

struct close_marks { /* part of a worker; all zero at first */
    struct message message;
    struct relay_thread *thread;
    atomic_bool is_on_its_way;
    _Atomic(atomic_uint_fast64_t *)
        chunks[CLOSE_MARKS_CHUNKS]; /* by slot / CLOSE_MARKS_CHUNK: generation, flag; 0: no mark */
};

bool close_marks_reserve(struct close_marks *endings, uint32_t slots); /* room for so many; false: out of memory */
void close_marks_free(struct close_marks *endings);

/* Cannot fail. Where one is marked twice, the ending at once holds. */
void close_marks_set(struct close_marks *endings, struct link_ref link, bool when_idle);

void close_marks_close_link(struct link *link, bool when_idle, const char *why); /* what plane_close asks for */

#endif

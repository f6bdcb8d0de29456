/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * endings: how the control plane ends a link of a thread when there is no memory for a letter that says so, or for
 * another order that the link cannot do without.
 *
 * Each slot of the thread's table of links has a mark, made when the table grows, and the thread has one letter, a part
 * of itself. Whoever has no memory marks the link's slot with its generation and posts the letter, unless that is on
 * its way; the thread then looks through all marks. The usual way, plane_close's own letter, costs no such look.
 *
 * Runs on: endings_mark on the control thread, the rest on the relay thread (endings_done once that has stopped).
 * Owns: the marks.
 */
#ifndef MUNNEL_RELAY_ENDINGS_H
#define MUNNEL_RELAY_ENDINGS_H

#include "lib/mailbox.h"
#include "relay/relay_msg.h"

enum { ENDINGS_CHUNK = 256, ENDINGS_CHUNKS = 4096 };

struct link;
struct worker;

struct endings { /* part of a worker; all zero at first */
    struct letter letter;
    struct worker *worker;
    atomic_bool is_on_its_way;
    _Atomic(atomic_uint_fast64_t *) chunks[ENDINGS_CHUNKS]; /* by slot / ENDINGS_CHUNK: generation, flag; 0: no mark */
};

bool endings_cover(struct endings *endings, uint32_t slots); /* room for so many; false: out of memory */
void endings_done(struct endings *endings);

/* Cannot fail. Where one is marked twice, the ending at once holds. */
void endings_mark(struct endings *endings, struct link_ref link, bool when_idle);

void endings_end(struct link *link, bool when_idle, const char *why); /* what plane_close asks for */

#endif

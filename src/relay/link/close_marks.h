/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * close_marks: how the control plane ends a link of a thread when there is no memory for the order to close it, or for
 * another order that the link depends on.
 *
 * Each slot of the thread's table of links has a mark, made when the table grows, and the thread has one
 * preallocated message. On ENOMEM the control thread marks the link's slot with its generation and posts the message,
 * unless it is posted already; the thread then scans all marks. plane_close's usual message costs no scan.
 *
 * Runs on: close_marks_set on the control thread, the rest on the relay thread (close_marks_free once that has
 * stopped). Owns: the marks.
 */
#ifndef MUNNEL_RELAY_LINK_CLOSE_MARKS_H
#define MUNNEL_RELAY_LINK_CLOSE_MARKS_H

#include "lib/event/loop.h"
#include "lib/event/mailbox.h"
#include "relay/link_ref.h"

#include <stdatomic.h>

enum { CLOSE_MARKS_CHUNK = 256, CLOSE_MARKS_CHUNKS = 4096 };

struct relay_thread;

struct close_marks { /* part of a relay thread; all zero at first */
    struct message message;
    struct relay_thread *thread;
    struct loop *loop;
    uint16_t index;                                                   /* of the thread */
    void (*close)(struct relay_thread *thread, struct link_ref link); /* may be of a link that is gone */
    atomic_bool is_posted;
    _Atomic(atomic_uint_fast64_t *)
        chunks[CLOSE_MARKS_CHUNKS]; /* by slot / CLOSE_MARKS_CHUNK: generation; 0: no mark */
};

bool close_marks_reserve(struct close_marks *marks, uint32_t slots); /* room for so many; false: out of memory */
void close_marks_free(struct close_marks *marks);

void close_marks_set(struct close_marks *marks, struct link_ref link); /* cannot fail */

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * loop: one thread's event loop with its mailbox.
 *
 * Runs on: loop_post, loop_post_lazy on any thread; loop_new, loop_join, loop_free on the thread that owns the loop
 * object. Owns: the event_base (created without locks), the mailbox, and the thread if loop_start made one. States: new
 * -> running -> stopped.
 */
#ifndef MUNNEL_LIB_EVENT_LOOP_H
#define MUNNEL_LIB_EVENT_LOOP_H

#include "lib/base/error.h"
#include "lib/event/mailbox.h"

struct loop;

/* Has this system's libevent what a loop needs (readiness_features)? 0, or -1 with error. For the start. */
int loop_check_system(struct error *error);
struct loop *
loop_new(const char *name); /* name: at most 15 characters, shown by ps and gdb. NULL when out of resources */
struct event_base *loop_base(struct loop *loop);
void loop_post(struct loop *loop, struct message *message);
void loop_post_lazy(struct loop *loop, struct message *message); /* this and the next: see mailbox.h */
void loop_poll(struct loop *loop);
void loop_settle(
    struct loop *loop);            /* the loop does not run: delivers all messages here, also those posted meanwhile */
int loop_run(struct loop *loop);   /* serve on the calling thread until loop_stop; returns 0, -1 if libevent failed */
int loop_start(struct loop *loop); /* serve on a new thread with all signals blocked; returns 0 or -1 */
void loop_stop(struct loop *loop); /* any thread: run what is queued, then leave loop_run */
void loop_join(struct loop *loop); /* wait for the thread of loop_start; no-op without one */
void loop_free(struct loop *loop); /* stopped and joined; runs finalizers once more so that nothing leaks */

#endif

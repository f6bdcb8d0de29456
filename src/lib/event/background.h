/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * background: runs what waits for the disk, like fsync(2), on a thread of its own, and reports to the loop.
 *
 * Runs on: the thread of the loop, but for `work`. Owns: its threads. States of a job: running -> posted -> done.
 */
#ifndef MUNNEL_LIB_EVENT_BACKGROUND_H
#define MUNNEL_LIB_EVENT_BACKGROUND_H

#include "lib/event/loop.h"

enum { BACKGROUND_MOST = 16 }; /* jobs at once */

struct background;

struct background *background_new(struct loop *loop); /* NULL: out of memory */
/* Waits for the jobs that run, and reports all. NULL is fine. */
void background_free(struct background *background);

/*
 * Calls work(context) on another thread, then done(context) on the loop's: later, and exactly once. Between the two
 * calls the context is the thread's alone. -1: too many at once, out of memory or threads, or background_free runs;
 * neither is called.
 */
int background_run(struct background *background, void (*work)(void *context), void (*done)(void *context),
                   void *context);

#endif

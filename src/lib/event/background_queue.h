/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * background_queue: jobs in the background (background.h) one after the other, in the order in which they were asked
 * for.
 *
 * Runs on: the thread of the loop, but for `work`. Owns: the jobs that wait.
 */
#ifndef MUNNEL_LIB_EVENT_BACKGROUND_QUEUE_H
#define MUNNEL_LIB_EVENT_BACKGROUND_QUEUE_H

#include "lib/event/background.h"

#include <stdbool.h>

struct background_queue;

struct background_queue *background_queue_new(struct background *background); /* NULL: out of memory */
/* After background_free, which has reported all jobs. NULL is fine. */
void background_queue_free(struct background_queue *queue);

/*
 * Calls work(context) on another thread and then done(context, true) on the loop's, before the next job's work begins.
 * done(context, false): it could not be begun, as background_run has it. Once either way, and perhaps at once. -1: out
 * of memory, and neither is called.
 */
int background_queue_run(struct background_queue *queue, void (*work)(void *context),
                         void (*done)(void *context, bool has_run), void *context);
bool background_queue_is_idle(const struct background_queue *queue); /* no job runs or waits */

#endif

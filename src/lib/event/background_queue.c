/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * background_queue: see background_queue.h.
 */
#include "config.h"

#include "lib/event/background_queue.h"

#include <stdlib.h>

struct queued {
    struct queued *next;
    struct background_queue *queue;
    void (*work)(void *context);
    void (*done)(void *context, bool has_run);
    void *context;
};

struct background_queue {
    struct background *background;
    struct queued *first, **end; /* those that wait */
    bool is_busy;                /* one runs, or is being reported */
};

static void begin(struct background_queue *queue);

static void report(struct queued *job, bool has_run) {
    struct background_queue *queue = job->queue;

    job->done(job->context, has_run);
    free(job);
    queue->is_busy = false;
}

static void work(void *context) {
    const struct queued *job = context;

    job->work(job->context);
}

static void on_done(void *context) {
    struct queued *job = context;
    struct background_queue *queue = job->queue;

    report(job, true);
    begin(queue);
}

static void begin(struct background_queue *queue) {
    while (queue->first && !queue->is_busy) {
        struct queued *job = queue->first;
        queue->first = job->next;
        if (!queue->first)
            queue->end = &queue->first;
        queue->is_busy = true;
        if (background_run(queue->background, work, on_done, job))
            report(job, false);
    }
}

struct background_queue *background_queue_new(struct background *background) {
    struct background_queue *queue = calloc(1, sizeof *queue);

    if (!queue)
        return NULL;
    queue->background = background;
    queue->end = &queue->first;
    return queue;
}

void background_queue_free(struct background_queue *queue) {
    free(queue);
}

int background_queue_run(struct background_queue *queue, void (*work_of_job)(void *context),
                         void (*done)(void *context, bool has_run), void *context) {
    struct queued *job = calloc(1, sizeof *job);

    if (!job)
        return -1;
    *job = (struct queued){.queue = queue, .work = work_of_job, .done = done, .context = context};
    *queue->end = job;
    queue->end = &job->next;
    begin(queue);
    return 0;
}

bool background_queue_is_idle(const struct background_queue *queue) {
    return !queue->first && !queue->is_busy;
}

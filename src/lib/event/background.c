/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * background: see background.h. A thread for each job: they are rare, and one that hangs holds up no other.
 */
#include "config.h"

#include "lib/event/background.h"

#include "lib/os/thread.h"

#include <stdlib.h>

struct job {
    struct message message; /* first: it comes home as this */
    struct background *background;
    pthread_t thread;
    void (*work)(void *context);
    void (*done)(void *context);
    void *context;
    bool is_reported;
};

struct background {
    struct loop *loop;
    struct job *jobs[BACKGROUND_MOST]; /* NULL: free */
    bool is_closing;
};

static void *run(void *context) {
    struct job *job = context;

    job->work(job->context);
    loop_post(job->background->loop, &job->message);
    return NULL;
}

static void report(struct job *job) {
    if (job->is_reported)
        return;
    job->is_reported = true;
    (void)pthread_join(job->thread, NULL); /* it has nothing left to do but to end */
    job->done(job->context);
}

/* background_free may have reported it, and is over then. */
static void on_message(struct message *message) {
    struct job *job = (struct job *)message;

    for (size_t i = 0; job->background && i < BACKGROUND_MOST; i++)
        if (job->background->jobs[i] == job)
            job->background->jobs[i] = NULL;
    report(job);
    free(job);
}

struct background *background_new(struct loop *loop) {
    struct background *background = calloc(1, sizeof *background);

    if (background)
        background->loop = loop;
    return background;
}

void background_free(struct background *background) {
    if (!background)
        return;
    background->is_closing = true;
    for (size_t i = 0; i < BACKGROUND_MOST; i++) {
        struct job *job = background->jobs[i];
        if (!job)
            continue;
        report(job); /* joined, so its message is posted: the loop delivers it, and frees the job */
        job->background = NULL;
    }
    free(background);
}

static struct job **find_free(struct background *background) {
    for (size_t i = 0; i < BACKGROUND_MOST && !background->is_closing; i++)
        if (!background->jobs[i])
            return &background->jobs[i];
    return NULL;
}

int background_run(struct background *background, void (*work)(void *context), void (*done)(void *context),
                   void *context) {
    struct job **slot = find_free(background), *job = slot ? calloc(1, sizeof *job) : NULL;

    if (!job)
        return -1;
    *job = (struct job){
        .message = {.deliver = on_message}, .background = background, .work = work, .done = done, .context = context};
    *slot = job;
    if (thread_start(&job->thread, "background", run, job) == 0)
        return 0;
    *slot = NULL;
    free(job);
    return -1;
}

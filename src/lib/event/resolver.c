/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resolver: questions wait at a look-up, of which there is one per name; threads take look-ups from a queue.
 *
 * getaddrinfo may block for as long as the host is configured to wait, and cannot be interrupted. So threads are added
 * while look-ups wait; names that were slow the last time share a few of them, and some are kept free for names that
 * answered promptly. A name without a domain server costs others nothing then, as long as most names are healthy.
 *
 * Runs on: resolver_ask, resolver_cancel and the messages on the asking loop's thread; work on the resolver's threads.
 * Owns: look-ups (a running one belongs to its thread once the resolver is stopped), threads, questions.
 * States of a look-up: queued -> running -> kept -> queued again or gone. Of a question: waiting (at a look-up) ->
 * posted -> gone.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/event/resolver_priv.h"
#include "lib/os/thread.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { KEEP_ANSWER_MS = 5000, KEEP_FAILURE_MS = 1000 };

struct resolver_question {
    struct message message;         /* first: it comes home as this */
    struct resolver_question *next; /* at the same look-up */
    struct resolver *resolver;
    struct lookup *lookup; /* NULL once posted or withdrawn; under the resolver's lock, like `next` */
    struct loop *loop;
    struct event *deadline;
    resolver_callback callback; /* NULL: cancelled */
    void *context;
    uint16_t port;
    struct resolver_answer answer;
};

static void release(struct resolver *resolver) {
    pthread_mutex_lock(&resolver->lock);
    bool is_last = --resolver->holders == 0;
    pthread_mutex_unlock(&resolver->lock);
    if (is_last) {
        pthread_mutex_destroy(&resolver->lock);
        pthread_cond_destroy(&resolver->work);
        free(resolver);
    }
}

/*
 * One for each name that hangs, so that the first of them do not hold up the others before it is known that they are
 * slow; a thread that waits costs a stack of a few pages.
 */
static const struct resolver_limits resolver_limits = {.lookup = resolver_ask_system,
                                                       .kept = 4,
                                                       .most = RESOLVER_THREADS_MOST,
                                                       .reserved = 8,
                                                       .slow = 8,
                                                       .slow_ms = 1000,
                                                       .idle_ms = 10000};

/* ---- questions ---- */

static void end_question(struct resolver_question *question) {
    if (question->deadline)
        event_free(question->deadline);
    free(question);
}

/* Under the lock: from here on it is the asking loop's alone. */
static void post_answer(struct resolver_question *question, const struct resolver_answer *answer) {
    question->answer = *answer;
    question->lookup = NULL;
    for (int i = 0; i < answer->count; i++)
        addr_set_port(&question->answer.addresses[i], question->port);
    loop_post(question->loop, &question->message);
}

static void on_answer(struct message *message) {
    struct resolver_question *question = (struct resolver_question *)message;
    if (question->callback)
        question->callback(question->context, &question->answer);
    end_question(question);
}

/* No question needs it any more. What is known of its pace stays. */
static void drop_queued(struct resolver *resolver, struct lookup *lookup) {
    lookup->state = LOOKUP_KEPT;
    lookup->until_ms = 0;
    if (lookup->pace == PACE_UNKNOWN)
        resolver_remove_lookup(resolver, lookup);
}

/* Takes a question from its look-up. Returns false if its message was posted, whose delivery ends it. */
static bool withdraw(struct resolver_question *question) {
    struct resolver *resolver = question->resolver;
    pthread_mutex_lock(&resolver->lock);
    struct lookup *lookup = question->lookup;
    if (lookup) {
        struct resolver_question **at = &lookup->questions;
        while (*at != question)
            at = &(*at)->next;
        *at = question->next;
        question->lookup = NULL;
        if (!lookup->questions && lookup->state == LOOKUP_QUEUED)
            drop_queued(resolver, lookup);
    }
    pthread_mutex_unlock(&resolver->lock);
    return lookup;
}

static void on_deadline(evutil_socket_t none, short what, void *context) {
    (void)none, (void)what;
    struct resolver_question *question = context;
    if (!withdraw(question))
        return; /* the answer is in the mailbox */
    question->answer.count = 0;
    question->answer.detail = "timed out";
    question->callback(question->context, &question->answer);
    end_question(question);
}

void resolver_cancel(struct resolver_question *question) {
    if (!question)
        return;
    if (withdraw(question)) {
        end_question(question);
        return;
    }
    /* Its message was posted and ends it. The resolver may be freed by then, but not the loop. */
    event_del(question->deadline);
    question->callback = NULL;
}

/* ---- the threads ---- */

/* Under the lock. The oldest question is answered first. */
static void answer_all(struct lookup *lookup) {
    struct resolver_question *in_order = NULL;
    while (lookup->questions) {
        struct resolver_question *question = lookup->questions;
        lookup->questions = question->next;
        question->next = in_order;
        in_order = question;
    }
    while (in_order) {
        struct resolver_question *question = in_order;
        in_order = question->next; /* posted, it may be gone at once */
        post_answer(question, &lookup->answer);
    }
}

static enum pace pace_of(const struct resolver *resolver, uint64_t began_ms) {
    return clock_ms() - began_ms >= resolver->limits.slow_ms ? PACE_SLOW : PACE_PROMPT;
}

/* Under the lock, which it gives up while it asks. */
static void run_lookup(struct resolver_thread *worker, struct lookup *lookup) {
    struct resolver *resolver = worker->resolver;
    enum pace counted = lookup->pace;
    uint64_t began_ms = clock_ms();
    lookup->state = LOOKUP_RUNNING;
    resolver->running[counted]++;
    worker->is_running = true;
    pthread_mutex_unlock(&resolver->lock);
    resolver->limits.lookup(lookup->host, &lookup->answer);
    pthread_mutex_lock(&resolver->lock);
    worker->is_running = false;
    resolver->running[counted]--;
    if (resolver->must_stop) {
        free(lookup); /* resolver_free has left it to this thread */
        return;
    }
    lookup->state = LOOKUP_KEPT;
    lookup->pace = pace_of(resolver, began_ms);
    lookup->until_ms = clock_ms() + (lookup->answer.count > 0 ? KEEP_ANSWER_MS : KEEP_FAILURE_MS);
    answer_all(lookup);
}

/* Under the lock. False: there was no work for long, and this thread is one of more than are kept. */
static bool wait_for_work(struct resolver *resolver) {
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end); /* a condition's clock everywhere; if it jumps, a thread lives longer */
    end.tv_sec += resolver->limits.idle_ms / 1000;
    end.tv_nsec += (long)(resolver->limits.idle_ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    int result = pthread_cond_timedwait(&resolver->work, &resolver->lock, &end);
    return result != ETIMEDOUT || resolver->started <= resolver->limits.kept || resolver->must_stop ||
           resolver_next_ready(resolver);
}

static void *work(void *context) {
    struct resolver_thread *worker = context;
    struct resolver *resolver = worker->resolver;
    bool is_needed = true;
    pthread_mutex_lock(&resolver->lock);
    while (!resolver->must_stop && is_needed) {
        struct lookup *lookup = resolver_next_ready(resolver);
        if (lookup)
            run_lookup(worker, lookup);
        else
            is_needed = wait_for_work(resolver);
    }
    if (!resolver->must_stop) {
        pthread_detach(worker->thread); /* resolver_free joins or detaches only those it finds started */
        worker->is_started = false;
        resolver->started--;
    }
    pthread_mutex_unlock(&resolver->lock);
    release(resolver);
    return NULL;
}

/* Under the lock. */
static bool start_worker(struct resolver *resolver) {
    struct resolver_thread *worker = resolver->workers;
    while (worker->is_started)
        worker++;
    worker->resolver = resolver;
    if (thread_start(&worker->thread, "resolver", work, worker))
        return false;
    worker->is_started = true;
    resolver->started++;
    resolver->holders++;
    return true;
}

/* Under the lock. Without a further thread, as when there are too many in the system, those that run do the work. */
static void call_worker(struct resolver *resolver) {
    int idle = resolver->started, ready = 0;
    for (int pace = 0; pace < PACES; pace++)
        idle -= resolver->running[pace];
    for (struct lookup *lookup = resolver->lookups; lookup; lookup = lookup->next)
        ready += resolver_is_ready(resolver, lookup);
    if (ready > idle && resolver->started < resolver->limits.most)
        (void)start_worker(resolver);
    pthread_cond_signal(&resolver->work);
}

/* ---- asking ---- */

/* Puts the question to a look-up, or answers it from one that is kept. 0 or -1. */
static int enter(struct resolver *resolver, struct resolver_question *question, const char *host) {
    pthread_mutex_lock(&resolver->lock);
    resolver_forget_lookups(resolver);
    struct lookup *lookup = resolver_find_lookup(resolver, host);
    if (!lookup)
        lookup = resolver_add_lookup(resolver, host);
    else if (lookup->state == LOOKUP_KEPT && lookup->until_ms <= clock_ms())
        resolver_queue_again(resolver, lookup);
    if (lookup && lookup->state == LOOKUP_KEPT) {
        post_answer(question, &lookup->answer);
    } else if (lookup) {
        question->lookup = lookup;
        question->next = lookup->questions;
        lookup->questions = question;
        call_worker(resolver);
    }
    pthread_mutex_unlock(&resolver->lock);
    return lookup ? 0 : -1;
}

/* 0 or -1. RFC 6761 wants names of this machine's own answered without asking anything. */
static int ask_host(struct resolver *resolver, struct resolver_question *question, const char *host) {
    struct resolver_answer answer;
    if (!resolver_answer_localhost(host, &answer))
        return enter(resolver, question, host);
    post_answer(question, &answer);
    return 0;
}

struct resolver_question *resolver_ask(struct resolver *resolver, struct loop *loop, const struct endpoint *endpoint,
                                       unsigned timeout_ms, resolver_callback callback, void *context) {
    struct resolver_question *question = calloc(1, sizeof *question);
    if (!question)
        return NULL;
    question->message.deliver = on_answer;
    question->resolver = resolver;
    question->loop = loop;
    question->callback = callback;
    question->context = context;
    question->port = endpoint->port;
    question->deadline = event_new(loop_base(loop), -1, 0, on_deadline, question);
    const struct timeval wait = clock_timeval((uint64_t)timeout_ms * 1000);
    if (!question->deadline || event_add(question->deadline, &wait) || ask_host(resolver, question, endpoint->host)) {
        end_question(question);
        return NULL;
    }
    return question;
}

/* ---- life ---- */

struct resolver *resolver_new_with(const struct resolver_limits *limits) {
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver)
        return NULL;
    resolver->limits = *limits;
    resolver->holders = 1;
    pthread_mutex_init(&resolver->lock, NULL);
    pthread_cond_init(&resolver->work, NULL);
    pthread_mutex_lock(&resolver->lock);
    while (resolver->started < limits->kept && start_worker(resolver)) {
    }
    bool has_all = resolver->started == limits->kept;
    pthread_mutex_unlock(&resolver->lock);
    if (has_all)
        return resolver;
    resolver_free(resolver);
    return NULL;
}

struct resolver *resolver_new(void) {
    return resolver_new_with(&resolver_limits);
}

int resolver_threads(struct resolver *resolver) {
    pthread_mutex_lock(&resolver->lock);
    int started = resolver->started;
    pthread_mutex_unlock(&resolver->lock);
    return started;
}

/* Under the lock. Running look-ups stay with their threads. */
static void drop_lookups(struct resolver *resolver) {
    while (resolver->lookups) {
        struct lookup *lookup = resolver->lookups;
        resolver->lookups = lookup->next;
        while (lookup->questions) {
            struct resolver_question *question = lookup->questions;
            lookup->questions = question->next;
            end_question(question);
        }
        if (lookup->state != LOOKUP_RUNNING)
            free(lookup);
    }
}

void resolver_free(struct resolver *resolver) {
    if (!resolver)
        return;
    struct resolver_thread workers[RESOLVER_THREADS_MOST]; /* as they are now: one that is stuck ends when it likes */
    pthread_mutex_lock(&resolver->lock);
    resolver->must_stop = true;
    drop_lookups(resolver);
    memcpy(workers, resolver->workers, sizeof workers);
    pthread_cond_broadcast(&resolver->work);
    pthread_mutex_unlock(&resolver->lock);

    for (int i = 0; i < RESOLVER_THREADS_MOST; i++) {
        if (!workers[i].is_started)
            continue;
        if (workers[i].is_running)
            pthread_detach(workers[i].thread);
        else
            pthread_join(workers[i].thread, NULL);
    }
    release(resolver);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resolver: questions wait at a look-up, of which there is one per name; threads take look-ups from a queue.
 *
 * Runs on: resolver_ask, resolver_cancel and the letters on the asking loop's thread; work on the resolver's threads.
 * Owns: look-ups (a running one belongs to its thread once the resolver is stopped), threads, questions.
 * States of a look-up: queued -> running -> kept -> gone. Of a question: waiting (at a look-up) -> posted -> gone.
 */
#include "config.h"

#include "lib/clock.h"
#include "lib/resolver_priv.h"
#include "lib/thread.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEEP_ANSWER_MS = 5000, KEEP_FAILURE_MS = 1000, MOST_LOOKUPS = 256, MOST_THREADS = 16 };

enum lookup_state { LOOKUP_QUEUED, LOOKUP_RUNNING, LOOKUP_KEPT };

struct lookup {
    struct lookup *next; /* of all; new ones go to the end, so that the list is the queue too */
    enum lookup_state state;
    uint64_t until_ms; /* kept: its answer is good until then */
    struct resolver_question *questions;
    struct resolver_answer answer;
    char host[ENDPOINT_HOST];
};

struct resolver_question {
    struct letter letter;           /* first: it comes home as this */
    struct resolver_question *next; /* at the same look-up */
    struct resolver *resolver;
    struct lookup *lookup; /* NULL once posted or withdrawn; under the resolver's lock, like `next` */
    struct loop *loop;
    struct event *deadline;     /* NULL once it does not count any more */
    resolver_callback callback; /* NULL: cancelled */
    void *context;
    uint16_t port;
    struct resolver_answer answer;
};

struct worker {
    struct resolver *resolver;
    pthread_t thread;
    bool is_running; /* within a look-up; under the lock */
};

struct resolver {
    resolver_lookup ask;
    pthread_mutex_t lock; /* guards all below, and the look-ups with their questions */
    pthread_cond_t work;
    struct lookup *lookups;
    bool must_stop;
    unsigned holders; /* the owner and each thread; the last one frees */
    int worker_count;
    struct worker workers[MOST_THREADS];
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

/* ---- look-ups, under the lock ---- */

static void remove_lookup(struct resolver *resolver, struct lookup *lookup) {
    struct lookup **at = &resolver->lookups;
    while (*at != lookup) {
        at = &(*at)->next;
    }
    *at = lookup->next;
    free(lookup);
}

/* Forgets what is too old, and the oldest kept ones when there are too many. */
static void forget_old(struct resolver *resolver, uint64_t now_ms) {
    size_t count = 0;
    for (struct lookup *lookup = resolver->lookups; lookup; lookup = lookup->next) {
        count++;
    }
    for (struct lookup *lookup = resolver->lookups, *next; lookup; lookup = next) {
        next = lookup->next;
        if (lookup->state == LOOKUP_KEPT && (lookup->until_ms <= now_ms || count >= MOST_LOOKUPS)) {
            remove_lookup(resolver, lookup);
            count--;
        }
    }
}

static struct lookup *find_lookup(struct resolver *resolver, const char *host) {
    struct lookup *lookup = resolver->lookups;
    while (lookup && strcasecmp(lookup->host, host) != 0) {
        lookup = lookup->next;
    }
    return lookup;
}

static struct lookup *add_lookup(struct resolver *resolver, const char *host) {
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup) {
        return NULL;
    }
    memcpy(lookup->host, host, strlen(host) + 1);
    struct lookup **end = &resolver->lookups;
    while (*end) {
        end = &(*end)->next;
    }
    *end = lookup;
    pthread_cond_signal(&resolver->work);
    return lookup;
}

static struct lookup *next_queued(struct resolver *resolver) {
    struct lookup *lookup = resolver->lookups;
    while (lookup && lookup->state != LOOKUP_QUEUED) {
        lookup = lookup->next;
    }
    return lookup;
}

/* ---- questions ---- */

static void end_question(struct resolver_question *question) {
    if (question->deadline) {
        event_free(question->deadline);
    }
    free(question);
}

/* Under the lock: from here on it is the asking loop's alone. */
static void post_answer(struct resolver_question *question, const struct resolver_answer *answer) {
    question->answer = *answer;
    question->lookup = NULL;
    for (int i = 0; i < answer->count; i++) {
        addr_set_port(&question->answer.addresses[i], question->port);
    }
    loop_post(question->loop, &question->letter);
}

static void on_answer(struct letter *letter) {
    struct resolver_question *question = (struct resolver_question *)letter;
    if (question->callback) {
        question->callback(question->context, &question->answer);
    }
    end_question(question);
}

/* Takes a question from its look-up. Returns false if it was posted: then its letter will end it. */
static bool withdraw(struct resolver_question *question) {
    struct resolver *resolver = question->resolver;
    pthread_mutex_lock(&resolver->lock);
    struct lookup *lookup = question->lookup;
    if (lookup) {
        struct resolver_question **at = &lookup->questions;
        while (*at != question) {
            at = &(*at)->next;
        }
        *at = question->next;
        question->lookup = NULL;
        if (!lookup->questions && lookup->state == LOOKUP_QUEUED) {
            remove_lookup(resolver, lookup); /* nobody wants to know any more */
        }
    }
    pthread_mutex_unlock(&resolver->lock);
    return lookup != NULL;
}

static void on_deadline(evutil_socket_t none, short what, void *context) {
    (void)none, (void)what;
    struct resolver_question *question = context;
    if (!withdraw(question)) {
        return; /* the answer is in the mailbox */
    }
    question->answer.count = 0;
    question->answer.why = "timed out";
    question->callback(question->context, &question->answer);
    end_question(question);
}

void resolver_cancel(struct resolver_question *question) {
    if (!question) {
        return;
    }
    if (withdraw(question)) {
        end_question(question);
        return;
    }
    /* Its letter is on the way and ends it. The resolver may be gone by then, but not the loop. */
    question->callback = NULL;
}

/* Puts the question to a look-up, or answers it from one that is kept. 0 or -1. */
static int enter(struct resolver *resolver, struct resolver_question *question, const char *host) {
    pthread_mutex_lock(&resolver->lock);
    forget_old(resolver, clock_ms());
    struct lookup *lookup = find_lookup(resolver, host);
    if (!lookup) {
        lookup = add_lookup(resolver, host);
    }
    if (lookup && lookup->state == LOOKUP_KEPT) {
        post_answer(question, &lookup->answer);
    } else if (lookup) {
        question->lookup = lookup;
        question->next = lookup->questions;
        lookup->questions = question;
    }
    pthread_mutex_unlock(&resolver->lock);
    return lookup ? 0 : -1;
}

struct resolver_question *resolver_ask(struct resolver *resolver, struct loop *loop, const struct endpoint *endpoint,
                                       unsigned timeout_ms, resolver_callback callback, void *context) {
    struct resolver_question *question = calloc(1, sizeof *question);
    if (!question) {
        return NULL;
    }
    question->letter.open = on_answer;
    question->resolver = resolver;
    question->loop = loop;
    question->callback = callback;
    question->context = context;
    question->port = endpoint->port;
    question->deadline = event_new(loop_base(loop), -1, 0, on_deadline, question);
    const struct timeval wait = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000};
    if (!question->deadline || event_add(question->deadline, &wait) || enter(resolver, question, endpoint->host)) {
        end_question(question);
        return NULL;
    }
    return question;
}

/* ---- the threads ---- */

/* Under the lock. Those who asked first are told first. */
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

/* Under the lock, which it gives up while it asks. */
static void run_lookup(struct worker *worker, struct lookup *lookup) {
    struct resolver *resolver = worker->resolver;
    lookup->state = LOOKUP_RUNNING;
    worker->is_running = true;
    pthread_mutex_unlock(&resolver->lock);
    resolver->ask(lookup->host, &lookup->answer);
    pthread_mutex_lock(&resolver->lock);
    worker->is_running = false;
    if (resolver->must_stop) {
        free(lookup); /* resolver_free has left it to this thread */
        return;
    }
    lookup->state = LOOKUP_KEPT;
    lookup->until_ms = clock_ms() + (lookup->answer.count > 0 ? KEEP_ANSWER_MS : KEEP_FAILURE_MS);
    answer_all(lookup);
}

static void *work(void *context) {
    struct worker *worker = context;
    struct resolver *resolver = worker->resolver;
    pthread_mutex_lock(&resolver->lock);
    while (!resolver->must_stop) {
        struct lookup *lookup = next_queued(resolver);
        if (lookup) {
            run_lookup(worker, lookup);
        } else {
            pthread_cond_wait(&resolver->work, &resolver->lock);
        }
    }
    pthread_mutex_unlock(&resolver->lock);
    release(resolver);
    return NULL;
}

static bool start_worker(struct resolver *resolver) {
    struct worker *worker = &resolver->workers[resolver->worker_count];
    worker->resolver = resolver;
    if (thread_start(&worker->thread, "resolver", work, worker)) {
        return false;
    }
    pthread_mutex_lock(&resolver->lock);
    resolver->holders++;
    pthread_mutex_unlock(&resolver->lock);
    resolver->worker_count++;
    return true;
}

struct resolver *resolver_new_with(int threads, resolver_lookup lookup) {
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver) {
        return NULL;
    }
    resolver->ask = lookup;
    resolver->holders = 1;
    pthread_mutex_init(&resolver->lock, NULL);
    pthread_cond_init(&resolver->work, NULL);
    while (resolver->worker_count < threads && resolver->worker_count < MOST_THREADS) {
        if (!start_worker(resolver)) {
            resolver_free(resolver);
            return NULL;
        }
    }
    return resolver;
}

struct resolver *resolver_new(int threads) {
    return resolver_new_with(threads, resolver_ask_system);
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
        if (lookup->state != LOOKUP_RUNNING) {
            free(lookup);
        }
    }
}

void resolver_free(struct resolver *resolver) {
    if (!resolver) {
        return;
    }
    bool is_stuck[MOST_THREADS] = {false};
    pthread_mutex_lock(&resolver->lock);
    resolver->must_stop = true;
    drop_lookups(resolver);
    for (int i = 0; i < resolver->worker_count; i++) {
        is_stuck[i] = resolver->workers[i].is_running;
    }
    pthread_cond_broadcast(&resolver->work);
    pthread_mutex_unlock(&resolver->lock);

    for (int i = 0; i < resolver->worker_count; i++) {
        if (is_stuck[i]) {
            pthread_detach(resolver->workers[i].thread);
        } else {
            pthread_join(resolver->workers[i].thread, NULL);
        }
    }
    release(resolver);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * asker: see asker.h. What both threads use lies behind the lock; the client is the thread's alone. The last of the two
 * frees all.
 */
#include "config.h"

#include "ctl/top/asker.h"

#include "lib/base/error.h"
#include "lib/net/sock.h"
#include "lib/os/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MOST = 2 };

struct queue {
    unsigned count;
    struct ask_round rounds[QUEUE_MOST];
};

struct asker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct queue waiting, answered;
    bool is_ended;           /* the main thread does not need it any more */
    bool is_busy;            /* a round is under way: the thread may take long */
    evutil_socket_t wake[2]; /* the first is readable while rounds are answered */
    struct http_client *client;
};

static bool push(struct queue *queue, const struct ask_round *round) {
    if (queue->count == QUEUE_MOST)
        return false;
    queue->rounds[queue->count++] = *round;
    return true;
}

static bool pop(struct queue *queue, struct ask_round *round) {
    if (!queue->count)
        return false;
    *round = queue->rounds[0];
    queue->count--;
    memmove(queue->rounds, queue->rounds + 1, queue->count * sizeof *queue->rounds);
    return true;
}

static void destroy(struct asker *asker) {
    for (struct ask_round round; pop(&asker->waiting, &round) || pop(&asker->answered, &round);)
        ask_done(&round);
    http_client_free(asker->client);
    sock_close(asker->wake[0]);
    sock_close(asker->wake[1]);
    pthread_cond_destroy(&asker->changed);
    pthread_mutex_destroy(&asker->lock);
    free(asker);
}

/* Called with the lock, which is free meanwhile. */
static void work(struct asker *asker, struct ask_round *round) {
    asker->is_busy = true;
    pthread_mutex_unlock(&asker->lock);
    ask_all(round, asker->client);
    pthread_mutex_lock(&asker->lock);
    asker->is_busy = false;
    if (asker->is_ended || !push(&asker->answered, round))
        ask_done(round);
    else
        sock_wake(asker->wake[1]);
}

static void *run(void *context) {
    struct asker *asker = context;
    struct ask_round round;
    bool was_left = false;

    pthread_mutex_lock(&asker->lock);
    while (!asker->is_ended) {
        if (pop(&asker->waiting, &round)) {
            work(asker, &round);
            was_left = asker->is_ended; /* while it was busy: asker_free() has not waited for it */
        } else {
            pthread_cond_wait(&asker->changed, &asker->lock);
        }
    }
    pthread_mutex_unlock(&asker->lock);
    if (was_left)
        destroy(asker);
    return NULL;
}

struct asker *asker_new(struct http_client *client, struct error *error) {
    struct asker *asker = calloc(1, sizeof *asker);

    if (!asker || sock_wake_pair(asker->wake)) {
        error_set(error, "cannot ask in the background: %s", error_text(errno));
        free(asker);
        http_client_free(client);
        return NULL;
    }
    asker->client = client;
    pthread_mutex_init(&asker->lock, NULL);
    pthread_cond_init(&asker->changed, NULL);
    if (!thread_start(&asker->thread, "ask", run, asker))
        return asker;
    error_set(error, "cannot start a thread");
    destroy(asker);
    return NULL;
}

void asker_free(struct asker *asker) {
    if (!asker)
        return;
    pthread_t thread = asker->thread;
    pthread_mutex_lock(&asker->lock);
    bool is_busy = asker->is_busy;
    asker->is_ended = true;
    pthread_cond_signal(&asker->changed);
    pthread_mutex_unlock(&asker->lock);
    if (is_busy) {
        pthread_detach(thread);
        return;
    }
    pthread_join(thread, NULL);
    destroy(asker);
}

bool asker_post(struct asker *asker, const struct ask_round *round) {
    pthread_mutex_lock(&asker->lock);
    bool is_taken = push(&asker->waiting, round);
    pthread_cond_signal(&asker->changed);
    pthread_mutex_unlock(&asker->lock);
    return is_taken;
}

evutil_socket_t asker_fd(const struct asker *asker) {
    return asker->wake[0];
}

bool asker_take(struct asker *asker, struct ask_round *round) {
    pthread_mutex_lock(&asker->lock);
    bool is_there = pop(&asker->answered, round);
    if (!asker->answered.count)
        sock_wake_clear(asker->wake[0]);
    pthread_mutex_unlock(&asker->lock);
    return is_there;
}

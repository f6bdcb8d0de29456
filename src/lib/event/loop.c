/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * loop: see loop.h.
 * States: new -> running -> stopped (-> running, by another loop_run).
 */
#include "config.h"

#include "lib/event/loop.h"
#include "lib/event/readiness.h"
#include "lib/os/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_SIZE = 16 };

struct stop_message { /* is part of the loop, so that stopping never lacks memory */
    struct message message;
    struct loop *loop;
    atomic_flag is_posted;
};

struct loop {
    struct event_base *base;
    struct mailbox *mailbox;
    char name[NAME_SIZE];
    pthread_t thread;
    bool has_thread;
    struct stop_message stop;
};

static struct event_base *make_base(int features) {
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    /* No locks: one thread per base. No environment: EVENT_EPOLL_USE_CHANGELIST loses events of reused descriptors. */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    event_config_require_features(config, features);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static int explain(struct error *error) {
    struct event_base *any = make_base(0);
    if (!any)
        return error_set(error, "cannot make an event loop: out of memory or descriptors");
    error_set(error, "libevent has only \"%s\" here, which %s", event_base_get_method(any), readiness_what_lacks());
    event_base_free(any);
    return -1;
}

int loop_check_system(struct error *error) {
    struct event_base *base = make_base(readiness_features());
    if (!base)
        return explain(error);
    event_base_free(base);
    return 0;
}

static void on_stop(struct message *message) {
    struct loop *loop = ((struct stop_message *)message)->loop;
    atomic_flag_clear(&loop->stop.is_posted);
    if (event_base_loopexit(loop->base, NULL))
        event_base_loopbreak(loop->base); /* out of memory: leave at once rather than never */
}

struct loop *loop_new(const char *name) {
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    snprintf(loop->name, sizeof loop->name, "%s", name);
    loop->stop.message.deliver = on_stop;
    loop->stop.loop = loop;
    atomic_flag_clear(&loop->stop.is_posted);
    loop->base = make_base(readiness_features());
    loop->mailbox = loop->base ? mailbox_new(loop->base) : NULL;
    if (!loop->mailbox) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

struct event_base *loop_base(struct loop *loop) {
    return loop->base;
}

void loop_post(struct loop *loop, struct message *message) {
    mailbox_post(loop->mailbox, message);
}

void loop_post_lazy(struct loop *loop, struct message *message) {
    mailbox_post_lazy(loop->mailbox, message);
}

void loop_poll(struct loop *loop) {
    mailbox_poll(loop->mailbox);
}

void loop_settle(struct loop *loop) {
    mailbox_deliver(loop->mailbox);
}

int loop_run(struct loop *loop) {
    mailbox_serve(loop->mailbox, true);
    int result = event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    mailbox_serve(loop->mailbox, false);
    return result < 0 ? -1 : 0;
}

static void *run_thread(void *context) {
    loop_run(context);
    return NULL;
}

int loop_start(struct loop *loop) {
    loop->has_thread = thread_start(&loop->thread, loop->name, run_thread, loop) == 0;
    return loop->has_thread ? 0 : -1;
}

void loop_stop(struct loop *loop) {
    if (!atomic_flag_test_and_set(&loop->stop.is_posted))
        mailbox_post(loop->mailbox, &loop->stop.message);
}

void loop_join(struct loop *loop) {
    if (loop->has_thread) {
        pthread_join(loop->thread, NULL);
        loop->has_thread = false;
    }
}

void loop_free(struct loop *loop) {
    if (!loop)
        return;
    if (loop->mailbox) {
        /* Messages may free bufferevents, whose finalizers run in the loop and may post messages. */
        mailbox_deliver(loop->mailbox);
        event_base_loop(loop->base, EVLOOP_NONBLOCK);
        mailbox_free(loop->mailbox);
    }
    if (loop->base) {
        event_base_loop(loop->base, EVLOOP_NONBLOCK);
        event_base_free(loop->base);
    }
    free(loop);
}

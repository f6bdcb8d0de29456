/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * destination: what a relay leads to: a listener in the test program that serves each connection and counts everything.
 */
#include "config.h"

#include "harness/destination.h"

#include "harness/deadline.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STACK = 512 * 1024 };

struct post { /* a connection with its thread */
    struct connection connection;
    struct destination *destination;
    pthread_t thread;
    bool has_thread, is_over;
};

struct destination {
    destination_handler handler;
    void *context;
    int listener, stop[2];
    uint16_t port;
    pthread_t acceptor;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    struct post **posts;
    unsigned count, size, over;
};

static void *handle_visit(void *context) {
    struct post *post = context;
    struct destination *destination = post->destination;
    destination->handler(&post->connection);
    pthread_mutex_lock(&destination->lock);
    post->connection.ended_ms = now_ms();
    close(post->connection.fd);
    post->connection.fd = -1;
    post->is_over = true;
    destination->over++;
    pthread_cond_broadcast(&destination->changed);
    pthread_mutex_unlock(&destination->lock);
    return NULL;
}

static void start_thread(struct post *post) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    post->has_thread = pthread_create(&post->thread, &small, handle_visit, post) == 0;
    if (!post->has_thread)
        abort();
    pthread_attr_destroy(&small);
}

static void add_visit(struct destination *destination, int fd) {
    struct post *post = calloc(1, sizeof *post);
    if (!post)
        abort();
    post->destination = destination;
    post->connection.fd = fd;
    post->connection.context = destination->context;
    pthread_mutex_lock(&destination->lock);
    if (destination->count == destination->size) {
        destination->size = 2 * destination->size + 16;
        destination->posts = realloc(destination->posts, destination->size * sizeof *destination->posts);
        if (!destination->posts)
            abort();
    }
    post->connection.number = destination->count;
    destination->posts[destination->count++] = post;
    if (destination->handler)
        start_thread(post);
    pthread_cond_broadcast(&destination->changed);
    pthread_mutex_unlock(&destination->lock);
}

static void *accept_visits(void *context) {
    struct destination *destination = context;
    struct pollfd ready[2] = {{.fd = destination->listener, .events = POLLIN},
                              {.fd = destination->stop[0], .events = POLLIN}};
    while (poll(ready, 2, -1) >= 0 || errno == EINTR) {
        if (ready[1].revents)
            break;
        int fd = accept4(destination->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            add_visit(destination, fd);
    }
    return NULL;
}

static struct destination *start(const char *address, uint16_t port, destination_handler handler, void *context) {
    struct destination *destination = calloc(1, sizeof *destination);
    ck_assert_ptr_nonnull(destination);
    destination->handler = handler;
    destination->context = context;
    destination->listener = socket_listen(address, port, 4096);
    destination->port = strncmp(address, "unix:", 5) == 0 ? 0 : socket_port(destination->listener);
    ck_assert_int_eq(pipe2(destination->stop, O_CLOEXEC), 0);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&destination->changed, &monotonic);
    pthread_mutex_init(&destination->lock, NULL);
    ck_assert_int_eq(pthread_create(&destination->acceptor, NULL, accept_visits, destination), 0);
    return destination;
}

struct destination *destination_start_at(const char *address, destination_handler handler, void *context) {
    return start(address, 0, handler, context);
}

struct destination *destination_start_on(uint16_t port, destination_handler handler, void *context) {
    return start("127.0.0.1", port, handler, context);
}

struct destination *destination_start(destination_handler handler, void *context) {
    return start("127.0.0.1", 0, handler, context);
}

static void end_visits(struct destination *destination) {
    pthread_mutex_lock(&destination->lock);
    for (unsigned i = 0; i < destination->count; i++) {
        if (destination->posts[i]->connection.fd >= 0)
            shutdown(destination->posts[i]->connection.fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&destination->lock);
    for (unsigned i = 0; i < destination->count; i++) {
        struct post *post = destination->posts[i];
        if (post->has_thread)
            pthread_join(post->thread, NULL);
        else
            close(post->connection.fd);
        free(post);
    }
}

void destination_free(struct destination *destination) {
    if (!destination)
        return;
    close(destination->stop[1]);
    pthread_join(destination->acceptor, NULL);
    close(destination->stop[0]);
    close(destination->listener);
    end_visits(destination);
    pthread_cond_destroy(&destination->changed);
    pthread_mutex_destroy(&destination->lock);
    free(destination->posts);
    free(destination);
}

uint16_t destination_port(const struct destination *destination) {
    return destination->port;
}

unsigned destination_connections(struct destination *destination) {
    pthread_mutex_lock(&destination->lock);
    unsigned count = destination->count;
    pthread_mutex_unlock(&destination->lock);
    return count;
}

unsigned destination_ended(struct destination *destination) {
    pthread_mutex_lock(&destination->lock);
    unsigned over = destination->over;
    pthread_mutex_unlock(&destination->lock);
    return over;
}

void destination_await_connections(struct destination *destination, unsigned count, unsigned ms) {
    ck_assert_msg(HOLDS_WITHIN(ms, destination_connections(destination) >= count), "%u connections instead of %u",
                  destination_connections(destination), count);
}

void destination_await_ended(struct destination *destination, unsigned count, unsigned ms) {
    ck_assert_msg(HOLDS_WITHIN(ms, destination_ended(destination) >= count),
                  "%u of %u connections are over, %u should be", destination_ended(destination),
                  destination_connections(destination), count);
}

struct connection *destination_connection(struct destination *destination, unsigned number) {
    pthread_mutex_lock(&destination->lock);
    struct connection *connection = number < destination->count ? &destination->posts[number]->connection : NULL;
    pthread_mutex_unlock(&destination->lock);
    ck_assert_msg(connection, "there is no connection %u", number);
    return connection;
}

static bool cut(struct destination *destination, unsigned number) {
    struct connection *connection = destination_connection(destination, number);
    pthread_mutex_lock(&destination->lock); /* its thread closes it under the lock */
    bool is_open = connection->fd >= 0;
    if (is_open)
        shutdown(connection->fd, SHUT_RDWR);
    pthread_mutex_unlock(&destination->lock);
    return is_open;
}

void destination_cut(struct destination *destination, unsigned number) {
    (void)cut(destination, number);
}

unsigned destination_cut_all(struct destination *destination) {
    unsigned count = 0;
    for (unsigned i = destination_connections(destination); i > 0; i--)
        count += cut(destination, i - 1);
    return count;
}

struct connection *destination_tagged(struct destination *destination, uint64_t tag) {
    struct connection *found = NULL;
    pthread_mutex_lock(&destination->lock);
    for (unsigned i = 0; i < destination->count && !found; i++) {
        if (destination->posts[i]->is_over && destination->posts[i]->connection.tag == tag)
            found = &destination->posts[i]->connection;
    }
    pthread_mutex_unlock(&destination->lock);
    return found;
}

int destination_full(uint16_t *port, int *extra) {
    int listener = socket_listen("127.0.0.1", 0, 0);
    *port = socket_port(listener);
    *extra = socket_connect("127.0.0.1", *port); /* a backlog of 0 still takes one */
    return listener;
}

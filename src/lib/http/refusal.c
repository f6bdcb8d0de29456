/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * refusal: an answer without evhttp, and the end of a connection whose client may still be sending.
 *
 * Closed with bytes that were not read, TCP sends a reset, and a Unix socket fails with ECONNRESET: the client is
 * likely to see that instead of the answer. So what still comes is read and dropped (RFC 9112 section 9.6), up to a
 * number of bytes and for a time. curl and browsers stop sending at the answer; others read it only after their last
 * byte. Runs on: the thread of the event base. Owns: the descriptors.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/http/pool_priv.h"
#include "lib/net/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINGERING_MOST = 24, DROPPED_MOST = 16 * 1024 * 1024, PART = 16 * 1024, CONTENT_TEXT = 512, ANSWER_TEXT = 1024 };

struct http_lingering {
    TAILQ_ENTRY(http_lingering) others;
    struct http_pool *pool;
    evutil_socket_t fd;
    struct event *readable;
    uint64_t deadline_ms;
    size_t dropped;
};

/* The texts have no character that JSON escapes. One that was written in part is cut: its reader is slow and new. */
void http_refuse(evutil_socket_t fd, const struct http_refusal *refusal) {
    char content[CONTENT_TEXT], text[ANSWER_TEXT];
    int length =
        snprintf(content, sizeof content,
                 "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\",\"remedy\":\"%s\"}",
                 refusal->title, refusal->status, refusal->detail, refusal->remedy);
    length =
        snprintf(text, sizeof text,
                 "HTTP/1.1 %u %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n%s"
                 "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n%s",
                 refusal->status, refusal->title, length, refusal->is_for_now ? "Retry-After: 1\r\n" : "", content);
    (void)sock_writev(fd, &(struct iovec){text, (size_t)length}, 1);
}

static void free_lingering(struct http_lingering *lingering) {
    TAILQ_REMOVE(&lingering->pool->lingering, lingering, others);
    lingering->pool->lingering_count--;
    if (lingering->readable)
        event_free(lingering->readable);
    sock_close(lingering->fd);
    free(lingering);
}

/* Is there more to come? */
static bool drop(evutil_socket_t fd, size_t *dropped) {
    char part[PART];
    ssize_t count = sock_readv(fd, &(struct iovec){part, sizeof part}, 1);
    if (count < 0)
        return sock_would_block(errno);
    *dropped += (size_t)count;
    return count && *dropped < DROPPED_MOST;
}

static void drop_and_wait(struct http_lingering *lingering) {
    uint64_t now_ms = clock_ms();
    uint64_t left_ms = lingering->deadline_ms > now_ms ? lingering->deadline_ms - now_ms : 0;
    struct timeval left = clock_timeval(left_ms * 1000);
    if (!left_ms || !drop(lingering->fd, &lingering->dropped) || event_add(lingering->readable, &left))
        free_lingering(lingering);
}

static void on_readable(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    drop_and_wait(context);
}

void http_linger(struct http_pool *pool, evutil_socket_t fd) {
    struct http_lingering *lingering = pool->lingering_count < LINGERING_MOST ? calloc(1, sizeof *lingering) : NULL;
    (void)sock_half_close(fd);
    if (!lingering) {
        (void)drop(fd, &(size_t){0});
        sock_close(fd);
        return;
    }
    *lingering = (struct http_lingering){.pool = pool, .fd = fd, .deadline_ms = clock_ms() + pool->limits->request_ms};
    TAILQ_INSERT_TAIL(&pool->lingering, lingering, others);
    pool->lingering_count++;
    lingering->readable = event_new(pool->base, fd, EV_READ, on_readable, lingering);
    if (lingering->readable)
        drop_and_wait(lingering);
    else
        free_lingering(lingering);
}

void http_linger_stop(struct http_pool *pool) {
    while (!TAILQ_EMPTY(&pool->lingering))
        free_lingering(TAILQ_FIRST(&pool->lingering));
}

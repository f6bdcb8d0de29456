/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pacing: so many requests a second are looked at, and the others wait for their turn.
 *
 * Answers are made on a thread, and of data of threads, that have clients to serve, so what all who ask together may
 * cost is bounded here. They are slowed down rather than refused: a script in a loop needs no code for 429, and since a
 * connection has one request under way, there are never more that wait than there are connections. It is the first
 * thing that happens to a request, before tokens are compared, so that guessing is slowed down, too.
 *
 * The virtual scheduling of ITU-T I.371 (GCRA): due_us is when the next request would come if they came evenly, and one
 * may come up to a burst earlier than that.
 * Runs on: the thread of the event base. Owns: the timer; the requests while they wait.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/http/request_priv.h"

enum { SECOND_US = 1000000 };

static uint64_t interval_us(const struct http_pacing *pacing) {
    return SECOND_US / pacing->requests_per_s;
}

/* Until the next request may be taken; 0: at once. A burst is what a second allows. */
static uint64_t wait_us(const struct http_pacing *pacing, uint64_t now_us) {
    uint64_t earliest_us = pacing->due_us + interval_us(pacing);

    return earliest_us > now_us + SECOND_US ? earliest_us - now_us - SECOND_US : 0;
}

static void take_at(struct http_pacing *pacing, struct http_request *request, uint64_t now_us) {
    pacing->due_us = (pacing->due_us > now_us ? pacing->due_us : now_us) + interval_us(pacing);
    pacing->handle(request);
}

static void set_timer(struct http_pacing *pacing, uint64_t left_us) {
    const struct timeval wait = clock_timeval(left_us);

    if (evtimer_add(pacing->timer, &wait)) /* no memory: asked again in the next turn of the loop */
        event_active(pacing->timer, EV_TIMEOUT, 0);
}

static void leave(struct http_request *request) {
    TAILQ_REMOVE(&request->server->pacing.waiting, request, turn);
    request->on_gone = NULL;
}

/* The client went first, or the connection's time was over. */
static void on_gone(struct http_request *request, void *context) {
    (void)context;
    leave(request);
    http_request_free(request);
}

static void on_turn(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct http_pacing *pacing = context;
    struct http_request *request;

    while ((request = TAILQ_FIRST(&pacing->waiting))) {
        uint64_t now_us = clock_us(), left_us = wait_us(pacing, now_us);
        if (left_us) {
            set_timer(pacing, left_us);
            return;
        }
        leave(request);
        take_at(pacing, request, now_us);
    }
}

bool http_pacing_init(struct http_pacing *pacing, struct event_base *base, unsigned requests_per_s,
                      void (*handle)(struct http_request *request)) {
    TAILQ_INIT(&pacing->waiting);
    pacing->requests_per_s = requests_per_s;
    pacing->handle = handle;
    pacing->timer = evtimer_new(base, on_turn, pacing);
    return pacing->timer;
}

void http_pacing_done(struct http_pacing *pacing) {
    if (pacing->timer)
        event_free(pacing->timer);
}

void http_pacing_take(struct http_request *request) {
    struct http_pacing *pacing = &request->server->pacing;
    uint64_t now_us = clock_us(), left_us = wait_us(pacing, now_us);
    bool is_next = TAILQ_EMPTY(&pacing->waiting);

    if (is_next && !left_us) {
        take_at(pacing, request, now_us);
        return;
    }
    request->server->counts.delayed++;
    http_request_on_gone(request, on_gone, NULL);
    TAILQ_INSERT_TAIL(&pacing->waiting, request, turn);
    if (is_next)
        set_timer(pacing, left_us);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_guard: see http_guard.h. Of the bytes that are kept the first ones are passable, further ones are read, and are
 * of a head that is not complete; the rest is not read, since it waits for a response.
 */
#include "config.h"

#include "relay/http_guard.h"

#include "proto/http_answer.h"
#include "proto/http_requests.h"
#include "proto/http_responses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MOST = 16384, KEPT_MOST = 2 * HEAD_MOST /* a head, and room for a read */ };

struct http_guard {
    struct host_routes *routes;
    const struct service *service; /* only its address is used */
    struct http_requests *requests;
    struct http_responses *responses;
    uint8_t *bytes; /* NULL while there are none */
    size_t passable, read, length;
    enum http_guard_state state;
    enum http_guard_refusal refusal;
    const char *answer; /* NULL: there is none */
    size_t answer_length;
    bool is_in_request; /* its head is let in, and its end is not read */
    bool has_head_only; /* of that; the head is not passable before llhttp has gone on behind it */
    bool awaits_room;   /* while holding: for an answer to any request, and not for one to an upgrade */
    bool has_ended;     /* the destination */
    char detail[160];
};

static const char misdirected[] =
    HTTP_ANSWER("421 Misdirected Request", "51", "This connection is for another host. Open another.");
static const char bad_request[] = HTTP_ANSWER("400 Bad Request", "22", "The request is wrong.");
static const char too_large[] = HTTP_ANSWER("431 Request Header Fields Too Large", "22", "The head is too long.");

/* ---- life ---- */

struct http_guard *http_guard_new(struct host_routes *routes, const struct service *service) {
    struct http_guard *guard = calloc(1, sizeof *guard);

    if (!guard)
        return NULL;
    guard->requests = http_requests_new();
    guard->responses = http_responses_new();
    guard->routes = host_routes_hold(routes);
    guard->service = service;
    if (guard->requests && guard->responses)
        return guard;
    http_guard_free(guard);
    return NULL;
}

void http_guard_clear(struct http_guard *guard) {
    http_requests_free(guard->requests);
    http_responses_free(guard->responses);
    host_routes_release(guard->routes);
    free(guard->bytes);
    guard->requests = NULL;
    guard->responses = NULL;
    guard->routes = NULL;
    guard->bytes = NULL;
    guard->passable = guard->read = guard->length = 0;
}

void http_guard_free(struct http_guard *guard) {
    if (!guard)
        return;
    http_guard_clear(guard);
    free(guard);
}

/* ---- requests ---- */

/* What is not passable is dropped. answer: NULL for none. */
static void stop(struct http_guard *guard, enum http_guard_refusal refusal, const char *answer) {
    const char *body = answer && http_requests_is_head(guard->requests) ? strstr(answer, "\r\n\r\n") : NULL;

    guard->state = HTTP_GUARD_STOPPED;
    guard->refusal = refusal;
    guard->answer = answer;
    guard->answer_length = body ? (size_t)(body - answer) + 4 : answer ? strlen(answer) : 0;
    guard->read = guard->length = guard->passable;
}

static void refuse_malformed(struct http_guard *guard, const char *why, const char *answer) {
    snprintf(guard->detail, sizeof guard->detail, "a request is malformed: %s", why);
    stop(guard, HTTP_GUARD_MALFORMED, answer);
}

static void refuse_host(struct http_guard *guard, const char *host) {
    snprintf(guard->detail, sizeof guard->detail, "a later request is for another host: %s", *host ? host : "none");
    stop(guard, HTTP_GUARD_MISDIRECTED, misdirected);
}

/* Unless it has to wait for an answer to an earlier one. */
static void let_in(struct http_guard *guard) {
    const struct http_requests *requests = guard->requests;

    guard->awaits_room =
        !http_responses_expect(guard->responses, http_requests_is_head(requests), http_requests_is_connect(requests));
    guard->is_in_request = guard->has_head_only = !guard->awaits_room;
    guard->state = guard->awaits_room ? HTTP_GUARD_HOLDING : HTTP_GUARD_READING;
}

static void judge_head(struct http_guard *guard) {
    const char *host = http_requests_host(guard->requests);

    if (host_routes_lead(guard->routes, host) != guard->service)
        refuse_host(guard, host);
    else
        let_in(guard);
}

static void judge_part(struct http_guard *guard) {
    if (guard->is_in_request)
        guard->passable = guard->read;
    else if (guard->read - guard->passable > HEAD_MOST)
        refuse_malformed(guard, "its head is too long", too_large);
}

static void note_end(struct http_guard *guard) {
    guard->passable = guard->read;
    guard->is_in_request = false;
}

static void refuse_wrong(struct http_guard *guard) {
    if (guard->has_head_only) { /* llhttp judges Transfer-Encoding behind the head */
        http_responses_forget_last(guard->responses);
        guard->is_in_request = false;
    }
    if (http_requests_is_past_close(guard->requests))
        stop(guard, HTTP_GUARD_NOTHING, NULL); /* the client has said that it expects no more answers */
    else
        refuse_malformed(guard, http_requests_detail(guard->requests), bad_request);
}

/* Whether what follows is HTTP will not be known. */
static void refuse_upgrade(struct http_guard *guard) {
    snprintf(guard->detail, sizeof guard->detail, "the destination's answer to an upgrade is malformed");
    stop(guard, HTTP_GUARD_MALFORMED, NULL);
}

static void read_upgrade(struct http_guard *guard) {
    switch (http_responses_upgrade(guard->responses)) {
    case HTTP_UPGRADE_DONE:
        guard->state = HTTP_GUARD_OPEN;
        guard->passable = guard->read = guard->length;
        break;
    case HTTP_UPGRADE_REFUSED:
        guard->state = HTTP_GUARD_READING;
        break;
    default:
        guard->state = HTTP_GUARD_HOLDING;
        if (http_responses_is_lost(guard->responses))
            refuse_upgrade(guard);
    }
}

static void read_step(struct http_guard *guard, enum http_step step) {
    if (step != HTTP_STEP_HEAD && step != HTTP_STEP_WRONG)
        guard->has_head_only = false;
    switch (step) {
    case HTTP_STEP_MORE:
        judge_part(guard);
        break;
    case HTTP_STEP_HEAD:
        judge_head(guard);
        break;
    case HTTP_STEP_END:
        note_end(guard);
        break;
    case HTTP_STEP_UPGRADE:
        note_end(guard);
        read_upgrade(guard);
        break;
    case HTTP_STEP_WRONG:
        refuse_wrong(guard);
        break;
    }
}

static void read_on(struct http_guard *guard) {
    enum http_step step = HTTP_STEP_HEAD;
    size_t taken;

    while (guard->state == HTTP_GUARD_READING && guard->bytes && step != HTTP_STEP_MORE) {
        step = http_requests_read(guard->requests, guard->bytes + guard->read, guard->length - guard->read, &taken);
        guard->read += taken;
        read_step(guard, step);
    }
}

/* ---- the client's bytes ---- */

static void free_if_empty(struct http_guard *guard) {
    if (guard->length > 0)
        return;
    free(guard->bytes);
    guard->bytes = NULL;
}

uint8_t *http_guard_room(struct http_guard *guard, size_t *room) {
    if (!guard->bytes)
        guard->bytes = malloc(KEPT_MOST);
    if (!guard->bytes)
        return NULL;
    *room = KEPT_MOST - guard->length;
    return guard->bytes + guard->length;
}

void http_guard_take(struct http_guard *guard, size_t length) {
    guard->length += length;
    if (length > 0)
        read_on(guard);
    free_if_empty(guard);
}

const uint8_t *http_guard_passable(const struct http_guard *guard, size_t *length) {
    *length = guard->passable;
    return guard->bytes;
}

void http_guard_passed(struct http_guard *guard, size_t length) {
    guard->passable -= length;
    guard->read -= length;
    guard->length -= length;
    memmove(guard->bytes, guard->bytes + length, guard->length);
    free_if_empty(guard);
}

/* ---- responses ---- */

static void resume(struct http_guard *guard) {
    bool is_switched = http_responses_upgrade(guard->responses) == HTTP_UPGRADE_DONE;

    if (guard->state == HTTP_GUARD_READING && is_switched)
        read_upgrade(guard); /* that the request had asked for, if not as llhttp has it */
    if (guard->state != HTTP_GUARD_HOLDING)
        return;
    if (guard->awaits_room)
        let_in(guard);
    else
        read_upgrade(guard);
    read_on(guard);
}

void http_guard_respond(struct http_guard *guard, const struct iovec *parts, int count) {
    for (int i = 0; i < count; i++)
        http_responses_read(guard->responses, parts[i].iov_base, parts[i].iov_len);
    resume(guard);
    free_if_empty(guard);
}

void http_guard_end(struct http_guard *guard) {
    guard->has_ended = true;
    if (guard->state == HTTP_GUARD_HOLDING)
        stop(guard, HTTP_GUARD_NOTHING, NULL);
    free_if_empty(guard);
}

/* ---- the end ---- */

/*
 * A request that is malformed in its body has passed in part, and the destination may wait for the rest of it: it gets
 * the end, and if it closes without a response ours is the response to that request.
 */
enum http_guard_step http_guard_next(const struct http_guard *guard) {
    size_t waiting = http_responses_waiting(guard->responses), own = guard->is_in_request ? 1 : 0;

    if (guard->passable > 0)
        return HTTP_GUARD_WAIT;
    if (!guard->answer || http_responses_is_lost(guard->responses) ||
        http_responses_upgrade(guard->responses) == HTTP_UPGRADE_DONE)
        return HTTP_GUARD_FINISH;
    if (guard->has_ended || (own && waiting <= 1))
        return guard->has_ended && waiting == own && http_responses_is_between(guard->responses) ? HTTP_GUARD_ANSWER
                                                                                                 : HTTP_GUARD_FINISH;
    if (waiting > 0)
        return HTTP_GUARD_WAIT;
    return http_responses_is_between(guard->responses) ? HTTP_GUARD_ANSWER : HTTP_GUARD_FINISH;
}

const char *http_guard_answer(const struct http_guard *guard, size_t *length) {
    *length = guard->answer_length;
    return guard->answer;
}

enum http_guard_state http_guard_state(const struct http_guard *guard) {
    return guard->state;
}

enum http_guard_refusal http_guard_refusal(const struct http_guard *guard) {
    return guard->refusal;
}

const char *http_guard_detail(const struct http_guard *guard) {
    return guard->refusal == HTTP_GUARD_NOTHING ? NULL : guard->detail;
}

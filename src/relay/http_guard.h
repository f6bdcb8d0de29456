/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_guard: the later requests of a client that was routed by the host of its first one: each has to lead to the same
 * service, or it is not passed on, nor is anything behind it (RFC 9110, 15.5.20).
 *
 * What the client sends goes through it. Requests are read by llhttp; a head is kept until it is complete, and then
 * passes, or not. What cannot be parsed is not passed on, either: the destination might read it as another request. The
 * responses are followed, too, so that an answer of ours comes behind those to earlier requests, and an Upgrade that
 * the destination has accepted ends all this.
 *
 * It goes with its client from one agent to the next. Runs on: the thread that has the client. Owns: the parsers, a
 * reference of the routes, what is kept, which is bounded.
 */
#ifndef MUNNEL_RELAY_HTTP_GUARD_H
#define MUNNEL_RELAY_HTTP_GUARD_H

#include "lib/base/posix_types.h"
#include "relay/host_routes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_guard_state {
    HTTP_GUARD_READING,
    HTTP_GUARD_HOLDING, /* what comes next depends on a response: nothing is to be read from the client */
    HTTP_GUARD_STOPPED, /* nothing more of the client is passed on: http_guard_next */
    HTTP_GUARD_OPEN,    /* another protocol: once what is passable has passed, it is no more needed */
};

enum http_guard_refusal { HTTP_GUARD_NOTHING, HTTP_GUARD_MISDIRECTED, HTTP_GUARD_MALFORMED };

/* What is to be done once it is stopped. */
enum http_guard_step {
    HTTP_GUARD_WAIT,   /* for responses, or until what is passable has passed */
    HTTP_GUARD_ANSWER, /* http_guard_answer goes to the client now, behind all that came from the destination */
    HTTP_GUARD_FINISH, /* there is no answer, or not yet: the destination gets the end of the requests */
};

struct http_guard;

/* Takes a reference of the routes. NULL when out of memory. */
struct http_guard *http_guard_new(struct host_routes *routes, const struct service *service);
void http_guard_free(struct http_guard *guard);  /* NULL is fine */
void http_guard_clear(struct http_guard *guard); /* once it is open: frees all but what http_guard_refusal tells */

enum http_guard_state http_guard_state(const struct http_guard *guard);
/* Where what the client sends is to be read into; always some room while it is reading. Then http_guard_take, with the
 * number of bytes, also if there are none. NULL: out of memory. */
uint8_t *http_guard_room(struct http_guard *guard, size_t *room);
void http_guard_take(struct http_guard *guard, size_t length);
/* What may go to the destination; then how much of it has. */
const uint8_t *http_guard_passable(const struct http_guard *guard, size_t *length);
void http_guard_passed(struct http_guard *guard, size_t length);
/* What has come from the destination; its end, after which http_guard_next is to be asked once more. */
void http_guard_respond(struct http_guard *guard, const struct iovec *parts, int count);
void http_guard_end(struct http_guard *guard);

enum http_guard_step http_guard_next(const struct http_guard *guard); /* stopped */
const char *http_guard_answer(const struct http_guard *guard, size_t *length);

enum http_guard_refusal http_guard_refusal(const struct http_guard *guard);
const char *http_guard_detail(const struct http_guard *guard); /* of the refusal; NULL: there was none */

#endif

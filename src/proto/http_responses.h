/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_responses: the responses on an HTTP/1 connection as they pass, by llhttp: which of its requests are answered.
 *
 * It judges nothing: a response that it cannot follow ends only what it knows (is lost). Where that may be, the parser
 * is lenient, since the destination is who answers for its responses.
 * Runs on: the thread that owns it. Owns: the parser's state, of fixed size.
 */
#ifndef MUNNEL_PROTO_HTTP_RESPONSES_H
#define MUNNEL_PROTO_HTTP_RESPONSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_RESPONSES_MOST = 1024 /* requests that wait for their responses */ };

enum http_upgrade {
    HTTP_UPGRADE_NONE,    /* the last request is not answered yet */
    HTTP_UPGRADE_REFUSED, /* its answer has begun, and HTTP goes on */
    HTTP_UPGRADE_DONE,    /* what follows, in both directions, is of another protocol */
};

struct http_responses;

struct http_responses *http_responses_new(void); /* NULL when out of memory */
void http_responses_free(struct http_responses *responses);
/* A request goes to the destination. False: so many wait already, and it may not go before one of them is answered. */
bool http_responses_expect(struct http_responses *responses, bool is_head, bool is_connect);
void http_responses_forget_last(struct http_responses *responses); /* that does not go there, after all; nothing was
                                                                    read meanwhile */
void http_responses_read(struct http_responses *responses, const uint8_t *bytes, size_t length);

/* How many requests are not answered in whole. */
size_t http_responses_waiting(const struct http_responses *responses);
/* All bytes of the last response have passed, and another one may follow: no close was announced, none is lost. */
bool http_responses_is_between(const struct http_responses *responses);
bool http_responses_is_lost(const struct http_responses *responses); /* no response can be told from another any more */
enum http_upgrade http_responses_upgrade(const struct http_responses *responses);

#endif

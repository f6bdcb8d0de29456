/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * request: what a handler gets, and how it answers: once, at once or later.
 *
 * A handler may return without an answer and keep the handle: it stays valid until it is answered, also when the client
 * is gone, when it took too long (the client got 504) or when the server was freed; the answer is dropped then. So each
 * handle is answered exactly once, and never used afterwards.
 *
 * Runs on: the thread of the server's event base. Owns: copies of all that it returns, until the answer.
 */
#ifndef MUNNEL_LIB_HTTP_REQUEST_H
#define MUNNEL_LIB_HTTP_REQUEST_H

#include "lib/base/format.h"
#include "lib/net/addr.h"

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum http_method { HTTP_METHOD_GET, HTTP_METHOD_POST, HTTP_METHOD_PUT, HTTP_METHOD_DELETE, HTTP_METHOD_OTHER };
enum http_role { HTTP_ROLE_NONE, HTTP_ROLE_VIEW, HTTP_ROLE_OPERATE, HTTP_ROLE_ADMIN };

struct http_request;

/* ---- what was asked ---- */

enum http_method http_request_method(const struct http_request *request); /* GET for HEAD, too */
const char *http_method_name(enum http_method method);
const char *http_request_path(const struct http_request *request); /* as it came, printable ASCII, without query */
enum http_role http_request_role(const struct http_request *request);
/* Who asks, for the log and for "paused by": "user 1000", "token laptop". Never NULL. */
const char *http_request_actor(const struct http_request *request);

/* Of the route's path, by name: decoded, UTF-8 without control characters and '/', 1 to 255 bytes. Never NULL for a
 * name that is in the path. */
const char *http_request_param(const struct http_request *request, const char *name);
const char *http_request_query(const struct http_request *request, const char *name); /* likewise; NULL: not there */
/* Accept, Accept-Encoding, Content-Type, If-Match, If-None-Match, Last-Event-ID, User-Agent; NULL: not there, or
 * another. */
const char *http_request_header(const struct http_request *request, const char *name);
const json_t *http_request_body(const struct http_request *request); /* an object, borrowed; NULL: none was sent */
/* Does Accept name this media type (not by a wildcard)? /v1/events is text/event-stream only for who asks for it. */
bool http_request_accepts(const struct http_request *request, const char *media_type);

/* Query parameters by type; *value stays as it is if there is none. False: malformed, and 400 has been answered. */
bool http_query_number(struct http_request *request, const char *name, uint64_t minimum, uint64_t maximum,
                       uint64_t *value);
bool http_query_flag(struct http_request *request, const char *name,
                     bool *value); /* true, false, 1, 0, or empty: true */
bool http_query_choice(struct http_request *request, const char *name, const char *const *choices, size_t *value);

/* ---- the client ---- */

bool http_request_is_gone(const struct http_request *request);
/* Called once when the client goes before the answer; the handle still has to be answered. NULL: no more. */
void http_request_on_gone(struct http_request *request, void (*on_gone)(struct http_request *request, void *context),
                          void *context);

/* ---- versions ---- */

enum http_match { HTTP_MATCH_ABSENT, HTTP_MATCH_YES, HTTP_MATCH_NO };
/* Does If-Match name this version (without quotes), or "*"? By strong comparison: a weak tag never does. */
enum http_match http_request_if_match(const struct http_request *request, const char *version);
/* True if it does. Else 428 (If-Match is missing) or 412 has been answered, with the current version as ETag. */
bool http_request_require_match(struct http_request *request, const char *version);
/* ETag of the answer; printable ASCII without quotes, at most 80. A GET whose If-None-Match names it becomes 304. */
void http_request_set_version(struct http_request *request, const char *version);

/* ---- the answer: exactly one of these, also of http_stream_open() ---- */

void http_answer_json(struct http_request *request, unsigned status,
                      json_t *body);                                   /* takes it over; NULL becomes 500 */
void http_answer_empty(struct http_request *request, unsigned status); /* 204, 202 ... */
/* Takes over the content, which it empties and frees. NULL becomes 500. */
void http_answer_content(struct http_request *request, unsigned status, const char *content_type,
                         struct evbuffer *content);
void http_answer_text(struct http_request *request, unsigned status, const char *text); /* text/plain, copied */

struct http_problem { /* RFC 9457; what is NULL or 0 is left out */
    unsigned status;
    const char *title;   /* NULL: the status's own words */
    const char *detail;  /* what is wrong, and why */
    const char *remedy;  /* what to do */
    const char *pointer; /* JSON pointer into the body, or into the configuration */
    const char *file;
    unsigned line;
};
void http_answer_problem(struct http_request *request, const struct http_problem *problem);
void http_answer_error(struct http_request *request, unsigned status, const char *format, ...)
    PRINTF_LIKE(3, 4); /* a problem with this detail */

#endif

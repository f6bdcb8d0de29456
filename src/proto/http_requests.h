/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_requests: the requests of an HTTP/1 connection as they pass, by llhttp: for which host each is, and where it
 * ends.
 *
 * Runs on: the thread that owns it. Owns: the parser's state, of which nothing grows with a request.
 */
#ifndef MUNNEL_PROTO_HTTP_REQUESTS_H
#define MUNNEL_PROTO_HTTP_REQUESTS_H

#include "proto/host_name.h"

#include <stddef.h>
#include <stdint.h>

struct http_requests;

enum http_step {
    HTTP_STEP_MORE, /* all bytes were taken */
    HTTP_STEP_HEAD, /* the head of a request is complete: http_requests_host */
    HTTP_STEP_END,  /* a request is complete */
    /* It was CONNECT, or asks for another protocol by Upgrade: what follows is of that, unless the answer declines. */
    HTTP_STEP_UPGRADE,
    HTTP_STEP_WRONG, /* malformed, from here on; http_requests_detail */
};

struct http_requests *http_requests_new(void); /* NULL when out of memory */
void http_requests_free(struct http_requests *requests);
/* The next step; *taken: how many bytes lie before it. Call it again with the others, also if there are none, until it
 * takes them all. */
enum http_step http_requests_read(struct http_requests *requests, const uint8_t *bytes, size_t length, size_t *taken);
/* The host that the request names, as host_name_read has it: that of an absolute target, else of the field Host; "":
 * none, which HTTP/1.0 allows. */
const char *http_requests_host(const struct http_requests *requests);
const char *http_requests_detail(const struct http_requests *requests);
bool http_requests_is_head(const struct http_requests *requests); /* of the request whose head came last, as the next */
bool http_requests_is_connect(const struct http_requests *requests);
bool http_requests_is_past_close(const struct http_requests *requests); /* WRONG, as the request before was the last */
bool http_requests_has_begun(const struct http_requests *requests);     /* a method and a part of a target have come */

/* Of the first bytes of a connection: is this the preface of HTTP/2, which names no host that could be seen? */
bool http_is_preface(const uint8_t *bytes, size_t length);

#endif

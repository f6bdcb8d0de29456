/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_head: the head of an HTTP/1 response, by llhttp: its status, its reason, and the values of one field. Of an
 * answer to CONNECT nothing else matters. Runs on: any thread, one at a time. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_HTTP_HEAD_H
#define MUNNEL_PROTO_HTTP_HEAD_H

#include "lib/llhttp/llhttp.h"

#include <stdbool.h>

enum { HTTP_HEAD_NAME = 32, HTTP_HEAD_VALUE = 4096, HTTP_HEAD_REASON = 64 };

struct http_head {
    unsigned status;
    char reason[HTTP_HEAD_REASON]; /* printable ASCII, cut where it is longer; may be "" */
    /* from here on http_head.c's own */
    llhttp_t parser;
    const char *wanted;
    void (*on_value)(void *context, const char *value, size_t length);
    void *context;
    size_t reason_length, name_length, value_length; /* may be more than there is room for */
    char name[HTTP_HEAD_NAME], value[HTTP_HEAD_VALUE];
};

/* `wanted`: the field whose values on_value gets, each not terminated and without those of HTTP_HEAD_VALUE bytes or
 * more. `head` must not move from now on. */
void http_head_begin(struct http_head *head, const char *wanted,
                     void (*on_value)(void *context, const char *value, size_t length), void *context);

/* The next bytes, in any pieces. *taken of them belong to a head that is WHOLE, which is read no further. A bare LF may
 * end a line (RFC 9112, 2.2), and a line may be folded. */
enum http_head_state { HTTP_HEAD_INCOMPLETE, HTTP_HEAD_WHOLE, HTTP_HEAD_MALFORMED };
enum http_head_state http_head_read(struct http_head *head, const void *bytes, size_t length, size_t *taken);

#endif

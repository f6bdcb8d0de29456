/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_head: the head of an HTTP/1 response (RFC 9112), status line and fields, as a value: of an answer to CONNECT
 * nothing else matters. HACKING.md says why it is parsed here.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_HTTP_HEAD_H
#define MUNNEL_PROTO_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_MAX = 8192, HTTP_REASON = 64 };

struct http_head {
    unsigned status;          /* 100 to 599 */
    char reason[HTTP_REASON]; /* printable ASCII, cut where it is longer; may be "" */
};

/* Could these bytes, however few, be the beginning of an HTTP/1 response? */
bool http_head_may_begin(const uint8_t *bytes, size_t length);

/* The length of the head with its empty line; 0: that has not come. *scanned, 0 at first, is how far an earlier call
 * has looked, so that a head that comes byte by byte is looked through once. */
size_t http_head_find_end(const uint8_t *bytes, size_t length, size_t *scanned);

/*
 * Parses a whole head, `length` as found. A folded line (obs-fold) is joined to the one before it by spaces, for which
 * `bytes` is changed. on_field gets each field in its order, `value` without space around it; neither is terminated.
 * False: malformed; fields before the fault were given out.
 */
bool http_head_parse(struct http_head *head, uint8_t *bytes, size_t length,
                     void (*on_field)(void *context, const char *name, size_t name_length, const char *value,
                                      size_t value_length),
                     void *context);

#endif

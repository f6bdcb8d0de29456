/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reply_head: parses what the client reads: the head of an answer, the size of a chunk, an event.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_HTTP_REPLY_HEAD_H
#define MUNNEL_LIB_HTTP_REPLY_HEAD_H

#include <stdbool.h>
#include <stddef.h>

enum { REPLY_HEAD_MOST = 16 * 1024 };

struct reply_head {
    unsigned status;
    size_t size; /* of the head, with the empty line */
    bool has_length, is_chunked, must_close;
    size_t length;
    char version[96];
    char content_type[64];
};

/* These return 1; 0: incomplete, so there must be more bytes; -1: malformed. */
int reply_head_parse(struct reply_head *head, const char *bytes, size_t length);
/* "1a\r\n" before the data of a chunk: the size of this line, and of the data, which "\r\n" follows. 0: the last one.
 */
int reply_chunk_parse(const char *bytes, size_t length, size_t *line_size, size_t *data_size);

struct reply_event {
    char *id, *name, *data; /* within the text, terminated; id and name: NULL if not there; data: NULL: no event */
};
/* The block of lines at `text` up to an empty line, which it takes apart in place; *taken: its bytes. 1 or 0. */
int reply_event_parse(struct reply_event *event, char *text, size_t length, size_t *taken);

#endif

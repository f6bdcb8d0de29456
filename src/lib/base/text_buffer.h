/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * text_buffer: a text that grows as it is written. For one of a fixed size, without printf, see strbuf.h.
 * Runs on: any thread, one at a time. Owns: the text until it is taken.
 */
#ifndef MUNNEL_LIB_BASE_TEXT_BUFFER_H
#define MUNNEL_LIB_BASE_TEXT_BUFFER_H

#include "lib/base/format.h"

#include <stdbool.h>
#include <stddef.h>

struct text_buffer { /* all zero: an empty one */
    char *bytes;     /* terminated; NULL while it is empty */
    size_t length, room;
    bool is_lost; /* out of memory: all of it is gone, and what is added is not kept */
};

void text_buffer_add(struct text_buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* The text, malloc'ed and terminated, also if it is empty; NULL: out of memory. The buffer is empty then. */
char *text_buffer_take(struct text_buffer *buffer);

/* A text of one piece, malloc'ed; NULL: out of memory. */
char *text_buffer_format(const char *format, ...) PRINTF_LIKE(1, 2);

#endif

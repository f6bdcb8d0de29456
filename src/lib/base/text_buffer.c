/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * text_buffer: see text_buffer.h.
 */
#include "config.h"

#include "lib/base/text_buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ROOM = 256 };

static void lose(struct text_buffer *buffer) {
    free(buffer->bytes);
    *buffer = (struct text_buffer){.is_lost = true};
}

/* For so many bytes more and the terminator. */
static bool make_room(struct text_buffer *buffer, size_t more) {
    size_t room = buffer->room ? buffer->room : FIRST_ROOM;
    while (room - buffer->length <= more)
        room *= 2;
    if (room == buffer->room)
        return true;
    char *bytes = realloc(buffer->bytes, room);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->room = room;
    return true;
}

static PRINTF_LIKE(2, 0) void add(struct text_buffer *buffer, const char *format, va_list arguments) {
    if (buffer->is_lost)
        return;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length >= 0 && make_room(buffer, (size_t)length))
        buffer->length += (size_t)vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, arguments);
    else
        lose(buffer);
}

void text_buffer_add(struct text_buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add(buffer, format, arguments);
    va_end(arguments);
}

char *text_buffer_take(struct text_buffer *buffer) {
    text_buffer_add(buffer, "%s", ""); /* an empty text, too, is one */
    char *bytes = buffer->bytes;
    *buffer = (struct text_buffer){0};
    return bytes;
}

char *text_buffer_format(const char *format, ...) {
    struct text_buffer buffer = {0};
    va_list arguments;
    va_start(arguments, format);
    add(&buffer, format, arguments);
    va_end(arguments);
    return text_buffer_take(&buffer);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * strbuf: see strbuf.h.
 */
#include "config.h"

#include "lib/base/strbuf.h"

#include <string.h>

struct strbuf strbuf_begin(char *bytes, size_t size) {
    bytes[0] = '\0';
    return (struct strbuf){.bytes = bytes, .size = size};
}

static void add_bytes(struct strbuf *text, const char *bytes, size_t length) {
    size_t room = text->is_cut ? 0 : text->size - 1 - text->length;
    text->is_cut = text->is_cut || length > room;
    length = length < room ? length : room;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void strbuf_add(struct strbuf *text, const char *more) {
    add_bytes(text, more, strlen(more));
}

void strbuf_add_part(struct strbuf *text, const char *more, size_t most) {
    add_bytes(text, more, strnlen(more, most));
}

void strbuf_add_number(struct strbuf *text, uint64_t number) {
    char digits[STRBUF_DIGITS];
    size_t count = strbuf_digits(digits, number);
    add_bytes(text, digits + STRBUF_DIGITS - count, count);
}

void strbuf_copy(char *to, size_t size, const char *from) {
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

size_t strbuf_digits(char digits[STRBUF_DIGITS], uint64_t number) {
    size_t at = STRBUF_DIGITS;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return STRBUF_DIGITS - at;
}

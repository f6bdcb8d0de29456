/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * text: see text.h.
 */
#include "config.h"

#include "lib/text.h"

#include <string.h>

struct text text_begin(char *bytes, size_t size) {
    bytes[0] = '\0';
    return (struct text){.bytes = bytes, .size = size};
}

static void add_bytes(struct text *text, const char *bytes, size_t length) {
    size_t room = text->is_cut ? 0 : text->size - 1 - text->length;
    text->is_cut = text->is_cut || length > room;
    length = length < room ? length : room;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *more) {
    add_bytes(text, more, strlen(more));
}

void text_add_part(struct text *text, const char *more, size_t most) {
    add_bytes(text, more, strnlen(more, most));
}

void text_add_number(struct text *text, uint64_t number) {
    char digits[TEXT_DIGITS];
    size_t count = text_digits(digits, number);
    add_bytes(text, digits + TEXT_DIGITS - count, count);
}

void text_copy(char *to, size_t size, const char *from) {
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

size_t text_digits(char digits[TEXT_DIGITS], uint64_t number) {
    size_t at = TEXT_DIGITS;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return TEXT_DIGITS - at;
}

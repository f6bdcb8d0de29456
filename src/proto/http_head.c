/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_head: see http_head.h.
 */
#include "config.h"

#include "proto/http_head.h"

#include <string.h>

static const char version[] = "HTTP/1.";

bool http_head_may_begin(const uint8_t *bytes, size_t length) {
    size_t compared = length < sizeof version - 1 ? length : sizeof version - 1;
    return memcmp(bytes, version, compared) == 0;
}

/* RFC 9112, 2.2: a single LF may end a line, too. */
size_t http_head_find_end(const uint8_t *bytes, size_t length, size_t *scanned) {
    for (size_t i = *scanned; i < length; i++) {
        if (bytes[i] != '\n')
            continue;
        size_t next = i + 1;
        if (next < length && bytes[next] == '\r')
            next++;
        if (next >= length) {
            *scanned = i; /* what follows decides */
            return 0;
        }
        if (bytes[next] == '\n')
            return next + 1;
    }
    *scanned = length;
    return 0;
}

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

static bool is_tchar(uint8_t byte) {
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\t';
}

/* No control character but a tab: neither a NUL, which would cut a text here, nor a bare CR. */
static bool has_plain_text(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if ((bytes[i] < ' ' && bytes[i] != '\t') || bytes[i] == 0x7f)
            return false;
    return true;
}

static void take_reason(struct http_head *head, const uint8_t *bytes, size_t length) {
    size_t used = 0;
    for (; used < length && used < HTTP_REASON - 1; used++)
        head->reason[used] = bytes[used] >= ' ' && bytes[used] < 0x7f ? (char)bytes[used] : '?';
    head->reason[used] = '\0';
}

/* "HTTP/1.1 407 Proxy Authentication Required"; some leave the reason out, and the space before it. */
static bool parse_status_line(struct http_head *head, const uint8_t *line, size_t length) {
    size_t at = sizeof version - 1;
    if (length < at + 5 || !http_head_may_begin(line, length) || !is_digit(line[at]) || line[at + 1] != ' ')
        return false;
    const uint8_t *code = line + at + 2;
    if (code[0] < '1' || code[0] > '5' || !is_digit(code[1]) || !is_digit(code[2]))
        return false;
    head->status = (code[0] - '0') * 100u + (code[1] - '0') * 10u + (code[2] - '0');
    at += 5;
    if (at < length && line[at] != ' ')
        return false;
    if (at < length)
        at++;
    if (!has_plain_text(line + at, length - at))
        return false;
    take_reason(head, line + at, length - at);
    return true;
}

/* The end of the line that begins at `from`, without its CR LF; *next is the line behind it. */
static size_t line_end(const uint8_t *bytes, size_t length, size_t from, size_t *next) {
    const uint8_t *lf = memchr(bytes + from, '\n', length - from);
    size_t end = lf ? (size_t)(lf - bytes) : length;
    *next = lf ? end + 1 : length;
    return end > from && bytes[end - 1] == '\r' ? end - 1 : end;
}

/* Lines that begin with a space belong to the one before. */
static size_t unfold(uint8_t *bytes, size_t length, size_t from, size_t *next) {
    size_t end = line_end(bytes, length, from, next);
    while (*next < length && is_space(bytes[*next])) {
        memset(bytes + end, ' ', *next - end);
        end = line_end(bytes, length, *next, next);
    }
    return end;
}

bool http_head_parse(struct http_head *head, uint8_t *bytes, size_t length,
                     void (*on_field)(void *context, const char *name, size_t name_length, const char *value,
                                      size_t value_length),
                     void *context) {
    size_t next, end = line_end(bytes, length, 0, &next);
    if (!parse_status_line(head, bytes, end) || (next < length && is_space(bytes[next])))
        return false;
    for (size_t from = next; from < length; from = next) {
        end = unfold(bytes, length, from, &next);
        if (end == from)
            return next == length; /* the empty line */
        size_t name = from;
        while (name < end && is_tchar(bytes[name]))
            name++;
        if (name == from || name == end || bytes[name] != ':' || !has_plain_text(bytes + name, end - name))
            return false;
        size_t value = name + 1;
        while (value < end && is_space(bytes[value]))
            value++;
        while (end > value && is_space(bytes[end - 1]))
            end--;
        on_field(context, (const char *)bytes + from, name - from, (const char *)bytes + value, end - value);
    }
    return false;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_status: see http_status.h.
 */
#include "config.h"

#include "relay/health/http_status.h"

#include <stdbool.h>
#include <string.h>

enum { CODE_AT = 9, CODE_DIGITS = 3, SWITCHING_PROTOCOLS = 101, FINAL_LEAST = 200, FINAL_MOST = 599, CODE_LEAST = 100 };

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* "HTTP/1.D DDD ...", of which as much is there as there is. */
static bool may_begin(const char *bytes, size_t length) {
    static const char form[] = "HTTP/1.D DDD";
    for (size_t i = 0; i < length && i < sizeof form - 1; i++)
        if (form[i] == 'D' ? !is_digit(bytes[i]) : bytes[i] != form[i])
            return false;
    return true;
}

/* A line within `length` bytes; *size: of it with CR LF. 1, 0 or -1. */
static int find_line(const char *bytes, size_t length, size_t *size) {
    const char *end = memchr(bytes, '\n', length);
    if (!end)
        return 0;
    *size = (size_t)(end - bytes) + 1;
    return *size >= 2 && end[-1] == '\r' && !memchr(bytes, '\0', *size) ? 1 : -1;
}

static int take_status_line(const char *bytes, size_t length, size_t *size, unsigned *status) {
    if (!may_begin(bytes, length))
        return -1;
    int found = find_line(bytes, length, size);
    if (found <= 0)
        return found;
    bool is_whole = *size >= CODE_AT + CODE_DIGITS + 2;
    if (!is_whole || (bytes[CODE_AT + CODE_DIGITS] != ' ' && bytes[CODE_AT + CODE_DIGITS] != '\r'))
        return -1;
    *status = 0;
    for (int i = 0; i < CODE_DIGITS; i++)
        *status = *status * 10 + (unsigned)(bytes[CODE_AT + i] - '0');
    return *status >= CODE_LEAST && *status <= FINAL_MOST ? 1 : -1;
}

/* The header of an interim answer, to its empty line. */
static int skip_header(const char *bytes, size_t length, size_t *size) {
    *size = 0;
    for (;;) {
        size_t line = 0;
        int found = find_line(bytes + *size, length - *size, &line);
        if (found <= 0)
            return found;
        *size += line;
        if (line == 2)
            return 1;
    }
}

static int find(const char *bytes, size_t length, unsigned *status) {
    for (size_t at = 0;;) {
        size_t size = 0;
        int found = take_status_line(bytes + at, length - at, &size, status);
        if (found <= 0 || *status >= FINAL_LEAST || *status == SWITCHING_PROTOCOLS)
            return found;
        at += size;
        found = skip_header(bytes + at, length - at, &size);
        if (found <= 0)
            return found;
        at += size;
    }
}

int http_status_find(const char *bytes, size_t length, unsigned *status) {
    int found = find(bytes, length, status);
    return found == 0 && length >= HTTP_STATUS_BYTES_MAX ? -1 : found;
}

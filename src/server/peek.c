/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * peek: see peek.h. A few bytes are enough: whoever sends less than a whole word is called by what is there.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "server/peek.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const struct {
    const char *start, *words;
} peek_speeches[] = {
    {"GET ", "an HTTP request"},     {"HEAD ", "an HTTP request"},   {"POST ", "an HTTP request"},
    {"PUT ", "an HTTP request"},     {"DELETE ", "an HTTP request"}, {"OPTIONS ", "an HTTP request"},
    {"CONNECT ", "an HTTP request"}, {"PRI * HTTP/2", "HTTP/2"},     {"SSH-", "an SSH client"},
    {"PROXY ", "a PROXY header"},    {"\r\n\r\n", "a PROXY header"}, {"RFB ", "a VNC client"},
    {"EHLO", "an SMTP client"},      {"HELO", "an SMTP client"},
};

static bool peek_begins(const uint8_t *bytes, size_t length, const char *start) {
    size_t wanted = strlen(start);

    return length >= wanted && memcmp(bytes, start, wanted) == 0;
}

static bool peek_is_text(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!isprint(bytes[i]) && !isspace(bytes[i]))
            return false;
    return true;
}

const char *peek_stranger(const uint8_t *bytes, size_t length) {
    if (bytes[0] == 0x16 && (length < 2 || bytes[1] == 0x03))
        return NULL;
    if (length >= 2 && (bytes[0] == 0x14 || bytes[0] == 0x15 || bytes[0] == 0x17) && bytes[1] == 0x03)
        return "TLS, but not the beginning of it";
    if (length >= 3 && (bytes[0] & 0x80) && bytes[2] == 0x01)
        return "an SSL 2 client";
    for (size_t i = 0; i < sizeof peek_speeches / sizeof *peek_speeches; i++)
        if (peek_begins(bytes, length, peek_speeches[i].start))
            return peek_speeches[i].words;
    return peek_is_text(bytes, length) ? "plain text" : "no TLS";
}

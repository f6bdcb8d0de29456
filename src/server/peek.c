/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * peek: see peek.h. TLS begins with a record: type, version, length; in it a message: type, length.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "server/peek.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { RECORD_HEADER = 5, MESSAGE_HEADER = 4, HANDSHAKE = 0x16, CLIENT_HELLO = 1 };

static const struct {
    const char *start;
    enum peek_kind kind;
} peek_speeches[] = {
    {"GET ", PEEK_HTTP},    {"HEAD ", PEEK_HTTP},    {"POST ", PEEK_HTTP},     {"PUT ", PEEK_HTTP},
    {"DELETE ", PEEK_HTTP}, {"OPTIONS ", PEEK_HTTP}, {"CONNECT ", PEEK_HTTP},  {"PRI * HTTP/2", PEEK_HTTP2},
    {"SSH-", PEEK_SSH},     {"PROXY ", PEEK_PROXY},  {"\r\n\r\n", PEEK_PROXY}, {"RFB ", PEEK_VNC},
    {"EHLO", PEEK_SMTP},    {"HELO", PEEK_SMTP},
};

static const char *const peek_names[] = {
#define PEEK_WORDS(name, words) [PEEK_##name] = words,
    PEEK_KINDS(PEEK_WORDS)
#undef PEEK_WORDS
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

static enum peek_kind peek_tls(const uint8_t *bytes, size_t length, size_t *needs) {
    *needs = RECORD_HEADER + MESSAGE_HEADER;
    if (length >= 2 && bytes[1] != 0x03)
        return PEEK_OTHER;
    if (length < RECORD_HEADER)
        return PEEK_TLS_PART;
    size_t record = (size_t)bytes[3] << 8 | bytes[4];
    if (record < MESSAGE_HEADER)
        return PEEK_OTHER;
    if (record > PEEK_HELLO_MAX)
        return PEEK_TLS_LONG;
    *needs = RECORD_HEADER + record;
    if (length < RECORD_HEADER + MESSAGE_HEADER)
        return PEEK_TLS_PART;
    if (bytes[5] != CLIENT_HELLO)
        return PEEK_TLS_MIDDLE;
    size_t message = (size_t)bytes[6] << 16 | (size_t)bytes[7] << 8 | bytes[8];
    if (message + MESSAGE_HEADER > PEEK_HELLO_MAX)
        return PEEK_TLS_LONG;
    return length < *needs ? PEEK_TLS_PART : PEEK_TLS;
}

enum peek_kind peek(const uint8_t *bytes, size_t length, size_t *needs) {
    if (length == 0)
        return PEEK_NOTHING;
    if (bytes[0] == HANDSHAKE)
        return peek_tls(bytes, length, needs);
    if (length >= 2 && (bytes[0] == 0x14 || bytes[0] == 0x15 || bytes[0] == 0x17) && bytes[1] == 0x03)
        return PEEK_TLS_MIDDLE;
    if (length >= 3 && (bytes[0] & 0x80) && bytes[2] == CLIENT_HELLO)
        return PEEK_SSL2;
    for (size_t i = 0; i < sizeof peek_speeches / sizeof *peek_speeches; i++)
        if (peek_begins(bytes, length, peek_speeches[i].start))
            return peek_speeches[i].kind;
    return peek_is_text(bytes, length) ? PEEK_TEXT : PEEK_OTHER;
}

const char *peek_words(enum peek_kind kind) {
    return peek_names[kind];
}

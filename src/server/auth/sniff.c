/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sniff: see sniff.h. TLS begins with a record: type, version, length; in it a message: type, length.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "server/auth/sniff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { RECORD_HEADER = 5, MESSAGE_HEADER = 4, HANDSHAKE = 0x16, CLIENT_HELLO = 1 };

static const struct {
    const char *start;
    enum sniff_kind kind;
} peek_speeches[] = {
    {"GET ", PEEK_HTTP},    {"HEAD ", PEEK_HTTP},    {"POST ", PEEK_HTTP},     {"PUT ", PEEK_HTTP},
    {"DELETE ", PEEK_HTTP}, {"OPTIONS ", PEEK_HTTP}, {"CONNECT ", PEEK_HTTP},  {"PRI * HTTP/2", PEEK_HTTP2},
    {"SSH-", PEEK_SSH},     {"PROXY ", PEEK_PROXY},  {"\r\n\r\n", PEEK_PROXY}, {"RFB ", PEEK_VNC},
    {"EHLO", PEEK_SMTP},    {"HELO", PEEK_SMTP},
};

static const char *const peek_names[] = {
#define PEEK_WORDS(name, words) [PEEK_##name] = words,
    SNIFF_KINDS(PEEK_WORDS)
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

struct peek_hello { /* what is known of a ClientHello, which may be cut into several records */
    size_t at;      /* where the record begins that is looked at */
    size_t payload; /* bytes of the message in the records before it */
    uint8_t header[MESSAGE_HEADER];
};

/* The record at hello->at; PEEK_TLS: it is one, and ends at *needs. */
static enum sniff_kind peek_record(const struct peek_hello *hello, const uint8_t *bytes, size_t length, size_t *needs) {
    const uint8_t *start = bytes + hello->at;
    size_t there = length - hello->at;

    *needs = hello->at + RECORD_HEADER + 1;
    if ((there >= 1 && start[0] != HANDSHAKE) || (there >= 2 && start[1] != 0x03))
        return PEEK_OTHER;
    if (there < RECORD_HEADER)
        return PEEK_TLS_PART;
    size_t record = (size_t)start[3] << 8 | start[4];
    if (record == 0)
        return PEEK_OTHER;
    *needs = hello->at + RECORD_HEADER + record;
    return record > SNIFF_HELLO_MAX || *needs > SNIFF_SIZE ? PEEK_TLS_LONG : PEEK_TLS;
}

/* Takes the message's header out of the record as far as it is there; returns how much of the message there is. */
static size_t peek_take(struct peek_hello *hello, const uint8_t *bytes, size_t end) {
    size_t start = hello->at + RECORD_HEADER;
    size_t there = end > start ? end - start : 0;

    for (size_t i = 0; i < there && hello->payload + i < MESSAGE_HEADER; i++)
        hello->header[hello->payload + i] = bytes[start + i];
    return hello->payload + there;
}

static enum sniff_kind peek_tls(const uint8_t *bytes, size_t length, size_t *needs) {
    struct peek_hello hello = {.at = 0};

    for (;;) {
        enum sniff_kind kind = peek_record(&hello, bytes, length, needs);
        if (kind != PEEK_TLS)
            return kind;
        size_t there = peek_take(&hello, bytes, length < *needs ? length : *needs);
        size_t message = (size_t)hello.header[1] << 16 | (size_t)hello.header[2] << 8 | hello.header[3];
        if (there > 0 && hello.header[0] != CLIENT_HELLO)
            return PEEK_TLS_MIDDLE;
        if (there >= MESSAGE_HEADER && message + MESSAGE_HEADER > SNIFF_HELLO_MAX)
            return PEEK_TLS_LONG;
        if (length < *needs)
            return PEEK_TLS_PART;
        if (there >= MESSAGE_HEADER && there >= message + MESSAGE_HEADER)
            return PEEK_TLS;
        hello.at = *needs;
        hello.payload = there;
    }
}

enum sniff_kind sniff(const uint8_t *bytes, size_t length, size_t *needs) {
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

const char *sniff_name(enum sniff_kind kind) {
    return peek_names[kind];
}

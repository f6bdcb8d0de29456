/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sniff: see sniff.h. TLS begins with a record header (type, version, length), then a handshake message header (type,
 * length); a message may be cut into several records (RFC 8446, 5.1).
 */
#include "config.h"

#include "server/service/sniff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { RECORD_HEADER = 5, MESSAGE_HEADER = 4, HANDSHAKE = 0x16, CLIENT_HELLO = 1 };

static const struct {
    const char *start;
    enum sniff_kind kind;
} prefixes[] = {
    {"GET ", SNIFF_HTTP},    {"HEAD ", SNIFF_HTTP},    {"POST ", SNIFF_HTTP},     {"PUT ", SNIFF_HTTP},
    {"DELETE ", SNIFF_HTTP}, {"OPTIONS ", SNIFF_HTTP}, {"CONNECT ", SNIFF_HTTP},  {"PRI * HTTP/2", SNIFF_HTTP2},
    {"SSH-", SNIFF_SSH},     {"PROXY ", SNIFF_PROXY},  {"\r\n\r\n", SNIFF_PROXY}, {"RFB ", SNIFF_VNC},
    {"EHLO", SNIFF_SMTP},    {"HELO", SNIFF_SMTP},
};

static const char *const names[] = {
#define SNIFF_NAME(name, text) [SNIFF_##name] = text,
    SNIFF_KINDS(SNIFF_NAME)
#undef SNIFF_NAME
};

static bool starts_with(const uint8_t *bytes, size_t length, const char *start) {
    size_t prefix = strlen(start);

    return length >= prefix && memcmp(bytes, start, prefix) == 0;
}

static bool is_text(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!isprint(bytes[i]) && !isspace(bytes[i]))
            return false;
    return true;
}

struct partial_hello {
    size_t most;    /* bytes of all records */
    size_t at;      /* offset of the current record */
    size_t payload; /* bytes of the message in the records before it */
    uint8_t header[MESSAGE_HEADER];
};

/* The record at hello->at; SNIFF_TLS: it ends at *needs, though not all of it may have come. */
static enum sniff_kind sniff_record(const struct partial_hello *hello, const uint8_t *bytes, size_t length,
                                    size_t *needs) {
    const uint8_t *start = bytes + hello->at;
    size_t there = length - hello->at;

    *needs = hello->at + RECORD_HEADER + 1;
    if ((there >= 1 && start[0] != HANDSHAKE) || (there >= 2 && start[1] != 0x03))
        return SNIFF_OTHER;
    if (there < RECORD_HEADER)
        return SNIFF_TLS_PART;
    size_t record = (size_t)start[3] << 8 | start[4];
    if (record == 0)
        return SNIFF_OTHER;
    *needs = hello->at + RECORD_HEADER + record;
    return *needs > hello->most ? SNIFF_TLS_LONG : SNIFF_TLS;
}

/* Copies the message's header from the record as far as it has come; returns how much of the message has come. */
static size_t read_header(struct partial_hello *hello, const uint8_t *bytes, size_t end) {
    size_t start = hello->at + RECORD_HEADER;
    size_t there = end > start ? end - start : 0;

    for (size_t i = 0; i < there && hello->payload + i < MESSAGE_HEADER; i++)
        hello->header[hello->payload + i] = bytes[start + i];
    return hello->payload + there;
}

static enum sniff_kind sniff_tls(const uint8_t *bytes, size_t length, size_t most, size_t *needs) {
    struct partial_hello hello = {.most = most};

    for (;;) {
        enum sniff_kind kind = sniff_record(&hello, bytes, length, needs);
        if (kind != SNIFF_TLS)
            return kind;
        size_t there = read_header(&hello, bytes, length < *needs ? length : *needs);
        size_t message = (size_t)hello.header[1] << 16 | (size_t)hello.header[2] << 8 | hello.header[3];
        if (there > 0 && hello.header[0] != CLIENT_HELLO)
            return SNIFF_TLS_MIDDLE;
        if (there >= MESSAGE_HEADER && message + MESSAGE_HEADER + RECORD_HEADER > most)
            return SNIFF_TLS_LONG;
        if (length < *needs)
            return SNIFF_TLS_PART;
        if (there >= MESSAGE_HEADER && there >= message + MESSAGE_HEADER)
            return SNIFF_TLS;
        hello.at = *needs;
        hello.payload = there;
    }
}

enum sniff_kind sniff(const uint8_t *bytes, size_t length, size_t most, size_t *needs) {
    if (length == 0)
        return SNIFF_NOTHING;
    if (bytes[0] == HANDSHAKE)
        return sniff_tls(bytes, length, most, needs);
    if (length >= 2 && (bytes[0] == 0x14 || bytes[0] == 0x15 || bytes[0] == 0x17) && bytes[1] == 0x03)
        return SNIFF_TLS_MIDDLE;
    if (length >= 3 && (bytes[0] & 0x80) && bytes[2] == CLIENT_HELLO)
        return SNIFF_SSL2;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (starts_with(bytes, length, prefixes[i].start))
            return prefixes[i].kind;
    return is_text(bytes, length) ? SNIFF_TEXT : SNIFF_OTHER;
}

const char *sniff_name(enum sniff_kind kind) {
    return names[kind];
}

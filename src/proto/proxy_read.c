/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_read: see proxy_protocol.h. Strict: what is not exactly as the protocol has it is malformed. A wrong byte is
 * found as soon as it is there, so that a client that is no balancer does not keep a place until its deadline.
 */
#include "config.h"

#include "proto/proxy_protocol.h"

#include "lib/net/socket_types.h"

#include <string.h>

enum { V2_VERSION = 0x20, V2_LOCAL = 0, V2_PROXY = 1 };
enum { V2_UNSPEC = 0, V2_INET = 1, V2_INET6 = 2, V2_UNIX = 3, V2_STREAM = 1, V2_DGRAM = 2 };
enum { V2_INET_SIZE = 12, V2_INET6_SIZE = 36, V2_UNIX_SIZE = 216 };

static const uint8_t v2_signature[] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
static const uint8_t v1_signature[] = {'P', 'R', 'O', 'X', 'Y', ' '};

static enum proxy_read_result malformed(struct error *error, const char *why) {
    error_set(error, "%s", why);
    return PROXY_READ_MALFORMED;
}

/* ---- addresses ---- */

/* IPv4 as ::ffff:a.b.c.d; `size` is 4 or 16. */
static struct open_address address_of(const uint8_t *host, size_t size, uint16_t port) {
    struct open_address address = {.port = port};

    memset(address.host + 10, size == 4 ? 0xff : 0, 2);
    memcpy(address.host + sizeof address.host - size, host, size);
    return address;
}

static uint16_t read_16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* ---- version 1 ---- */

struct line { /* what is left of it */
    const char *at, *end;
};

/* The next word, which a blank or the line's end follows. False: too long, empty, or with a NUL. */
static bool take_word(struct line *line, char *word, size_t size) {
    size_t length = 0;

    while (line->at < line->end && *line->at && *line->at != ' ' && length + 1 < size)
        word[length++] = *line->at++;
    word[length] = 0;
    if (line->at < line->end && *line->at++ != ' ')
        return false;
    return length > 0;
}

static bool take_port(struct line *line, uint16_t *port) {
    char word[8];
    unsigned value = 0;

    if (!take_word(line, word, sizeof word) || strspn(word, "0123456789") != strlen(word) || strlen(word) > 5 ||
        (word[0] == '0' && word[1]))
        return false;
    for (const char *digit = word; *digit; digit++)
        value = value * 10 + (unsigned)(*digit - '0');
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

/* Also false for what inet_pton of some systems takes: a zero in front, a name of an interface. */
static bool take_host(struct line *line, int family, uint8_t host[16]) {
    char word[INET6_ADDRSTRLEN];
    const char *letters = family == AF_INET ? "0123456789." : "0123456789abcdefABCDEF:.";

    if (!take_word(line, word, sizeof word) || strspn(word, letters) != strlen(word))
        return false;
    for (const char *at = word; family == AF_INET && *at; at++)
        if (*at == '0' && (at == word || at[-1] == '.') && at[1] && at[1] != '.')
            return false;
    return inet_pton(family, word, host) == 1;
}

static bool read_tcp(struct line *line, int family, struct proxy_header *header) {
    uint8_t source[16], destination[16];
    uint16_t from = 0, to = 0;
    bool ends_with_blank = line->end[-1] == ' ';

    if (ends_with_blank || !take_host(line, family, source) || !take_host(line, family, destination) ||
        !take_port(line, &from) || !take_port(line, &to) || line->at != line->end)
        return false;
    header->source = address_of(source, family == AF_INET ? 4 : 16, from);
    header->destination = address_of(destination, family == AF_INET ? 4 : 16, to);
    header->has_addresses = true;
    return true;
}

static bool read_line(struct line line, struct proxy_header *header) {
    char word[8];

    line.at += sizeof v1_signature;
    if (line.at == line.end || !take_word(&line, word, sizeof word))
        return false;
    if (strcmp(word, "UNKNOWN") == 0) /* and whatever follows it */
        return true;
    if (line.at == line.end)
        return false;
    if (strcmp(word, "TCP4") == 0)
        return read_tcp(&line, AF_INET, header);
    return strcmp(word, "TCP6") == 0 && read_tcp(&line, AF_INET6, header);
}

/* Where the line's LF is, or `length`. */
static size_t find_end(const uint8_t *bytes, size_t length) {
    const uint8_t *end = memchr(bytes, '\n', length);

    return end ? (size_t)(end - bytes) : length;
}

static enum proxy_read_result read_v1(struct proxy_header *header, const uint8_t *bytes, size_t length, size_t *taken,
                                      struct error *error) {
    size_t most = length < PROXY_V1_MAX ? length : PROXY_V1_MAX;
    size_t end = find_end(bytes, most);

    if (end == PROXY_V1_MAX)
        return malformed(error, "the line is longer than 107 bytes");
    const uint8_t *cr = memchr(bytes, '\r', end);
    if ((cr && cr + 1 < bytes + end) || (end < most && !cr))
        return malformed(error, "the line does not end with CR LF");
    if (end == most)
        return PROXY_READ_PART;
    header->version = PROXY_V1;
    header->command = PROXY_COMMAND_PROXY;
    *taken = end + 1;
    if (!read_line((struct line){(const char *)bytes, (const char *)cr}, header))
        return malformed(error, "the line is neither UNKNOWN nor TCP4 or TCP6 with two addresses and two ports");
    return PROXY_READ_WHOLE;
}

/* ---- version 2 ---- */

static size_t size_of_family(unsigned family) {
    static const size_t sizes[] = {
        [V2_UNSPEC] = 0, [V2_INET] = V2_INET_SIZE, [V2_INET6] = V2_INET6_SIZE, [V2_UNIX] = V2_UNIX_SIZE};

    return sizes[family];
}

/* Of the 13th and 14th byte, as far as they are there. NULL: nothing is wrong. */
static const char *check_kind(const uint8_t *bytes, size_t length) {
    if (length > 12 && (bytes[12] & 0xf0) != V2_VERSION)
        return "its version is neither 1 nor 2";
    if (length > 12 && (bytes[12] & 0x0f) > V2_PROXY)
        return "its command is neither LOCAL nor PROXY";
    if (length <= 13 || (bytes[12] & 0x0f) == V2_LOCAL) /* then the address family says nothing */
        return NULL;
    if (bytes[13] >> 4 > V2_UNIX || (bytes[13] & 0x0f) > V2_DGRAM)
        return "its address family or transport is unknown";
    if ((bytes[13] & 0x0f) == V2_DGRAM)
        return "it is of datagrams";
    if (!(bytes[13] >> 4) != !(bytes[13] & 0x0f))
        return "its address family and transport contradict each other";
    return NULL;
}

static void read_addresses(const uint8_t *at, unsigned family, struct proxy_header *header) {
    header->has_addresses = family == V2_INET || family == V2_INET6;
    if (family == V2_INET) {
        header->source = address_of(at, 4, read_16(at + 8));
        header->destination = address_of(at + 4, 4, read_16(at + 10));
    } else if (family == V2_INET6) {
        header->source = address_of(at, 16, read_16(at + 32));
        header->destination = address_of(at + 16, 16, read_16(at + 34));
    }
}

/* Of LOCAL all but its length is to be ignored, also the addresses that some senders leave in it. */
static enum proxy_read_result read_v2(struct proxy_header *header, const uint8_t *bytes, size_t length, size_t *taken,
                                      struct error *error) {
    const char *wrong = check_kind(bytes, length);

    if (wrong)
        return malformed(error, wrong);
    if (length < PROXY_V2_FIXED)
        return PROXY_READ_PART;
    bool is_local = (bytes[12] & 0x0f) == V2_LOCAL;
    size_t addresses = is_local ? 0 : size_of_family(bytes[13] >> 4), payload = read_16(bytes + 14);
    if (payload < addresses)
        return malformed(error, "it is too short for its addresses");
    if (payload - addresses > PROXY_READ_TLVS)
        return malformed(error, "its TLVs are longer than 2048 bytes");
    if (length < PROXY_V2_FIXED + payload)
        return PROXY_READ_PART;
    header->version = PROXY_V2;
    header->command = is_local ? PROXY_COMMAND_LOCAL : PROXY_COMMAND_PROXY;
    *taken = PROXY_V2_FIXED + payload;
    if (is_local)
        return PROXY_READ_WHOLE;
    const uint8_t *rest = bytes + PROXY_V2_FIXED + addresses;
    read_addresses(bytes + PROXY_V2_FIXED, bytes[13] >> 4, header);
    return proxy_read_tlvs(header, rest, payload - addresses, error) ? PROXY_READ_MALFORMED : PROXY_READ_WHOLE;
}

/* ---- either ---- */

static bool may_begin_with(const uint8_t *bytes, size_t length, const uint8_t *signature, size_t size) {
    return memcmp(bytes, signature, length < size ? length : size) == 0;
}

enum proxy_read_result proxy_read(struct proxy_header *header, const uint8_t *bytes, size_t length, size_t *taken,
                                  struct error *error) {
    *header = (struct proxy_header){.transport = PROXY_STREAM};
    *taken = 0;
    if (length == 0)
        return PROXY_READ_PART;
    if (may_begin_with(bytes, length, v2_signature, sizeof v2_signature))
        return read_v2(header, bytes, length, taken, error);
    if (may_begin_with(bytes, length, v1_signature, sizeof v1_signature))
        return read_v1(header, bytes, length, taken, error);
    return malformed(error, "it does not begin with a PROXY header");
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_write: a PROXY header as bytes. See proxy_protocol.h.
 *
 * Without the CRC32C that version 2 may have: TCP and the link have sums of their own.
 */
#include "config.h"

#include "proto/frame.h"
#include "proto/proxy_protocol.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { IPV4_AT = 12 }; /* in an address of IPv6 */

static_assert((int)PROXY_V2_FIXED + 36 + 3 + (int)PROTO_RELAY_ID_MAX + (int)PROXY_TLVS_MAX <= (int)PROXY_WRITTEN_MAX,
              "a header with all that OPEN may bring fits");

static const char *const versions[] = {[PROXY_OFF] = "off", [PROXY_V1] = "v1", [PROXY_V2] = "v2"};

bool proxy_version_parse(enum proxy_version *version, const char *text) {
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (strcmp(text, versions[i]) == 0) {
            *version = (enum proxy_version)i;
            return true;
        }
    return false;
}

const char *proxy_version_name(enum proxy_version version) {
    return versions[version];
}

/* Two families make one of IPv6, with the other's address mapped into it. */
static bool is_ipv4(const struct proxy_header *header) {
    return open_address_is_ipv4(&header->source) && open_address_is_ipv4(&header->destination);
}

/* ---- version 1 ---- */

static size_t write_v1(uint8_t *bytes, const struct proxy_header *header) {
    bool ipv4 = is_ipv4(header);
    int family = ipv4 ? AF_INET : AF_INET6;
    size_t at = ipv4 ? IPV4_AT : 0;
    char line[PROXY_V1_MAX + 1], source[INET6_ADDRSTRLEN] = "", destination[INET6_ADDRSTRLEN] = "";
    if (!header->has_addresses) {
        memcpy(bytes, "PROXY UNKNOWN\r\n", 15);
        return 15;
    }
    (void)inet_ntop(family, header->source.host + at, source, sizeof source);
    (void)inet_ntop(family, header->destination.host + at, destination, sizeof destination);
    int length = snprintf(line, sizeof line, "PROXY %s %s %s %u %u\r\n", ipv4 ? "TCP4" : "TCP6", source, destination,
                          header->source.port, header->destination.port);
    assert(length > 0 && (size_t)length < sizeof line);
    memcpy(bytes, line, (size_t)length);
    return (size_t)length;
}

/* ---- version 2 ---- */

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static uint8_t *put(uint8_t *at, const void *bytes, size_t length) {
    memcpy(at, bytes, length);
    return at + length;
}

static uint8_t *put_addresses(uint8_t *at, const struct proxy_header *header) {
    size_t skipped = is_ipv4(header) ? IPV4_AT : 0, length = sizeof header->source.host - skipped;
    at = put(at, header->source.host + skipped, length);
    at = put(at, header->destination.host + skipped, length);
    frame_put_number(at, header->source.port, 2);
    frame_put_number(at + 2, header->destination.port, 2);
    return at + 4;
}

/* Family and transport; 0: neither. */
static uint8_t family_of(const struct proxy_header *header) {
    return (uint8_t)((is_ipv4(header) ? 0x10 : 0x20) | header->transport);
}

static size_t write_v2(uint8_t *bytes, const struct proxy_header *header) {
    bool is_proxy = header->command == PROXY_COMMAND_PROXY, has_addresses = is_proxy && header->has_addresses;
    uint8_t *at = bytes + PROXY_V2_FIXED;
    memcpy(bytes, signature, sizeof signature);
    bytes[12] = 0x20 | (uint8_t)header->command;
    bytes[13] = has_addresses ? family_of(header) : 0;
    if (has_addresses)
        at = put_addresses(at, header);
    if (is_proxy)
        at += proxy_write_tlvs(at, (size_t)(bytes + PROXY_WRITTEN_MAX - at), header);
    frame_put_number(bytes + 14, (size_t)(at - bytes) - PROXY_V2_FIXED, 2);
    return (size_t)(at - bytes);
}

size_t proxy_write(uint8_t bytes[PROXY_WRITTEN_MAX], const struct proxy_header *header) {
    return header->version == PROXY_V1 ? write_v1(bytes, header) : write_v2(bytes, header);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socks5: see socks5.h.
 */
#include "config.h"

#include "proto/socks5.h"

#include <assert.h>
#include <string.h>

enum { SOCKS_VERSION = 5, USER_VERSION = 1, COMMAND_CONNECT = 1 };
enum address_type { IPV4 = 1, NAME = 3, IPV6 = 4 };

size_t socks5_write_methods(uint8_t bytes[SOCKS5_MESSAGE_MAX], bool with_user) {
    bytes[0] = SOCKS_VERSION;
    bytes[1] = with_user ? 2 : 1;
    bytes[2] = SOCKS5_NO_AUTHENTICATION;
    bytes[3] = SOCKS5_USER_AND_PASSWORD;
    return with_user ? 4 : 3;
}

/* One byte of length, and the text. */
static size_t write_text(uint8_t *bytes, const char *text) {
    size_t length = strlen(text);
    assert(length < 256);
    bytes[0] = (uint8_t)length;
    memcpy(bytes + 1, text, length);
    return 1 + length;
}

size_t socks5_write_user(uint8_t bytes[SOCKS5_MESSAGE_MAX], const char *user, const char *password) {
    size_t length = 1;
    bytes[0] = USER_VERSION;
    length += write_text(bytes + length, user);
    return length + write_text(bytes + length, password);
}

static size_t write_address(uint8_t *bytes, const struct endpoint *server) {
    struct addr addr;
    uint8_t host[16];
    bool is_ipv4;
    if (!addr_from_endpoint(&addr, server) || !addr_host_bytes(&addr, host, &is_ipv4)) {
        bytes[0] = NAME;
        return 1 + write_text(bytes + 1, server->host);
    }
    size_t size = is_ipv4 ? 4 : 16;
    bytes[0] = is_ipv4 ? IPV4 : IPV6;
    memcpy(bytes + 1, host + sizeof host - size, size);
    return 1 + size;
}

size_t socks5_write_connect(uint8_t bytes[SOCKS5_MESSAGE_MAX], const struct endpoint *server) {
    bytes[0] = SOCKS_VERSION;
    bytes[1] = COMMAND_CONNECT;
    bytes[2] = 0; /* reserved */
    size_t length = 3 + write_address(bytes + 3, server);
    bytes[length] = (uint8_t)(server->port >> 8);
    bytes[length + 1] = (uint8_t)server->port;
    return length + 2;
}

static int read_pair(const uint8_t *bytes, size_t length, uint8_t version, uint8_t *value) {
    if (length > 0 && bytes[0] != version)
        return -1;
    if (length < 2)
        return 0;
    *value = bytes[1];
    return 2;
}

int socks5_read_method(const uint8_t *bytes, size_t length, uint8_t *method) {
    return read_pair(bytes, length, SOCKS_VERSION, method);
}

int socks5_read_user(const uint8_t *bytes, size_t length, uint8_t *code) {
    return read_pair(bytes, length, USER_VERSION, code);
}

/* Of the address by which the proxy connects only the length matters. */
int socks5_read_connect(const uint8_t *bytes, size_t length, uint8_t *code) {
    int result = read_pair(bytes, length, SOCKS_VERSION, code);
    if (result <= 0)
        return result;
    if (length < 5)
        return length == 4 && bytes[3] != IPV4 && bytes[3] != IPV6 && bytes[3] != NAME ? -1 : 0;
    if (bytes[3] != IPV4 && bytes[3] != IPV6 && bytes[3] != NAME)
        return -1;
    size_t address = bytes[3] == IPV4 ? 4 : bytes[3] == IPV6 ? 16 : 1u + bytes[4], whole = 4 + address + 2;
    return length < whole ? 0 : (int)whole;
}

const char *socks5_code_text(uint8_t code) {
    static const char *const texts[] = {
        "succeeded",           "general failure",       "connection not allowed by its rules",
        "network unreachable", "host unreachable",      "connection refused",
        "TTL expired",         "command not supported", "address type not supported"};
    return code < sizeof texts / sizeof *texts ? texts[code] : "a code that RFC 1928 does not have";
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * no_proxy: see no_proxy.h.
 */
#include "config.h"

#include "lib/net/no_proxy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ADDRESS_BITS = 128, IPV4_BITS = 32 };

static const char separators[] = ", \t";

struct host { /* that is looked for */
    const char *name;
    size_t length; /* without a dot at the end */
    bool is_address, is_ipv4;
    uint8_t bytes[16];
};

/* The address that a text spells, with or without brackets. */
static bool read_address(struct host *host, const char *text, size_t length) {
    struct endpoint endpoint = {.port = 1};
    struct addr addr;
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof endpoint.host)
        return false;
    memcpy(endpoint.host, text, length);
    return addr_from_endpoint(&addr, &endpoint) && addr_host_bytes(&addr, host->bytes, &host->is_ipv4);
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits) {
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* ADDRESS or ADDRESS/BITS; what is neither matches no address. */
static bool matches_address(const struct host *host, const char *entry, size_t length) {
    struct host network;
    const char *slash = memchr(entry, '/', length);
    size_t address_length = slash ? (size_t)(slash - entry) : length;
    if (!read_address(&network, entry, address_length) || network.is_ipv4 != host->is_ipv4)
        return false;
    unsigned most = network.is_ipv4 ? IPV4_BITS : ADDRESS_BITS, bits = most;
    if (slash) {
        size_t digits = strspn(slash + 1, "0123456789");
        bits = (unsigned)strtoul(slash + 1, NULL, 10);
        if (digits == 0 || digits > 3 || digits != length - address_length - 1 || bits > most)
            return false;
    }
    return same_bits(host->bytes, network.bytes, ADDRESS_BITS - most + bits);
}

static bool matches_name(const struct host *host, const char *entry, size_t length) {
    if (length > 0 && entry[0] == '.') {
        entry++;
        length--;
    }
    if (length > 0 && entry[length - 1] == '.')
        length--;
    if (length == 0 || length > host->length)
        return false;
    const char *end = host->name + host->length - length;
    return strncasecmp(end, entry, length) == 0 && (end == host->name || end[-1] == '.');
}

bool no_proxy_has(const char *list, const struct endpoint *server) {
    struct host host = {.name = server->host, .length = strlen(server->host)};
    host.is_address = read_address(&host, server->host, host.length);
    if (host.length > 0 && host.name[host.length - 1] == '.')
        host.length--;
    for (size_t length; *list; list += length) {
        list += strspn(list, separators);
        length = strcspn(list, separators);
        if (length == 1 && *list == '*')
            return true;
        if (host.is_address ? matches_address(&host, list, length) : matches_name(&host, list, length))
            return true;
    }
    return false;
}

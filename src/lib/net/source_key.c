/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * source_key: see source_key.h.
 */
#include "config.h"

#include "lib/net/source_key.h"

#include "lib/net/socket_types.h"

#include <string.h>

static struct addr source_of(const struct addr *peer) {
    struct addr source = *peer;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&source.storage;

    if (source.storage.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        memset(&six->sin6_addr.s6_addr[8], 0, 8);
    return source;
}

uint64_t source_key_of(const struct addr *peer) {
    struct addr source = source_of(peer);
    uint64_t hash = addr_host_hash(&source);

    return hash ? hash : 1;
}

bool source_bytes_of(const struct addr *peer, uint8_t bytes[SOURCE_BYTES]) {
    struct addr source = source_of(peer);
    bool is_ipv4;

    return addr_host_bytes(&source, bytes, &is_ipv4);
}

static bool is_link_local(const struct addr *addr) {
    uint8_t bytes[16];
    bool is_ipv4;

    return addr_host_bytes(addr, bytes, &is_ipv4) && !is_ipv4 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

int source_parse(struct addr *addr, const char *text, struct error *error) {
    struct endpoint endpoint = {.port = 0};

    if (!*text || strlen(text) >= sizeof endpoint.host)
        return error_set(error, "this is not an IP address");
    memcpy(endpoint.host, text, strlen(text) + 1);
    if (!addr_from_endpoint(addr, &endpoint))
        return error_set(error, "this is not an IP address");
    return is_link_local(addr) ? error_set(error, "all hosts of a link have the network fe80::/64") : 0;
}

char *source_name(const struct addr *peer, char *text, size_t size) {
    struct addr source = source_of(peer);

    return addr_format_host(&source, text, size);
}

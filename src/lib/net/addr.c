/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * addr: socket addresses: made of numeric endpoints, written as text, compared.
 * Runs on: any thread. Owns: nothing. endpoint.c takes apart what people write.
 */
#include "config.h"

#include "lib/base/hash.h"
#include "lib/base/strbuf.h"
#include "lib/net/addr.h"
#include "lib/net/interface_names.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t unix_path_offset = offsetof(struct sockaddr_un, sun_path);

static const struct sockaddr_in *as_ipv4(const struct addr *addr) {
    return (const struct sockaddr_in *)(const void *)&addr->storage;
}

static const struct sockaddr_in6 *as_ipv6(const struct addr *addr) {
    return (const struct sockaddr_in6 *)(const void *)&addr->storage;
}

static const struct sockaddr_un *as_unix(const struct addr *addr) {
    return (const struct sockaddr_un *)(const void *)&addr->storage;
}

static bool make_unix(struct addr *addr, const char *path) {
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)&addr->storage;
    size_t length = strlen(path);
    if (length >= sizeof un->sun_path)
        return false;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, length + 1);
    addr->length = (socklen_t)(unix_path_offset + length + 1);
    return true;
}

static bool make_ipv4(struct addr *addr, const char *host, uint16_t port) {
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&addr->storage;
    if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
        return false;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    addr->length = sizeof *in;
    return true;
}

/* The interface of "fe80::1%eth0" or "fe80::1%2"; 0 if there is no such. */
static unsigned scope_number(const char *scope) {
    char *end;
    unsigned long number = strtoul(scope, &end, 10);
    return *scope >= '0' && *scope <= '9' && *end == '\0' ? (unsigned)number : if_nametoindex(scope);
}

const char *endpoint_missing_zone(const struct endpoint *endpoint) {
    const char *percent = endpoint->is_unix ? NULL : strchr(endpoint->host, '%');
    return percent && scope_number(percent + 1) == 0 ? percent + 1 : NULL;
}

static bool make_ipv6(struct addr *addr, const char *host, uint16_t port) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&addr->storage;
    char bare[INET6_ADDRSTRLEN];
    size_t length = strcspn(host, "%");
    if (length >= sizeof bare)
        return false;
    memcpy(bare, host, length);
    bare[length] = '\0';
    if (inet_pton(AF_INET6, bare, &in6->sin6_addr) != 1)
        return false;
    if (host[length] == '%' && (in6->sin6_scope_id = scope_number(host + length + 1)) == 0)
        return false;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    addr->length = sizeof *in6;
    return true;
}

bool addr_from_endpoint(struct addr *addr, const struct endpoint *endpoint) {
    memset(addr, 0, sizeof *addr);
    if (endpoint->is_unix)
        return make_unix(addr, endpoint->host);
    const char *host = endpoint->host[0] ? endpoint->host : "0.0.0.0";
    if (make_ipv4(addr, host, endpoint->port))
        return true;
    memset(addr, 0, sizeof *addr);
    return make_ipv6(addr, host, endpoint->port);
}

/* The length of a unix path, which need not be terminated; 0 for an unnamed peer. */
static size_t unix_path_length(const struct addr *addr) {
    if ((size_t)addr->length <= unix_path_offset)
        return 0;
    size_t room = (size_t)addr->length - unix_path_offset;
    const char *path = as_unix(addr)->sun_path;
    return path[0] ? strnlen(path, room) : room; /* Linux: a leading NUL, and the whole rest is the name */
}

static char *format_unix(const struct addr *addr, const char *prefix, char *text, size_t size) {
    size_t length = unix_path_length(addr);
    const char *path = as_unix(addr)->sun_path;
    bool is_abstract = length > 0 && path[0] == '\0';
    snprintf(text, size, "%s%s%.*s", prefix, is_abstract ? "@" : "", (int)(is_abstract ? length - 1 : length),
             is_abstract ? path + 1 : path);
    return text;
}

/* By hand, since every client's address is written: inet_ntop goes through printf. */
static void add_ipv4(struct strbuf *text, const struct in_addr *host) {
    const uint8_t *bytes = (const uint8_t *)host;
    for (int i = 0; i < 4; i++) {
        strbuf_add(text, i > 0 ? "." : "");
        strbuf_add_number(text, bytes[i]);
    }
}

static void add_ipv6(struct strbuf *text, const struct sockaddr_in6 *in6) {
    char host[INET6_ADDRSTRLEN] = "?";
    inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
    strbuf_add(text, host);
    if (in6->sin6_scope_id) {
        strbuf_add(text, "%");
        strbuf_add_number(text, in6->sin6_scope_id);
    }
}

static void add_host(struct strbuf *text, const struct addr *addr) {
    if (addr->storage.ss_family == AF_INET) {
        add_ipv4(text, &as_ipv4(addr)->sin_addr);
    } else if (addr->storage.ss_family == AF_INET6) {
        add_ipv6(text, as_ipv6(addr));
    } else {
        strbuf_add(text, "?");
    }
}

char *addr_format_host(const struct addr *addr, char *text, size_t size) {
    if (addr->storage.ss_family == AF_UNIX)
        return format_unix(addr, "", text, size);
    struct strbuf host = strbuf_begin(text, size);
    add_host(&host, addr);
    return text;
}

char *addr_format(const struct addr *addr, char *text, size_t size) {
    if (addr->storage.ss_family == AF_UNIX)
        return format_unix(addr, "unix:", text, size);
    bool in_brackets = addr->storage.ss_family == AF_INET6;
    struct strbuf whole = strbuf_begin(text, size);
    strbuf_add(&whole, in_brackets ? "[" : "");
    add_host(&whole, addr);
    strbuf_add(&whole, in_brackets ? "]:" : ":");
    strbuf_add_number(&whole, addr_port(addr));
    return text;
}

uint16_t addr_port(const struct addr *addr) {
    switch (addr->storage.ss_family) {
    case AF_INET:
        return ntohs(as_ipv4(addr)->sin_port);
    case AF_INET6:
        return ntohs(as_ipv6(addr)->sin6_port);
    default:
        return 0;
    }
}

unsigned addr_zone(const struct addr *addr) {
    return addr->storage.ss_family == AF_INET6 ? as_ipv6(addr)->sin6_scope_id : 0;
}

void addr_set_port(struct addr *addr, uint16_t port) {
    if (addr->storage.ss_family == AF_INET) {
        ((struct sockaddr_in *)(void *)&addr->storage)->sin_port = htons(port);
    } else if (addr->storage.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)(void *)&addr->storage)->sin6_port = htons(port);
    }
}

bool addr_is_unix(const struct addr *addr) {
    return addr->storage.ss_family == AF_UNIX;
}

const char *addr_unix_path(const struct addr *addr) {
    bool has_path = addr_is_unix(addr) && (size_t)addr->length > unix_path_offset && as_unix(addr)->sun_path[0];

    return has_path ? as_unix(addr)->sun_path : NULL;
}

bool addr_host_bytes(const struct addr *addr, uint8_t bytes[16], bool *is_ipv4) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (addr->storage.ss_family == AF_INET) {
        memcpy(bytes, mapped, sizeof mapped);
        memcpy(bytes + sizeof mapped, &as_ipv4(addr)->sin_addr, 4);
    } else if (addr->storage.ss_family == AF_INET6) {
        memcpy(bytes, &as_ipv6(addr)->sin6_addr, 16);
    } else {
        return false;
    }
    *is_ipv4 = memcmp(bytes, mapped, sizeof mapped) == 0;
    return true;
}

static unsigned scope_of(const struct addr *addr) {
    return addr->storage.ss_family == AF_INET6 ? as_ipv6(addr)->sin6_scope_id : 0;
}

bool addr_same_host(const struct addr *a, const struct addr *b) {
    if (addr_is_unix(a) || addr_is_unix(b)) {
        size_t length = unix_path_length(a);
        return addr_is_unix(a) && addr_is_unix(b) && length == unix_path_length(b) &&
               memcmp(as_unix(a)->sun_path, as_unix(b)->sun_path, length) == 0;
    }
    uint8_t host_a[16], host_b[16];
    bool is_ipv4;
    return addr_host_bytes(a, host_a, &is_ipv4) && addr_host_bytes(b, host_b, &is_ipv4) &&
           memcmp(host_a, host_b, sizeof host_a) == 0 && scope_of(a) == scope_of(b);
}

bool addr_is_ipv4_loopback(const struct addr *addr) {
    return addr->storage.ss_family == AF_INET && addr_is_loopback(addr);
}

bool addr_is_loopback(const struct addr *addr) {
    static const uint8_t ipv6[16] = {[15] = 1};
    uint8_t bytes[16];
    bool is_ipv4;
    if (!addr_host_bytes(addr, bytes, &is_ipv4))
        return false;
    return is_ipv4 ? bytes[12] == 127 : memcmp(bytes, ipv6, sizeof ipv6) == 0;
}

uint64_t addr_host_hash(const struct addr *addr) {
    uint8_t bytes[16];
    bool is_ipv4;
    if (addr_host_bytes(addr, bytes, &is_ipv4))
        return hash_mix(hash_bytes(HASH_START, bytes, sizeof bytes));
    size_t length = addr_is_unix(addr) ? unix_path_length(addr) : 0;
    return hash_mix(hash_bytes(HASH_START, as_unix(addr)->sun_path, length));
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * addr: endpoints as people write them, and socket addresses as the kernel takes them.
 *
 * "HOST:PORT", "1.2.3.4:80", "[::1]:80", "unix:/run/x.sock"; for listening also ":80" and "*:80" (every address).
 * Runs on: any thread. Owns: nothing. Does not resolve names.
 */
#ifndef MUNNEL_LIB_NET_ADDR_H
#define MUNNEL_LIB_NET_ADDR_H

#include "lib/base/error.h"
#include "lib/net/socket_types.h"

#include <stdbool.h>
#include <stdint.h>

enum { ADDR_TEXT = 160, ENDPOINT_HOST = 256 };

struct addr { /* a socket address: IPv4, IPv6 or Unix */
    struct sockaddr_storage storage;
    socklen_t length;
};

struct endpoint {             /* what a person wrote, taken apart */
    char host[ENDPOINT_HOST]; /* name or numeric address without brackets, "" = every address; the path for unix */
    uint16_t port;            /* 0 for unix */
    bool is_unix;
};

/* Takes `text` apart. Returns 0, or -1 with `error` that names the mistake and what to write instead. */
int endpoint_parse(struct endpoint *endpoint, const char *text, struct error *error);

/* Writes it back as people write it ("[::1]:80", "unix:/x"); `size` bytes at `text`. Returns `text`. */
char *endpoint_format(const struct endpoint *endpoint, char *text, size_t size);

/*
 * Makes a socket address of a numeric (or unix) endpoint; of "" every IPv4 address. Returns false if the host is a
 * name, which needs the resolver, or if endpoint_missing_zone() is not NULL.
 */
bool addr_from_endpoint(struct addr *addr, const struct endpoint *endpoint);

/*
 * The zone of an IPv6 address ("eth9" of "[fe80::1%eth9]:80") that names no interface of this machine; NULL if there is
 * none, or nothing is wrong with it. endpoint_parse() does not look: the endpoint may be for another machine.
 */
const char *endpoint_missing_zone(const struct endpoint *endpoint);

/* "1.2.3.4:80", "[::1]:80", "unix:/path" or "unix:" for an unnamed peer. Returns `text`. */
char *addr_format(const struct addr *addr, char *text, size_t size);

/* The host alone, without port or brackets. Returns `text`. */
char *addr_format_host(const struct addr *addr, char *text, size_t size);

uint16_t addr_port(const struct addr *addr); /* 0 for unix */
unsigned addr_zone(const struct addr *addr); /* number of an IPv6 address's interface; 0: none is given */
void addr_set_port(struct addr *addr, uint16_t port);
bool addr_same_host(const struct addr *a, const struct addr *b); /* IPv4-mapped IPv6 equals the IPv4 address */
bool addr_is_unix(const struct addr *addr);
const char *addr_unix_path(const struct addr *addr); /* NULL: not a Unix address, or one without a path */
bool addr_is_ipv4_loopback(const struct addr *addr); /* of a socket of IPv4 */
bool addr_is_loopback(const struct addr *addr);      /* 127.0.0.0/8 in either spelling, ::1 */

/* The host as 16 bytes, IPv4 as mapped IPv6; *is_ipv4 is true for either spelling of IPv4. False for unix. */
bool addr_host_bytes(const struct addr *addr, uint8_t bytes[16], bool *is_ipv4);

/* A number that is equal for equal hosts (ports ignored); for tables and for balancing by source. */
uint64_t addr_host_hash(const struct addr *addr);

#endif

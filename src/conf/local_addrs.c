/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_addrs: asks for the host's name, getaddrinfo and the interfaces.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/local_addrs_priv.h"

#include "lib/os/host_name.h"

#include <string.h>

static int add_once(struct strlist *names, const char *text) {
    return strlist_has(names, text) ? 0 : strlist_add(names, text);
}

static int add_host(struct strlist *names) {
    char host[HOST_NAME_SIZE];
    host_name(host, sizeof host);
    if (!*host)
        return 0;
    if (add_once(names, host) != 0)
        return -1;
    struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return 0;
    int result = found->ai_canonname && *found->ai_canonname ? add_once(names, found->ai_canonname) : 0;
    freeaddrinfo(found);
    return result;
}

static int add_address(struct strlist *names, const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN];
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)address;
        if (ntohl(ipv4->sin_addr.s_addr) >> 16 == 0xa9fe) /* 169.254/16 */
            return 0;
        return inet_ntop(AF_INET, &ipv4->sin_addr, text, sizeof text) ? add_once(names, text) : 0;
    }
    if (address->sa_family != AF_INET6)
        return 0;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;
    if (IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr))
        return 0;
    return inet_ntop(AF_INET6, &ipv6->sin6_addr, text, sizeof text) ? add_once(names, text) : 0;
}

int local_addrs_add(struct strlist *names) {
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    if (add_host(names) != 0)
        return -1;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (add_once(names, always[i]) != 0)
            return -1;
    return local_addrs_each(add_address, names);
}

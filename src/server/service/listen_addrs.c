/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listen_addrs: see listen_addrs.h.
 * Runs on: start only. Owns: nothing.
 */
#include "config.h"

#include "server/service/listen_addrs.h"

#include <event2/util.h>
#include <stdio.h>
#include <string.h>

static void add_address(struct listen_addrs *addrs, const struct addr *addr) {
    if (addrs->count < LISTEN_ADDRS_MAX)
        addrs->addresses[addrs->count++] = *addr;
}

static int add_wildcards(struct listen_addrs *addrs, struct endpoint endpoint) {
    static const char *const hosts[] = {"0.0.0.0", "::"};
    struct addr addr;

    addrs->every = true;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        snprintf(endpoint.host, sizeof endpoint.host, "%s", hosts[i]);
        if (addr_from_endpoint(&addr, &endpoint))
            add_address(addrs, &addr);
    }
    return 0;
}

static int look_up(struct listen_addrs *addrs, const struct endpoint *endpoint, struct error *error) {
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = EVUTIL_AI_PASSIVE};
    struct evutil_addrinfo *found = NULL;
    char port[8];

    snprintf(port, sizeof port, "%u", endpoint->port);
    int failed = evutil_getaddrinfo(endpoint->host, port, &hints, &found);
    if (failed)
        return error_set(error, "cannot listen on \"%s\": %s", endpoint->host, evutil_gai_strerror(failed));
    for (const struct evutil_addrinfo *info = found; info; info = info->ai_next) {
        struct addr addr = {.length = (socklen_t)info->ai_addrlen};
        if ((size_t)info->ai_addrlen > sizeof addr.storage)
            continue;
        memcpy(&addr.storage, info->ai_addr, (size_t)info->ai_addrlen);
        add_address(addrs, &addr);
    }
    evutil_freeaddrinfo(found);
    return addrs->count ? 0 : error_set(error, "cannot listen on \"%s\": it has no address", endpoint->host);
}

int listen_addrs_resolve(struct listen_addrs *addrs, const char *text, struct error *error) {
    struct endpoint endpoint;
    struct addr addr;

    addrs->count = 0;
    addrs->every = false;
    if (endpoint_parse(&endpoint, text, error))
        return -1;
    if (!endpoint.is_unix && !endpoint.host[0])
        return add_wildcards(addrs, endpoint);
    const char *zone = endpoint_missing_zone(&endpoint);
    if (zone)
        return error_set(error, "cannot listen on \"%s\": this machine has no interface \"%s\"", text, zone);
    if (!addr_from_endpoint(&addr, &endpoint))
        return look_up(addrs, &endpoint, error);
    add_address(addrs, &addr);
    return 0;
}

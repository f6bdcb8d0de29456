/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listen_addrs: see listen_addrs.h.
 */
#include "config.h"

#include "server/service/listen_addrs.h"

#include "lib/net/port_range.h"

#include <event2/util.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void listen_addrs_add(struct listen_addrs *addrs, const struct addr *addr) {
    if (addrs->count < LISTEN_ADDRS_MAX)
        addrs->items[addrs->count++] = *addr;
}

static int add_both(struct listen_addrs *addrs, struct endpoint endpoint, const char *ipv4, const char *ipv6) {
    const char *const hosts[] = {ipv4, ipv6};
    struct addr addr;

    addrs->needs_one = true;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        snprintf(endpoint.host, sizeof endpoint.host, "%s", hosts[i]);
        if (addr_from_endpoint(&addr, &endpoint))
            listen_addrs_add(addrs, &addr);
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
        listen_addrs_add(addrs, &addr);
    }
    evutil_freeaddrinfo(found);
    return addrs->count ? 0 : error_set(error, "cannot listen on \"%s\": it has no address", endpoint->host);
}

/* A look-up may take as long as it likes, and all clients would wait for it. */
static int find_known(struct listen_addrs *addrs, const struct endpoint *endpoint, listen_addrs_known known,
                      const void *context, struct error *error) {
    if (known(context, addrs->name, addrs))
        return 0;
    if (strcasecmp(endpoint->host, "localhost") == 0)
        return add_both(addrs, *endpoint, "127.0.0.1", "::1");
    /* Not quoted: what is written may be "${file:PATH}", whose text no error shows. */
    return error_set(error, "names are not looked up while the server runs; write an address, or start munneld again");
}

int listen_addrs_find(struct listen_addrs *addrs, const char *text, listen_addrs_known known, const void *context,
                      struct error *error) {
    struct port_range range;
    const struct endpoint *endpoint = &range.endpoint;
    struct addr addr;

    if (port_range_parse(&range, text, error))
        return -1;
    *addrs = (struct listen_addrs){.first = endpoint->port, .last = range.last};
    if (!endpoint->is_unix && !endpoint->host[0])
        return add_both(addrs, *endpoint, "0.0.0.0", "::");
    const char *zone = endpoint_missing_zone(endpoint);
    if (zone)
        return error_set(error, "cannot listen on \"%s\": this machine has no interface \"%s\"", text, zone);
    if (addr_from_endpoint(&addr, endpoint)) {
        listen_addrs_add(addrs, &addr);
        return 0;
    }
    addrs->name = text;
    return known ? find_known(addrs, endpoint, known, context, error) : look_up(addrs, endpoint, error);
}

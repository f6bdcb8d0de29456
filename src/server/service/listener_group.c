/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listener_group: see listener_group.h.
 */
#include "config.h"

#include "server/service/listener_group.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRS_MAX = 16 };

struct listen_addrs { /* of one configured address */
    struct addr items[ADDRS_MAX];
    int count;
    bool is_wildcard; /* "*:80": one address per family, of which this machine need not have all */
};

struct listener_group {
    struct listener_options options;
    struct listener **all;
    size_t count;
};

static void add_address(struct listen_addrs *addrs, const struct addr *addr) {
    if (addrs->count < ADDRS_MAX)
        addrs->items[addrs->count++] = *addr;
}

static int add_wildcards(struct listen_addrs *addrs, struct endpoint endpoint) {
    static const char *const hosts[] = {"0.0.0.0", "::"};
    struct addr addr;

    addrs->is_wildcard = true;
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

/* Returns 0, or -1 with `error` that quotes `text`. */
static int resolve(struct listen_addrs *addrs, const char *text, struct error *error) {
    struct endpoint endpoint;
    struct addr addr;

    *addrs = (struct listen_addrs){.count = 0};
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

/* Returns 0 also when an address of "*:80" is of a family that this machine has not, as long as another one is. */
static int bind_all(struct listener_group *listeners, const struct listen_addrs *addrs, struct error *error) {
    size_t before = listeners->count;

    for (int i = 0; i < addrs->count; i++) {
        struct listener *listener = listener_new(&listeners->options, &addrs->items[i], error);
        if (listener)
            listeners->all[listeners->count++] = listener;
        else if (!addrs->is_wildcard || (i + 1 == addrs->count && listeners->count == before))
            return -1;
        else
            log_write(listeners->options.log, LOG_LEVEL_WARNING, listeners->options.who, "%s", error->text);
    }
    return 0;
}

struct listener_group *listener_group_new(const struct listener_options *options, const struct strlist *addrs,
                                          struct error *error) {
    struct listener_group *listeners = calloc(1, sizeof *listeners);
    struct listener **all = calloc(addrs->count * ADDRS_MAX + 1, sizeof(struct listener *));

    if (!listeners || !all) {
        error_set(error, "out of memory");
        free(listeners);
        free(all);
        return NULL;
    }
    listeners->options = *options;
    listeners->all = all;
    for (size_t i = 0; i < addrs->count; i++) {
        struct listen_addrs found;
        if (resolve(&found, addrs->items[i], error) || bind_all(listeners, &found, error)) {
            listener_group_free(listeners);
            return NULL;
        }
    }
    return listeners;
}

int listener_group_open(struct listener_group *listeners, struct error *error) {
    int result = 0;

    for (size_t i = 0; i < listeners->count; i++)
        if (listener_open(listeners->all[i], result ? NULL : error))
            result = -1;
    return result;
}

void listener_group_shut(struct listener_group *listeners) {
    for (size_t i = 0; i < listeners->count; i++)
        listener_shut(listeners->all[i]);
}

void listener_group_free(struct listener_group *listeners) {
    if (!listeners)
        return;
    for (size_t i = 0; i < listeners->count; i++)
        listener_free(listeners->all[i]);
    free(listeners->all);
    free(listeners);
}

void listener_group_log(const struct listener_group *listeners, const char *event) {
    char text[ADDR_TEXT];

    for (size_t i = 0; i < listeners->count; i++)
        log_write(listeners->options.log, LOG_LEVEL_INFO, listeners->options.who, "%s %s%s", event,
                  addr_format(listener_addr(listeners->all[i]), text, sizeof text),
                  listener_is_passed(listeners->all[i]) ? " (the service manager's socket)" : "");
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resolver_system: asks getaddrinfo, and so all sources that this host is set up to ask; knows localhost by itself.
 * Runs on: the resolver's threads. Owns: nothing.
 */
#include "config.h"

#include "lib/event/resolver_priv.h"

#include <string.h>
#include <strings.h>

static const char *why_failed(int code) {
    switch (code) {
    case EAI_NONAME:
        return "no such name";
#ifdef EAI_NODATA
    case EAI_NODATA:
        return "the name has no address";
#endif
    case EAI_AGAIN:
        return "no name server answers";
    case EAI_MEMORY:
        return "out of memory";
    default:
        return evutil_gai_strerror(code);
    }
}

static bool is_usable(const struct addrinfo *entry) {
    return (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) &&
           entry->ai_addrlen <= sizeof(struct sockaddr_storage);
}

/* The next usable entry from `entry` on whose family is `family` (`same`) or another one. */
static const struct addrinfo *next_of(const struct addrinfo *entry, int family, bool same) {
    while (entry && (!is_usable(entry) || (entry->ai_family == family) != same))
        entry = entry->ai_next;
    return entry;
}

static void take(struct resolver_answer *answer, const struct addrinfo *entry) {
    struct addr *addr = &answer->addresses[answer->count++];
    memset(addr, 0, sizeof *addr);
    memcpy(&addr->storage, entry->ai_addr, entry->ai_addrlen);
    addr->length = (socklen_t)entry->ai_addrlen;
}

void resolver_interleave(const struct addrinfo *list, struct resolver_answer *answer) {
    while (list && !is_usable(list))
        list = list->ai_next;
    int family = list ? list->ai_family : AF_UNSPEC;
    const struct addrinfo *first = list, *second = next_of(list, family, false);
    answer->count = 0;
    while ((first || second) && answer->count < RESOLVER_ADDRESSES) {
        if (first) {
            take(answer, first);
            first = next_of(first->ai_next, family, true);
        }
        if (second && answer->count < RESOLVER_ADDRESSES) {
            take(answer, second);
            second = next_of(second->ai_next, family, false);
        }
    }
    answer->detail = answer->count > 0 ? "" : "the name has no address";
}

static bool is_localhost(const char *host) {
    static const char name[] = "localhost";
    size_t length = strlen(host), size = sizeof name - 1;
    length -= length > 0 && host[length - 1] == '.';
    if (length < size || strncasecmp(host + length - size, name, size) != 0)
        return false;
    return length == size || host[length - size - 1] == '.';
}

bool resolver_answer_localhost(const char *host, struct resolver_answer *answer) {
    static const struct endpoint loopback[] = {{.host = "::1"}, {.host = "127.0.0.1"}};
    if (!is_localhost(host))
        return false;
    *answer = (struct resolver_answer){.detail = ""};
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
        answer->count += addr_from_endpoint(&answer->addresses[answer->count], &loopback[i]);
    return true;
}

void resolver_ask_system(const char *host, struct resolver_answer *answer) {
    /* Not AI_ADDRCONFIG: it hides ::1 and 127.0.0.1 on machines that have no other address. */
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(host, NULL, &hints, &list);
    if (code) {
        answer->count = 0;
        answer->detail = why_failed(code);
        return;
    }
    resolver_interleave(list, answer);
    freeaddrinfo(list);
}

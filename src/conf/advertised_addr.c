/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * advertised_addr: picks the name that most probably works on another machine. One only: two names of one server in an
 * agent's list would be two sessions with the same server.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/advertised_addr.h"

#include "lib/net/addr.h"
#include "lib/net/socket_types.h"
#include "lib/tls/cert_issue.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_PORT = 10001 };

enum rank { RANK_NONE, RANK_LOOPBACK, RANK_SHORT_NAME, RANK_IPV6, RANK_IPV4, RANK_FULL_NAME };

struct best {
    char host[ENDPOINT_HOST];
    enum rank rank;
};

static enum rank rank_of(const char *host) {
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (inet_pton(AF_INET, host, &ipv4) == 1)
        return ntohl(ipv4.s_addr) >> 24 == 127 ? RANK_LOOPBACK : RANK_IPV4;
    if (inet_pton(AF_INET6, host, &ipv6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&ipv6) ? RANK_LOOPBACK : RANK_IPV6;
    if (strchr(host, '*'))
        return RANK_NONE;
    if (strncmp(host, "localhost", 9) == 0)
        return RANK_LOOPBACK;
    return strchr(host, '.') ? RANK_FULL_NAME : RANK_SHORT_NAME;
}

static int on_name(void *context, const char *name) {
    struct best *best = context;
    enum rank rank = rank_of(name);
    if (rank > best->rank) {
        snprintf(best->host, sizeof best->host, "%s", name);
        best->rank = rank;
    }
    return 0;
}

static bool is_everywhere(const struct endpoint *endpoint) {
    return !*endpoint->host || strcmp(endpoint->host, "0.0.0.0") == 0 || strcmp(endpoint->host, "::") == 0;
}

bool advertised_addr(const char *listen, const char *name, const char *certificate, char text[ADVERTISED_ADDR_TEXT]) {
    struct endpoint endpoint;
    struct best best = {.host = "localhost", .rank = RANK_NONE};
    if (endpoint_parse(&endpoint, listen, NULL) != 0 || endpoint.is_unix)
        endpoint = (struct endpoint){.port = DEFAULT_PORT};
    bool is_reachable = !is_everywhere(&endpoint) || name;
    if (is_everywhere(&endpoint)) {
        if (!name)
            (void)cert_issue_each_name(certificate, on_name, &best, NULL);
        is_reachable |= best.rank > RANK_LOOPBACK;
        snprintf(endpoint.host, sizeof endpoint.host, "%s", name ? name : best.host);
    }
    endpoint_format(&endpoint, text, ADVERTISED_ADDR_TEXT);
    return is_reachable;
}

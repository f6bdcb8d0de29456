/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listen_check: see listen_check.h.
 */
#include "config.h"

#include "conf/listen_check.h"

#include "conf/shared_listen.h"
#include "lib/net/port_range.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOCALHOST "localhost"

static const size_t agents_themselves = (size_t)-1;

struct claim { /* of ports */
    struct port_range range;
    const char *text;
    size_t service; /* or agents_themselves */
    enum service_protocol protocol;
};

/* Does each port where clients come in make a port of this destination? */
static int check_offset(const struct port_range *range, const char *listen, const char *to,
                        const struct option_place *place) {
    struct endpoint endpoint;
    if (!relative_endpoint_is(to))
        return 0;
    if (range->endpoint.is_unix)
        return option_error(place, "\"%s\" is relative to a port, and \"%s\" has none; write the port", to, listen);
    struct error detail = {""};
    if (relative_endpoint_parse(&endpoint, to, range->endpoint.port, &detail) ||
        relative_endpoint_parse(&endpoint, to, range->last, &detail))
        return option_error(place, "%s", detail.text);
    return 0;
}

static int check_service_ports(const struct server_config *conf, size_t service, const struct option_place *top) {
    const struct service_config *mine = &conf->services[service];
    char name[CONFIG_PLACE_NAME];
    const struct option_place listen = server_config_option_place(conf, service, "listen", name, top);
    const struct option_place connect = server_config_option_place(conf, service, "connect", name, top);
    struct port_range range;
    unsigned ports = 0;
    for (size_t i = 0; i < mine->listen.count; i++) {
        if (port_range_parse(&range, mine->listen.items[i], top->error))
            return -1;
        ports += port_range_count(&range);
        for (size_t j = 0; j < mine->connect.count; j++)
            if (check_offset(&range, mine->listen.items[i], mine->connect.items[j], &connect))
                return -1;
    }
    return ports <= CONF_SERVICE_PORTS_MAX
               ? 0
               : option_error(&listen, "%u ports are too many for a service; write %d at most", ports,
                              CONF_SERVICE_PORTS_MAX);
}

/* What a host means in IPv4 and in IPv6: none and localhost are both. */
static bool same_family_meets(const char *a, const char *b, const char *everything, const char *loopback) {
    const char *first = strcasecmp(a, LOCALHOST) == 0 ? loopback : a[0] ? a : everything;
    const char *second = strcasecmp(b, LOCALHOST) == 0 ? loopback : b[0] ? b : everything;
    if (strcmp(first, everything) == 0 || strcmp(second, everything) == 0)
        return !strchr(first, ':') == !strchr(second, ':');
    return strcasecmp(first, second) == 0;
}

static bool overlap(const struct claim *mine, const struct claim *other) {
    const struct port_range *first = &mine->range, *second = &other->range;
    const struct endpoint *a = &first->endpoint, *b = &second->endpoint;
    if (mine->protocol != other->protocol)
        return false;
    if (a->is_unix || b->is_unix)
        return a->is_unix && b->is_unix && strcmp(a->host, b->host) == 0;
    return port_range_shares_port(first, second) && (same_family_meets(a->host, b->host, "0.0.0.0", "127.0.0.1") ||
                                                     same_family_meets(a->host, b->host, "::", "::1"));
}

/* Written alike, and shared by hosts. */
static bool share(const struct server_config *conf, const struct claim *a, const struct claim *b) {
    return a->protocol == SERVICE_TCP && a->service != b->service && strcmp(a->text, b->text) == 0 &&
           shared_listen_has(conf, a->text);
}

/* What to do about two of them at one port: share it, where hosts can. */
static const char *advise(const struct server_config *conf, const struct claim *a, const struct claim *b) {
    bool is_same_port = a->range.endpoint.port == b->range.endpoint.port && a->range.last == b->range.last;
    bool has_agents = a->service == agents_themselves || b->service == agents_themselves;
    if (a->range.endpoint.is_unix)
        return "write another path";
    if (a->service == b->service || !is_same_port || a->protocol == SERVICE_UDP)
        return "write another port";
    if (strcmp(a->text, b->text) == 0)
        return has_agents ? "write another port, or give the service hosts, to share it"
                          : "write another port, or give them hosts, to share it";
    return shared_listen_has(conf, a->text) || shared_listen_has(conf, b->text)
               ? "write another port, or the address in the same way in both, to share it"
               : "write another port";
}

static enum service_protocol protocol_of(const struct server_config *conf, size_t service) {
    return service == agents_themselves ? SERVICE_TCP : conf->services[service].protocol;
}

static int claim(struct claim *claims, size_t *count, const char *text, size_t service,
                 const struct server_config *conf, const struct option_place *top) {
    struct claim *mine = &claims[*count];
    char name[CONFIG_PLACE_NAME];
    *mine = (struct claim){.text = text, .service = service, .protocol = protocol_of(conf, service)};
    if (port_range_parse(&mine->range, text, top->error))
        return -1;
    for (size_t i = 0; i < *count; i++) {
        const struct claim *other = &claims[i];
        if (!overlap(mine, other) || share(conf, mine, other))
            continue;
        bool agents = other->service == agents_themselves;
        const struct option_place place = service == agents_themselves
                                              ? option_below(top, "agents.listen")
                                              : server_config_option_place(conf, service, "listen", name, top);
        return option_error(&place, "\"%s\" is taken: %s%s%s on \"%s\"; %s", text,
                            agents ? "agents connect" : "service \"", agents ? "" : conf->services[other->service].name,
                            agents ? "" : "\" listens", other->text, advise(conf, mine, other));
    }
    ++*count;
    return 0;
}

static int claim_all(const struct server_config *conf, struct claim *claims, const struct option_place *top) {
    size_t count = 0;
    for (size_t i = 0; i < conf->agents.listen.count; i++)
        if (claim(claims, &count, conf->agents.listen.items[i], agents_themselves, conf, top))
            return -1;
    for (size_t i = 0; i < conf->service_count; i++)
        for (size_t j = 0; j < conf->services[i].listen.count; j++)
            if (claim(claims, &count, conf->services[i].listen.items[j], i, conf, top))
                return -1;
    return 0;
}

int listen_check(const struct server_config *conf, const struct option_place *top) {
    size_t count = conf->agents.listen.count;
    for (size_t i = 0; i < conf->service_count; i++)
        count += conf->services[i].listen.count;
    for (size_t i = 0; i < conf->service_count; i++)
        if (check_service_ports(conf, i, top))
            return -1;
    struct claim *claims = calloc(count, sizeof *claims);
    int failed = claims ? claim_all(conf, claims, top) : option_error(top, "out of memory");
    free(claims);
    return failed || shared_listen_check(conf, top) ? -1 : 0;
}

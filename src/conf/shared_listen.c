/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_listen: see shared_listen.h.
 */
#include "config.h"

#include "conf/shared_listen.h"

#include "lib/net/port_range.h"

#include <string.h>
#include <strings.h>

bool shared_listen_has(const struct server_config *conf, const char *listen) {
    return strlist_has(&conf->shared, listen);
}

bool shared_listen_by(const struct service_config *service, const char *listen) {
    return service->protocol == SERVICE_TCP && strlist_has(&service->listen, listen);
}

int shared_listen_note(struct server_config *conf) {
    for (size_t i = 0; i < conf->service_count; i++) {
        const struct service_config *service = &conf->services[i];
        for (size_t j = 0; service->hosts.count && j < service->listen.count; j++)
            if (!shared_listen_has(conf, service->listen.items[j]) &&
                strlist_add(&conf->shared, service->listen.items[j]))
                return -1;
    }
    return 0;
}

int shared_listen_own(const struct server_config *conf, const struct strlist *listen, struct strlist *own) {
    for (size_t i = 0; i < listen->count; i++)
        if (!shared_listen_has(conf, listen->items[i]) && strlist_add(own, listen->items[i]))
            return -1;
    return 0;
}

/* The next from `at` on that is not shared; NULL: there is none. */
static const char *next_own(const struct server_config *conf, const struct strlist *listen, size_t *at) {
    while (*at < listen->count && shared_listen_has(conf, listen->items[*at]))
        ++*at;
    return *at < listen->count ? listen->items[(*at)++] : NULL;
}

bool shared_listen_same_own(const struct server_config *before, const struct strlist *was,
                            const struct server_config *after, const struct strlist *is) {
    size_t at_before = 0, at_after = 0;

    for (;;) {
        const char *a = next_own(before, was, &at_before), *b = next_own(after, is, &at_after);
        if (!a || !b)
            return a == b;
        if (strcmp(a, b) != 0)
            return false;
    }
}

int shared_listen_own_of(const struct server_config *conf, const struct service_config *service, struct strlist *own) {
    if (service->protocol == SERVICE_TCP)
        return shared_listen_own(conf, &service->listen, own);
    for (size_t i = 0; i < service->listen.count; i++)
        if (strlist_add(own, service->listen.items[i]))
            return -1;
    return 0;
}

bool shared_listen_same_own_of(const struct server_config *before, const struct service_config *was,
                               const struct server_config *after, const struct service_config *is) {
    if (was->protocol != is->protocol)
        return false;
    return was->protocol == SERVICE_UDP ? strlist_same(&was->listen, &is->listen)
                                        : shared_listen_same_own(before, &was->listen, after, &is->listen);
}

/* ---- the check ---- */

static int fail_at(const struct server_config *conf, size_t service, const char *key, const struct option_place *top,
                   const struct error *detail) {
    char name[CONFIG_PLACE_NAME];
    const struct option_place place = server_config_place(conf, service, name, top),
                              member = option_member(&place, key);

    return option_error(&member, "%s", detail->text);
}

static const char *find_same(const struct strlist *a, const struct strlist *b) {
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (strcasecmp(a->items[i], b->items[j]) == 0)
                return a->items[i];
    return NULL;
}

static bool is_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Two services at one address; the second one is checked. */
static int check_pair(const struct server_config *conf, size_t first, size_t second, const char *listen,
                      const struct option_place *top) {
    const struct service_config *a = &conf->services[first], *b = &conf->services[second];
    const char *same = find_same(&a->hosts, &b->hosts);
    struct error detail;

    if (same) {
        error_set(&detail, "\"%s\" is a host of service \"%s\", too, which listens on \"%s\"; write it once", same,
                  a->name, listen);
        return fail_at(conf, second, "hosts", top, &detail);
    }
    if (!strlist_same(&a->accept_proxy, &b->accept_proxy) || !is_same_text(a->interface, b->interface) ||
        a->freebind != b->freebind || a->backlog != b->backlog) {
        error_set(&detail,
                  "\"%s\" is shared with service \"%s\": write the same accept_proxy, interface, freebind and backlog "
                  "for both",
                  listen, a->name);
        return fail_at(conf, second, "listen", top, &detail);
    }
    if (!a->hosts.count && !b->hosts.count) {
        error_set(&detail,
                  "\"%s\" has a service without hosts already, \"%s\", which gets what no name leads to; write hosts",
                  listen, a->name);
        return fail_at(conf, second, "listen", top, &detail);
    }
    return 0;
}

static int check_address(const struct server_config *conf, const char *listen, const struct option_place *top) {
    for (size_t i = 0; i < conf->service_count; i++)
        for (size_t j = 0; shared_listen_by(&conf->services[i], listen) && j < i; j++)
            if (shared_listen_by(&conf->services[j], listen) && check_pair(conf, j, i, listen, top))
                return -1;
    return 0;
}

/* A header would be wanted of agents at one of their addresses, and none, or of others, at the other. */
static int check_agents(const struct server_config *conf, const char *listen, const struct option_place *top) {
    const struct option_place place = option_below(top, "agents.accept_proxy");

    for (size_t i = 0; strlist_has(&conf->agents.listen, listen) && i < conf->service_count; i++)
        if (shared_listen_by(&conf->services[i], listen) &&
            !strlist_same(&conf->agents.accept_proxy, &conf->services[i].accept_proxy))
            return option_error(&place, "agents share \"%s\" with service \"%s\": write the same accept_proxy for both",
                                listen, conf->services[i].name);
    return 0;
}

static int check_own(const struct server_config *conf, size_t service, const struct option_place *top) {
    const struct service_config *mine = &conf->services[service];
    struct port_range range;
    struct error detail;

    for (size_t i = 0; mine->hosts.count && i < mine->listen.count; i++) {
        if (port_range_parse(&range, mine->listen.items[i], top->error))
            return -1;
        if (!range.endpoint.is_unix)
            continue;
        error_set(&detail, "\"%s\" is a Unix socket; clients are told apart by hosts at ports only",
                  mine->listen.items[i]);
        return fail_at(conf, service, "hosts", top, &detail);
    }
    return 0;
}

int shared_listen_check(const struct server_config *conf, const struct option_place *top) {
    for (size_t i = 0; i < conf->service_count; i++)
        if (check_own(conf, i, top))
            return -1;
    for (size_t i = 0; i < conf->shared.count; i++)
        if (check_address(conf, conf->shared.items[i], top) || check_agents(conf, conf->shared.items[i], top))
            return -1;
    return 0;
}

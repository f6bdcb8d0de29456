/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * acl: patterns in the order in which they were added; one that matches is enough. acl_parse.c takes them apart.
 * Runs on: built on one thread, then read on every thread. Owns: its patterns.
 */
#include "config.h"

#include "lib/base/strlist.h"
#include "lib/net/acl_priv.h"
#include "lib/net/interface_names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { IPV4_EXPLICIT = 96 + 16 }; /* a network no wider than this is meant, and not "everything" */

struct acl {
    struct acl_rule *items;
    size_t count;
};

struct acl *acl_new(void) {
    return calloc(1, sizeof(struct acl));
}

int acl_add(struct acl *rules, const char *pattern, struct error *error) {
    struct acl_rule *items = realloc(rules->items, (rules->count + 1) * sizeof *items);
    if (!items)
        return error_set(error, "out of memory");
    rules->items = items;
    if (acl_rule_parse(&rules->items[rules->count], pattern, error))
        return -1;
    rules->count++;
    return 0;
}

int acl_read(struct acl **rules, const struct strlist *patterns, struct error *error) {
    if (!patterns->count)
        return 0;
    *rules = acl_new();
    if (!*rules)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < patterns->count; i++)
        if (acl_add(*rules, patterns->items[i], error))
            return -1;
    return 0;
}

void acl_free(struct acl *rules) {
    if (!rules)
        return;
    for (size_t i = 0; i < rules->count; i++)
        free(rules->items[i].name);
    free(rules->items);
    free(rules);
}

bool acl_empty(const struct acl *rules) {
    return !rules || rules->count == 0;
}

/* ---- matching ---- */

struct target { /* an address, looked at once for all rules */
    const struct addr *addr;
    const char *host;
    size_t host_length; /* without a dot at the end */
    uint8_t bytes[16];
    bool is_ip, is_ipv4;
    uint16_t port;
    unsigned zone;
};

static struct target target_of_name(const char *host, uint16_t port) {
    struct target target = {.host = host, .host_length = host ? strlen(host) : 0, .port = port};
    if (target.host_length > 0 && host[target.host_length - 1] == '.')
        target.host_length--;
    return target;
}

static struct target target_of(const struct addr *addr, const char *host) {
    struct target target = target_of_name(host, addr_port(addr));
    target.addr = addr;
    target.zone = addr_zone(addr);
    target.is_ip = addr_host_bytes(addr, target.bytes, &target.is_ipv4);
    return target;
}

static bool zone_matches(const struct acl_rule *rule, const struct target *target) {
    if (rule->name)
        return target->zone && if_nametoindex(rule->name) == target->zone;
    return rule->zone == 0 || rule->zone == target->zone;
}

static bool network_matches(const struct acl_rule *rule, const struct target *target) {
    return rule->is_ipv4 == target->is_ipv4 && acl_network_contains(rule->network, rule->prefix, target->bytes) &&
           zone_matches(rule, target);
}

static bool name_matches(const struct acl_rule *rule, const struct target *target) {
    size_t length = strlen(rule->name);
    return target->host && target->host_length == length && strncasecmp(target->host, rule->name, length) == 0;
}

/* "*.example" is kept as ".example" and means every name below it, but not itself. */
static bool suffix_matches(const struct acl_rule *rule, const struct target *target) {
    size_t length = strlen(rule->name);
    return target->host && target->host_length > length &&
           strncasecmp(target->host + target->host_length - length, rule->name, length) == 0;
}

static bool unix_matches(const struct acl_rule *rule, const struct target *target) {
    char path[ADDR_TEXT];
    return addr_is_unix(target->addr) && strcmp(addr_format_host(target->addr, path, sizeof path), rule->name) == 0;
}

static bool rule_matches(const struct acl_rule *rule, const struct target *target) {
    if (target->is_ip && (target->port < rule->port_low || target->port > rule->port_high))
        return false;
    switch (rule->kind) {
    case ACL_RULE_EVERYTHING:
        return true;
    case ACL_RULE_EVERY_HOST:
        return target->is_ip;
    case ACL_RULE_NETWORK:
        return target->is_ip && network_matches(rule, target);
    case ACL_RULE_NAME:
        return target->is_ip && name_matches(rule, target);
    case ACL_RULE_SUFFIX:
        return target->is_ip && suffix_matches(rule, target);
    case ACL_RULE_UNIX:
        return unix_matches(rule, target);
    case ACL_RULE_EVERY_UNIX:
        return addr_is_unix(target->addr);
    }
    return false;
}

bool acl_match(const struct acl *rules, const struct addr *addr, const char *host) {
    struct target target = target_of(addr, host);
    for (size_t i = 0; rules && i < rules->count; i++) {
        if (rule_matches(&rules->items[i], &target))
            return true;
    }
    return false;
}

bool acl_match_explicitly(const struct acl *rules, const struct addr *addr) {
    struct target target = target_of(addr, NULL);
    for (size_t i = 0; rules && i < rules->count; i++) {
        const struct acl_rule *rule = &rules->items[i];
        unsigned narrow = rule->is_ipv4 ? IPV4_EXPLICIT : reserved_addr_explicit_bits(target.bytes);
        bool is_explicit = rule->kind == ACL_RULE_UNIX || rule->kind == ACL_RULE_EVERY_UNIX ||
                           (rule->kind == ACL_RULE_NETWORK && rule->prefix >= narrow);
        if (is_explicit && rule_matches(rule, &target))
            return true;
    }
    return false;
}

/* A Unix socket may be a container engine's or a message bus's: as good as a shell on the agent's machine. */
bool acl_permits(const struct acl *rules, const struct addr *addr, const char *host) {
    if (addr_is_reserved(addr) || addr_is_unix(addr))
        return acl_match_explicitly(rules, addr);
    return acl_empty(rules) || acl_match(rules, addr, host);
}

static bool may_match(const struct acl_rule *rule, const struct target *target) {
    if (target->port < rule->port_low || target->port > rule->port_high)
        return false;
    switch (rule->kind) {
    case ACL_RULE_EVERYTHING:
    case ACL_RULE_EVERY_HOST:
    case ACL_RULE_NETWORK:
        return true;
    case ACL_RULE_NAME:
        return name_matches(rule, target);
    case ACL_RULE_SUFFIX:
        return suffix_matches(rule, target);
    case ACL_RULE_UNIX:
    case ACL_RULE_EVERY_UNIX:
        break;
    }
    return false;
}

bool acl_may_permit(const struct acl *rules, const char *host, uint16_t port) {
    struct target target = target_of_name(host, port);

    for (size_t i = 0; rules && i < rules->count; i++)
        if (may_match(&rules->items[i], &target))
            return true;
    return acl_empty(rules);
}

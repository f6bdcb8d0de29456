/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * rules: patterns in the order in which they were added; one that matches is enough. rules_parse.c takes them apart.
 * Runs on: built on one thread, then read on every thread. Owns: its patterns.
 */
#include "config.h"

#include "lib/rules_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { IPV4_EXPLICIT = 96 + 16 }; /* a network no wider than this is meant, and not "everything" */

struct rules {
    struct rule *items;
    size_t count, room;
};

struct rules *rules_new(void) {
    return calloc(1, sizeof(struct rules));
}

int rules_add(struct rules *rules, const char *pattern, struct error *error) {
    if (rules->count == rules->room) {
        size_t room = rules->room ? 2 * rules->room : 8;
        struct rule *items = realloc(rules->items, room * sizeof *items);
        if (!items) {
            return error_set(error, "out of memory");
        }
        rules->items = items;
        rules->room = room;
    }
    if (rule_parse(&rules->items[rules->count], pattern, error)) {
        return -1;
    }
    rules->count++;
    return 0;
}

void rules_free(struct rules *rules) {
    if (!rules) {
        return;
    }
    for (size_t i = 0; i < rules->count; i++) {
        free(rules->items[i].name);
    }
    free(rules->items);
    free(rules);
}

bool rules_empty(const struct rules *rules) {
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
};

static struct target target_of(const struct addr *addr, const char *host) {
    struct target target = {.addr = addr, .host = host, .port = addr_port(addr)};
    target.is_ip = addr_host_bytes(addr, target.bytes, &target.is_ipv4);
    target.host_length = host ? strlen(host) : 0;
    if (target.host_length > 0 && host[target.host_length - 1] == '.') {
        target.host_length--;
    }
    return target;
}

static bool network_matches(const struct rule *rule, const struct target *target) {
    return rule->is_ipv4 == target->is_ipv4 && network_holds(rule->network, rule->prefix, target->bytes);
}

static bool name_matches(const struct rule *rule, const struct target *target) {
    size_t length = strlen(rule->name);
    return target->host && target->host_length == length && strncasecmp(target->host, rule->name, length) == 0;
}

/* "*.example" is kept as ".example" and means every name below it, but not itself. */
static bool suffix_matches(const struct rule *rule, const struct target *target) {
    size_t length = strlen(rule->name);
    return target->host && target->host_length > length &&
           strncasecmp(target->host + target->host_length - length, rule->name, length) == 0;
}

static bool unix_matches(const struct rule *rule, const struct target *target) {
    char path[ADDR_TEXT];
    return addr_is_unix(target->addr) && strcmp(addr_format_host(target->addr, path, sizeof path), rule->name) == 0;
}

static bool rule_matches(const struct rule *rule, const struct target *target) {
    if (target->is_ip && (target->port < rule->port_low || target->port > rule->port_high)) {
        return false;
    }
    switch (rule->kind) {
    case RULE_EVERYTHING:
        return true;
    case RULE_EVERY_HOST:
        return target->is_ip;
    case RULE_NETWORK:
        return target->is_ip && network_matches(rule, target);
    case RULE_NAME:
        return target->is_ip && name_matches(rule, target);
    case RULE_SUFFIX:
        return target->is_ip && suffix_matches(rule, target);
    case RULE_UNIX:
        return unix_matches(rule, target);
    case RULE_EVERY_UNIX:
        return addr_is_unix(target->addr);
    }
    return false;
}

bool rules_match(const struct rules *rules, const struct addr *addr, const char *host) {
    struct target target = target_of(addr, host);
    for (size_t i = 0; rules && i < rules->count; i++) {
        if (rule_matches(&rules->items[i], &target)) {
            return true;
        }
    }
    return false;
}

bool rules_match_explicitly(const struct rules *rules, const struct addr *addr) {
    struct target target = target_of(addr, NULL);
    for (size_t i = 0; rules && i < rules->count; i++) {
        const struct rule *rule = &rules->items[i];
        unsigned narrow = rule->is_ipv4 ? IPV4_EXPLICIT : sensitive_explicit_bits(target.bytes);
        bool is_explicit = rule->kind == RULE_UNIX || rule->kind == RULE_EVERY_UNIX ||
                           (rule->kind == RULE_NETWORK && rule->prefix >= narrow);
        if (is_explicit && rule_matches(rule, &target)) {
            return true;
        }
    }
    return false;
}

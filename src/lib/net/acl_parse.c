/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * acl_parse: takes a pattern apart: HOST[/BITS][:PORT], where HOST is a name, "*.name", an address or "*".
 * Runs on: the thread that builds the rules. Owns: nothing.
 */
#include "config.h"

#include "lib/net/acl_priv.h"

#include <stdio.h>
#include <string.h>

enum {
    IPV4_BITS = 32,
    IPV6_BITS = 128,
    IPV4_START = IPV6_BITS - IPV4_BITS,
    PORT_HIGHEST = 65535,
    LINK_LOCAL_BITS = 10
};

struct parts { /* of a pattern */
    char host[ENDPOINT_HOST];
    bool is_bracketed;
    const char *bits, *port; /* what follows '/' and ':', in the pattern; NULL: nothing does */
};

bool acl_network_contains(const uint8_t network[16], unsigned prefix, const uint8_t address[16]) {
    unsigned whole = prefix / 8, rest = prefix % 8;
    bool differs_at_once = whole > 0 && network[whole - 1] != address[whole - 1]; /* as nearly all do: no call needed */
    if (differs_at_once || memcmp(network, address, whole) != 0)
        return false;
    return rest == 0 || ((network[whole] ^ address[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

static int split(struct parts *parts, const char *pattern, struct error *error) {
    memset(parts, 0, sizeof *parts);
    parts->is_bracketed = pattern[0] == '[';
    const char *start = pattern + parts->is_bracketed;
    size_t length = strcspn(start, parts->is_bracketed ? "]" : "/:");
    const char *rest = start + length;
    const char *colon = strchr(pattern, ':');
    if (!parts->is_bracketed && colon && strchr(colon + 1, ':')) {
        return error_set(error, "\"%.80s\" has more than one colon; an IPv6 address is written in brackets, [fd00::]/8",
                         pattern);
    }
    if (length == 0 || length >= sizeof parts->host) {
        return error_set(error, "\"%.80s\" lacks a host; write 10.0.0.0/8, db.example:5432, [fd00::]/8:443 or *",
                         pattern);
    }
    if (parts->is_bracketed && *rest++ != ']')
        return error_set(error, "\"%.80s\" lacks the closing bracket; write [fd00::]/8:443", pattern);
    memcpy(parts->host, start, length);
    if (*rest == '/') {
        parts->bits = rest + 1;
        rest += strcspn(rest, ":");
    }
    if (*rest == ':') {
        parts->port = rest + 1;
    } else if (*rest) {
        return error_set(error, "\"%.80s\" goes on after the bracket; write [fd00::]/8:443", pattern);
    }
    return 0;
}

/* A number up to `highest` that ends at one of `ends` or at the end of the text; -1 if there is none. */
static long read_number(const char *text, const char *ends, long highest, const char **end) {
    long number = 0;
    size_t length = strspn(text, "0123456789");
    for (size_t i = 0; i < length && number <= highest; i++)
        number = number * 10 + (text[i] - '0');
    *end = text + length;
    bool is_ended = **end == '\0' || strchr(ends, **end);
    return length > 0 && number <= highest && is_ended ? number : -1;
}

static int parse_port(struct acl_rule *rule, const struct parts *parts, const char *pattern, struct error *error) {
    rule->port_low = 0;
    rule->port_high = PORT_HIGHEST;
    if (!parts->port || strcmp(parts->port, "*") == 0)
        return 0;
    const char *end;
    long low = read_number(parts->port, "-", PORT_HIGHEST, &end);
    long high = low >= 0 && *end == '-' ? read_number(end + 1, "", PORT_HIGHEST, &end) : low;
    if (low < 1 || high < low) {
        return error_set(error, "\"%.80s\" has \"%.20s\" for a port; write a number from 1 to 65535, 8000-8099 or *",
                         pattern, parts->port);
    }
    rule->port_low = (uint16_t)low;
    rule->port_high = (uint16_t)high;
    return 0;
}

static void clear_behind(uint8_t address[16], unsigned prefix) {
    for (unsigned bit = prefix; bit < IPV6_BITS; bit++)
        address[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

/* A network must be spelled exactly: 10.1.2.3/8 is more likely a slip than meant. */
static int check_network(const struct acl_rule *rule, const struct addr *address, const char *pattern,
                         struct error *error) {
    uint8_t bytes[16];
    memcpy(bytes, rule->network, sizeof bytes);
    clear_behind(bytes, rule->prefix);
    if (memcmp(bytes, rule->network, sizeof bytes) == 0)
        return 0;
    char text[ADDR_TEXT];
    return error_set(
        error, "\"%.80s\" is an address and not a network: its last bits are not 0; write %s alone for the address",
        pattern, addr_format_host(address, text, sizeof text));
}

/* A name is kept as it is: an interface that is made again, by a VPN, has another number. */
static int parse_zone(struct acl_rule *rule, const struct parts *parts, const char *pattern, struct error *error) {
    const char *percent = strchr(parts->host, '%'), *end;
    if (!percent)
        return 0;
    if (rule->network[0] != 0xfe || (rule->network[1] & 0xc0) != 0x80 || rule->prefix < LINK_LOCAL_BITS)
        return error_set(error, "\"%.80s\" names an interface, which only link-local addresses have; leave out %.20s",
                         pattern, percent);
    if (read_number(percent + 1, "", INT32_MAX, &end) >= 0)
        return 0;
    rule->name = strdup(percent + 1);
    return rule->name ? 0 : error_set(error, "out of memory");
}

static int parse_network(struct acl_rule *rule, const struct parts *parts, const struct addr *address,
                         const char *pattern, struct error *error) {
    const char *end;
    bool is_written_ipv4 = address->storage.ss_family == AF_INET;
    long most = is_written_ipv4 ? IPV4_BITS : IPV6_BITS;
    long bits = parts->bits ? read_number(parts->bits, ":", most, &end) : most;
    if (bits < 0)
        return error_set(error, "\"%.80s\" lacks a number from 0 to %ld behind the slash", pattern, most);
    rule->kind = ACL_RULE_NETWORK;
    addr_host_bytes(address, rule->network, &rule->is_ipv4);
    rule->zone = addr_zone(address);
    rule->prefix = (unsigned)bits + (is_written_ipv4 ? IPV4_START : 0);
    rule->is_ipv4 = rule->is_ipv4 && rule->prefix >= IPV4_START;
    return check_network(rule, address, pattern, error) ? -1 : parse_zone(rule, parts, pattern, error);
}

/* Lends endpoint_parse its judgement on what a name is. */
static int check_name(const char *host, struct error *error) {
    struct endpoint endpoint;
    char text[ENDPOINT_HOST + 8];
    if (!*host)
        return error_set(error, "\"*.\" lacks the rest of the name; write *.example");
    snprintf(text, sizeof text, "%s:1", host);
    return endpoint_parse(&endpoint, text, error);
}

static int keep_name(struct acl_rule *rule, enum acl_rule_kind kind, const char *name, struct error *error) {
    size_t length = strlen(name);
    rule->kind = kind;
    rule->name = strdup(name);
    if (!rule->name)
        return error_set(error, "out of memory");
    if (kind != ACL_RULE_UNIX && length > 1 && name[length - 1] == '.')
        rule->name[length - 1] = '\0';
    return 0;
}

static int parse_name(struct acl_rule *rule, const struct parts *parts, const char *pattern, struct error *error) {
    const char *host = parts->host;
    if (parts->bits || parts->is_bracketed) {
        return error_set(error,
                         "\"%.80s\" does not begin with an address; a network is written 10.0.0.0/8 or [fd00::]/8",
                         pattern);
    }
    if (strcmp(host, "*") == 0) {
        rule->kind = parts->port ? ACL_RULE_EVERY_HOST : ACL_RULE_EVERYTHING;
        return 0;
    }
    bool is_suffix = strncmp(host, "*.", 2) == 0;
    if (strchr(host + (is_suffix ? 2 : 0), '*'))
        return error_set(error, "\"%.80s\": a '*' stands alone, or for the first part of a name (*.example)", pattern);
    if (check_name(host + (is_suffix ? 2 : 0), error))
        return -1;
    return keep_name(rule, is_suffix ? ACL_RULE_SUFFIX : ACL_RULE_NAME, host + (is_suffix ? 1 : 0), error);
}

static int parse_unix(struct acl_rule *rule, const char *path, struct error *error) {
    rule->port_high = PORT_HIGHEST;
    if (strcmp(path, "*") == 0) {
        rule->kind = ACL_RULE_EVERY_UNIX;
        return 0;
    }
    return *path ? keep_name(rule, ACL_RULE_UNIX, path, error)
                 : error_set(error, "\"unix:\" lacks the path of the socket; write unix:/run/example.sock");
}

int acl_rule_parse(struct acl_rule *rule, const char *pattern, struct error *error) {
    memset(rule, 0, sizeof *rule);
    if (strncmp(pattern, "unix:", 5) == 0)
        return parse_unix(rule, pattern + 5, error);
    struct parts parts;
    if (split(&parts, pattern, error) || parse_port(rule, &parts, pattern, error))
        return -1;
    struct endpoint endpoint = {.port = 0};
    struct addr address;
    memcpy(endpoint.host, parts.host, sizeof endpoint.host);
    if (addr_from_endpoint(&address, &endpoint))
        return parse_network(rule, &parts, &address, pattern, error);
    if (endpoint_missing_zone(&endpoint))
        return error_set(error, "\"%.80s\": this machine has no interface \"%.40s\"", pattern,
                         endpoint_missing_zone(&endpoint));
    return parse_name(rule, &parts, pattern, error);
}

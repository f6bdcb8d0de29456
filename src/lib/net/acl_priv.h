/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * acl_priv: one pattern, taken apart. For acl.c and its siblings.
 */
#ifndef MUNNEL_LIB_NET_ACL_PRIV_H
#define MUNNEL_LIB_NET_ACL_PRIV_H

#include "lib/net/acl.h"

enum acl_rule_kind {
    ACL_RULE_EVERYTHING, /* "*" */
    ACL_RULE_EVERY_HOST, /* "*:80" */
    ACL_RULE_NETWORK,    /* "10.0.0.0/8", and single addresses */
    ACL_RULE_NAME,       /* "db.example" */
    ACL_RULE_SUFFIX,     /* "*.example" */
    ACL_RULE_UNIX,       /* "unix:/run/x.sock" */
    ACL_RULE_EVERY_UNIX  /* "unix:*" */
};

struct acl_rule {
    enum acl_rule_kind kind;
    uint8_t network[16]; /* IPv4 as mapped IPv6 */
    unsigned prefix;     /* bits of the 128 */
    unsigned zone;       /* number of the interface when the rule was read; 0: any */
    bool is_ipv4;
    uint16_t port_low, port_high; /* 0 and 65535: any */
    char *name;                   /* name, suffix with its dot, path, or a network's interface by name; or NULL */
};

int acl_rule_parse(struct acl_rule *rule, const char *pattern,
                   struct error *error); /* 0 or -1; rule->name is malloc'ed */
bool acl_network_contains(const uint8_t network[16], unsigned prefix, const uint8_t address[16]);

/*
 * How many bits of a reserved IPv6 address a network must spell out at least to mean it and not "everything": 32, or
 * of one that leads to an IPv4 address the 16 of that one.
 */
unsigned reserved_addr_explicit_bits(const uint8_t address[16]);

#endif

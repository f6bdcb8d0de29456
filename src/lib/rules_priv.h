/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * rules_priv: one pattern, taken apart. For rules.c and its siblings.
 */
#ifndef MUNNEL_LIB_RULES_PRIV_H
#define MUNNEL_LIB_RULES_PRIV_H

#include "lib/rules.h"

enum rule_kind {
    RULE_EVERYTHING, /* "*" */
    RULE_EVERY_HOST, /* "*:80" */
    RULE_NETWORK,    /* "10.0.0.0/8", and single addresses */
    RULE_NAME,       /* "db.example" */
    RULE_SUFFIX,     /* "*.example" */
    RULE_UNIX,       /* "unix:/run/x.sock" */
    RULE_EVERY_UNIX  /* "unix:*" */
};

struct rule {
    enum rule_kind kind;
    uint8_t network[16]; /* IPv4 as mapped IPv6 */
    unsigned prefix;     /* bits of the 128 */
    bool is_ipv4;
    uint16_t port_low, port_high; /* 0 and 65535: any */
    char *name;                   /* name, suffix with its dot, or path; NULL for the others */
};

int rule_parse(struct rule *rule, const char *pattern, struct error *error); /* 0 or -1; rule->name is malloc'ed */
bool network_holds(const uint8_t network[16], unsigned prefix, const uint8_t address[16]);

/*
 * How many bits of a sensitive IPv6 address a network must spell out at least to mean it and not "everything": 32, or
 * of one that leads to an IPv4 address the 16 of that one.
 */
unsigned sensitive_explicit_bits(const uint8_t address[16]);

#endif

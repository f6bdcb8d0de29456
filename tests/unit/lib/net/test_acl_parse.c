/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_acl_parse: patterns taken apart, and the error of each that is none.
 */
#include "config.h"

#include "lib/net/acl_priv.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct right {
    const char *pattern;
    enum acl_rule_kind kind;
    unsigned prefix, port_low, port_high;
    const char *name;
} right[] = {
    {"*", ACL_RULE_EVERYTHING, 0, 0, 65535, NULL},
    {"*:80", ACL_RULE_EVERY_HOST, 0, 80, 80, NULL},
    {"*:*", ACL_RULE_EVERY_HOST, 0, 0, 65535, NULL},
    {"10.1.2.3", ACL_RULE_NETWORK, 128, 0, 65535, NULL},
    {"10.0.0.0/8", ACL_RULE_NETWORK, 104, 0, 65535, NULL},
    {"10.0.0.0/8:8000-8099", ACL_RULE_NETWORK, 104, 8000, 8099, NULL},
    {"[fd00::]/8:443", ACL_RULE_NETWORK, 8, 443, 443, NULL},
    {"[::1]", ACL_RULE_NETWORK, 128, 0, 65535, NULL},
    {"db.example:5432", ACL_RULE_NAME, 0, 5432, 5432, "db.example"},
    {"db.example.", ACL_RULE_NAME, 0, 0, 65535, "db.example"}, /* the dot at the end is the root's */
    {"*.example:1", ACL_RULE_SUFFIX, 0, 1, 1, ".example"},
    {"unix:/run/x:1", ACL_RULE_UNIX, 0, 0, 65535, "/run/x:1"},
    {"unix:*", ACL_RULE_EVERY_UNIX, 0, 0, 65535, NULL},
};

START_TEST(a_pattern_is_taken_apart) {
    struct acl_rule rule;
    struct error error = {""};
    ck_assert_msg(acl_rule_parse(&rule, right[_i].pattern, &error) == 0, "%s", error.text);
    ck_assert_int_eq(rule.kind, right[_i].kind);
    ck_assert_uint_eq(rule.prefix, right[_i].prefix);
    ck_assert_uint_eq(rule.port_low, right[_i].port_low);
    ck_assert_uint_eq(rule.port_high, right[_i].port_high);
    ck_assert_pstr_eq(rule.name, right[_i].name);
    free(rule.name);
}
END_TEST

static const struct wrong {
    const char *pattern, *says;
} wrong[] = {
    {"", "lacks a host"},
    {":80", "lacks a host"},
    {"/8", "lacks a host"},
    {"[fd00::/8", "closing bracket"},
    {"[fd00::]x", "after the bracket"},
    {"[fd00::]/129", "from 0 to 128"},
    {"[fe80::1%nosuchif]", "no interface \"nosuchif\""},
    {"[fd00::1%1]", "which only link-local addresses have; leave out %1"},
    {"[::%1]/0", "which only link-local addresses have; leave out %1"},
    {"[::ffff:10.1.2.3%1]", "which only link-local addresses have; leave out %1"},
    {"[db.example]", "does not begin with an address"},
    {"fd00::/8", "brackets"},
    {"::1", "brackets"},
    {"10.0.0.0/33", "from 0 to 32"},
    {"10.0.0.0/", "from 0 to 32"},
    {"10.0.0.0/8x", "from 0 to 32"},
    {"10.0.0.0/-1", "from 0 to 32"},
    {"10.0.0.0/255.0.0.0", "from 0 to 32"},
    {"10.1.2.3/8", "write 10.1.2.3 alone"},
    {"[fd00::1]/8", "write fd00::1 alone"},
    {"db.example/8", "does not begin with an address"},
    {"db.example:0", "for a port"},
    {"db.example:", "for a port"},
    {"db.example:65536", "for a port"},
    {"db.example:http", "for a port"},
    {"db.example:90-80", "for a port"},
    {"db.example:80-", "for a port"},
    {"db.*.example", "stands alone"},
    {"a*.example", "stands alone"},
    {"*.*.example", "stands alone"},
    {"*.", "write *.example"},
    {"10.1.2.256", "neither an IPv4 address"},
    {"10.1.2", "neither an IPv4 address"},
    {"a b", "has a space"},
    {"unix:", "lacks the path"},
};

START_TEST(wrong_patterns_are_refused_in_words) {
    struct acl_rule rule;
    struct error error = {""};
    ck_assert_int_eq(acl_rule_parse(&rule, wrong[_i].pattern, &error), -1);
    ck_assert_msg(strstr(error.text, wrong[_i].says), "\"%s\" says: %s", wrong[_i].pattern, error.text);
}
END_TEST

START_TEST(a_network_contains_what_agrees_in_its_bits) {
    static const uint8_t network[16] = {0xfd, 0x80}, inside[16] = {0xfd, 0xff, 1}, outside[16] = {0xfd, 0x7f};
    ck_assert(acl_network_contains(network, 9, inside));
    ck_assert(!acl_network_contains(network, 9, outside));
    ck_assert(acl_network_contains(network, 8, outside));
    ck_assert(!acl_network_contains(network, 10, inside));
    ck_assert(acl_network_contains(network, 0, inside));
    ck_assert(acl_network_contains(network, 128, network) && !acl_network_contains(network, 128, inside));
}
END_TEST

static TCase *patterns(void) {
    TCase *group = tcase_create("patterns");
    tcase_add_loop_test(group, a_pattern_is_taken_apart, 0, sizeof right / sizeof *right);
    tcase_add_loop_test(group, wrong_patterns_are_refused_in_words, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(group, a_network_contains_what_agrees_in_its_bits);
    return group;
}

UNIT_MAIN("lib/net/acl_parse", patterns)

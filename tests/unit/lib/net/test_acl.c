/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Tests of lib/net/acl: what matches, what does not, what is refused, and which addresses need spelling out. */
#include "config.h"

#include "lib/net/acl.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct addr addr_of(const char *text) {
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    ck_assert_msg(endpoint_parse(&endpoint, text, &error) == 0, "%s", error.text);
    ck_assert_msg(addr_from_endpoint(&addr, &endpoint), "%s", text);
    return addr;
}

static struct acl *rules_of(const char *pattern) {
    struct acl *rules = acl_new();
    struct error error = {""};
    ck_assert_ptr_nonnull(rules);
    ck_assert_msg(acl_add(rules, pattern, &error) == 0, "%s: %s", pattern, error.text);
    return rules;
}

static const struct match {
    const char *pattern, *addr, *host;
    int matches, explicitly;
} matches[] = {
    {"*", "1.2.3.4:80", NULL, 1, 0},
    {"*", "[::1]:80", NULL, 1, 0},
    {"*", "unix:/x", NULL, 1, 0},
    {"*:80", "1.2.3.4:80", NULL, 1, 0},
    {"*:80", "1.2.3.4:81", NULL, 0, 0},
    {"*:80", "unix:/x", NULL, 0, 0},
    {"*:*", "1.2.3.4:81", "any", 1, 0},
    {"10.0.0.0/8", "10.255.1.2:1", NULL, 1, 0},
    {"10.0.0.0/8", "11.0.0.0:1", NULL, 0, 0},
    {"10.0.0.0/8:22", "10.1.1.1:22", NULL, 1, 0},
    {"10.0.0.0/8:22", "10.1.1.1:23", NULL, 0, 0},
    {"10.1.0.0/16", "10.1.1.1:23", NULL, 1, 1},
    {"10.0.0.0/15", "10.1.1.1:23", NULL, 1, 0},
    {"10.1.2.3", "10.1.2.3:9", NULL, 1, 1},
    {"10.1.2.3", "10.1.2.2:9", NULL, 0, 0},
    {"10.1.2.3:22", "10.1.2.3:22", "some.name", 1, 1},
    {"10.1.2.3:22", "10.1.2.3:23", NULL, 0, 0},
    {"10.1.2.3:20-22", "10.1.2.3:21", NULL, 1, 1},
    {"10.1.2.3:20-22", "10.1.2.3:23", NULL, 0, 0},
    {"10.1.2.2/31", "10.1.2.3:1", NULL, 1, 1},
    {"10.1.2.2/31", "10.1.2.4:1", NULL, 0, 0},
    {"0.0.0.0/0", "9.9.9.9:1", NULL, 1, 0},
    {"0.0.0.0/0", "[2001:db8::1]:1", NULL, 0, 0},
    {"[::]/0", "[2001:db8::1]:1", NULL, 1, 0},
    {"[::]/0", "9.9.9.9:1", NULL, 0, 0},
    {"10.0.0.0/8", "[::ffff:10.1.1.1]:1", NULL, 1, 0},
    {"[::ffff:10.0.0.0]/104", "10.1.1.1:1", NULL, 1, 0},
    {"[fd00::]/8:443", "[fdff::1]:443", NULL, 1, 0},
    {"[fd00::]/8:443", "[fdff::1]:444", NULL, 0, 0},
    {"[fd00::]/8:443", "[fc00::1]:443", NULL, 0, 0},
    {"[fd00:1::]/32", "[fd00:1::7]:443", NULL, 1, 1},
    {"[fe80::1]", "[fe80::1%3]:443", NULL, 1, 1},
    {"[fe80::1%3]", "[fe80::1%3]:443", NULL, 1, 1},
    {"[fe80::1%3]", "[fe80::1%4]:443", NULL, 0, 0}, /* the same address on another interface is another machine */
    {"[fe80::1%3]", "[fe80::1]:443", NULL, 0, 0},
    {"[fe80::%3]/64", "[fe80::1%3]:443", NULL, 1, 1},
    {"[fe80::%3]/64", "[fe80::1%4]:443", NULL, 0, 0},
    {"[::1]:80", "[::1]:80", NULL, 1, 1},
    {"[64:ff9b::]/96", "[64:ff9b::169.254.169.254]:80", NULL, 1, 0}, /* all of IPv4 */
    {"[64:ff9b::a9fe:0]/112", "[64:ff9b::169.254.169.254]:80", NULL, 1, 1},
    {"[64:ff9b:1::]/48", "[64:ff9b:1:a9fe:a9:fe00::]:80", NULL, 1, 0},
    {"[64:ff9b:1:a9fe::]/64", "[64:ff9b:1:a9fe:a9:fe00::]:80", NULL, 1, 1},
    {"[2002::]/16", "[2002:a9fe:a9fe::1]:80", NULL, 1, 0},
    {"[2002:a9fe::]/32", "[2002:a9fe:a9fe::1]:80", NULL, 1, 1},
    {"[::]/96", "[::169.254.169.254]:80", NULL, 1, 0},
    {"db.example:5432", "10.9.9.9:5432", "db.example", 1, 0},
    {"db.example:5432", "10.9.9.9:5432", "DB.Example.", 1, 0},
    {"db.example.", "10.9.9.9:5432", "db.example", 1, 0},
    {"db.example:5432", "10.9.9.9:5433", "db.example", 0, 0},
    {"db.example:5432", "10.9.9.9:5432", "xdb.example", 0, 0},
    {"db.example:5432", "10.9.9.9:5432", NULL, 0, 0},
    {"db.example", "unix:/x", "db.example", 0, 0},
    {"*.example:*", "10.9.9.9:1", "a.example", 1, 0},
    {"*.example:*", "10.9.9.9:1", "a.b.EXAMPLE.", 1, 0},
    {"*.example:*", "10.9.9.9:1", "example", 0, 0},
    {"*.example:*", "10.9.9.9:1", ".example", 0, 0},
    {"*.example:*", "10.9.9.9:1", "aexample", 0, 0},
    {"*.example:*", "10.9.9.9:1", NULL, 0, 0},
    {"unix:/run/x.sock", "unix:/run/x.sock", NULL, 1, 1},
    {"unix:/run/x.sock", "unix:/run/x.socket", NULL, 0, 0},
    {"unix:/run/x.sock", "1.2.3.4:80", "/run/x.sock", 0, 0},
    {"unix:*", "unix:/any", NULL, 1, 1},
    {"*", "unix:/any", NULL, 1, 0},
    {"unix:*", "1.2.3.4:80", NULL, 0, 0},
};

START_TEST(patterns_match_what_they_say) {
    const struct match *row = &matches[_i];
    struct acl *rules = rules_of(row->pattern);
    struct addr addr = addr_of(row->addr);
    ck_assert_msg(acl_match(rules, &addr, row->host) == row->matches, "%s against %s (%s)", row->pattern, row->addr,
                  row->host ? row->host : "no name");
    ck_assert_msg(acl_match_explicitly(rules, &addr) == row->explicitly, "%s explicitly against %s", row->pattern,
                  row->addr);
    acl_free(rules);
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
    struct acl *rules = acl_new();
    struct error error = {""};
    ck_assert_int_eq(acl_add(rules, wrong[_i].pattern, &error), -1);
    ck_assert_msg(strstr(error.text, wrong[_i].says), "\"%s\" says: %s", wrong[_i].pattern, error.text);
    ck_assert(acl_empty(rules));
    acl_free(rules);
}
END_TEST

START_TEST(one_of_many_rules_is_enough) {
    struct acl *rules = acl_new();
    char pattern[32];
    for (int i = 0; i < 100; i++) {
        snprintf(pattern, sizeof pattern, "10.%d.0.0/16:80", i);
        ck_assert_int_eq(acl_add(rules, pattern, NULL), 0);
    }
    ck_assert_int_eq(acl_add(rules, "db.example", NULL), 0);
    struct addr first = addr_of("10.0.1.1:80"), last = addr_of("10.99.1.1:80"), none = addr_of("10.100.1.1:80");
    ck_assert(acl_match(rules, &first, NULL) && acl_match(rules, &last, NULL));
    ck_assert(!acl_match(rules, &none, NULL));
    ck_assert(acl_match(rules, &none, "db.example"));
    acl_free(rules);
}
END_TEST

START_TEST(no_rules_match_nothing) {
    struct addr addr = addr_of("1.2.3.4:80");
    struct acl *rules = acl_new();
    ck_assert(acl_empty(NULL) && acl_empty(rules));
    ck_assert(!acl_match(NULL, &addr, NULL) && !acl_match(rules, &addr, "x"));
    ck_assert(!acl_match_explicitly(NULL, &addr));
    acl_free(rules);
    acl_free(NULL);
}
END_TEST

static const struct judged {
    const char *addr;
    int is_reserved;
} judged[] = {
    {"169.254.169.254:80", 1},
    {"169.254.0.1:80", 1},
    {"169.253.255.255:80", 0},
    {"[::ffff:169.254.169.254]:80", 1},
    {"[64:ff9b::169.254.169.254]:80", 1},
    {"[64:ff9b::8.8.8.8]:80", 0},
    {"[64:ff9b:1:a9fe:a9:fe00::]:80", 1},        /* RFC 6052: 169.254.169.254 in a /48 */
    {"[64:ff9b:1:808:8:800::]:80", 0},           /* 8.8.8.8 */
    {"[64:ff9b:1:ffa9:fe:a9fe::]:80", 1},        /* in a /56 */
    {"[64:ff9b:1:fffe:a9:fea9:fe00:0]:80", 1},   /* in a /64 */
    {"[64:ff9b:1:fffe::169.254.169.254]:80", 1}, /* in a /96 */
    {"[64:ff9b:1::8.8.8.8]:80", 0},
    {"[64:ff9b:2::169.254.169.254]:80", 0},
    {"[2002:a9fe:a9fe::1]:80", 1}, /* 6to4 */
    {"[2002:a9fd:a9fe::1]:80", 0},
    {"[2001:0:808:808:0:0:5601:5601]:80", 1},   /* Teredo: the client is 169.254.169.254 */
    {"[2001:0:a9fe:a9fe:0:0:f7f7:f7f7]:80", 1}, /* Teredo: the server is */
    {"[2001:0:808:808:0:0:f7f7:f7f7]:80", 0},
    {"[2001:db8::a9fe:a9fe]:80", 0},
    {"[::169.254.169.254]:80", 1}, /* IPv4-compatible */
    {"[::8.8.8.8]:80", 0},
    {"[::ffff:0:169.254.169.254]:80", 1}, /* IPv4-translated */
    {"[::ffff:0:8.8.8.8]:80", 0},
    {"[fe80::1%1]:80", 1},
    {"[febf::1]:80", 1},
    {"[fec0::1]:80", 0},
    {"[fd00:ec2::254]:80", 1},
    {"[fd00:ec2::253]:80", 0},
    {"[fd20:ce::254]:80", 1},
    {"[fd00:c1::a9fe:a9fe]:80", 1},
    {"[fd00:42::42]:80", 1},
    {"100.100.100.200:80", 1},
    {"100.100.100.201:80", 0},
    {"168.63.129.16:80", 1},
    {"192.0.0.192:80", 1},
    {"0.0.0.0:80", 1},
    {"0.1.2.3:80", 1},
    {"[::]:80", 1},
    {"224.0.0.1:80", 1},
    {"239.255.255.255:80", 1},
    {"240.0.0.1:80", 0},
    {"255.255.255.255:80", 1},
    {"[ff02::1]:80", 1},
    {"127.0.0.1:80", 0},
    {"[::1]:80", 0},
    {"10.0.0.1:80", 0},
    {"[fd00::1]:80", 0},
    {"unix:/run/x.sock", 0},
};

START_TEST(reserved_addresses_are_known) {
    struct addr addr = addr_of(judged[_i].addr);
    ck_assert_msg(addr_is_reserved(&addr) == judged[_i].is_reserved, "%s", judged[_i].addr);
}
END_TEST

static TCase *acl(void) {
    TCase *group = tcase_create("acl");
    tcase_add_loop_test(group, patterns_match_what_they_say, 0, sizeof matches / sizeof *matches);
    tcase_add_loop_test(group, wrong_patterns_are_refused_in_words, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(group, one_of_many_rules_is_enough);
    tcase_add_test(group, no_rules_match_nothing);
    tcase_add_loop_test(group, reserved_addresses_are_known, 0, sizeof judged / sizeof *judged);
    return group;
}

UNIT_MAIN("lib/net/acl", acl)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_acl: what matches, what does not, and which networks are meant explicitly.
 */
#include "config.h"

#include "lib/net/acl.h"
#include "net_fixture.h"

#include <stdio.h>
#include <string.h>

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

#ifndef _WIN32              /* whose linker does not wrap what a library of the system has */
static unsigned vpn_number; /* of the interface "wg0"; 0: it is not there */

unsigned __wrap_if_nametoindex(const char *name);
unsigned __wrap_if_nametoindex(const char *name) {
    return strcmp(name, "wg0") == 0 ? vpn_number : 0;
}

START_TEST(rule_follows_an_interface_that_is_made_again) {
    struct addr on_3 = addr_of("[fe80::1%3]:443"), on_4 = addr_of("[fe80::1%4]:443"),
                on_none = addr_of("[fe80::1]:443");
    vpn_number = 3;
    struct acl *rules = rules_of("[fe80::1%wg0]");
    ck_assert(acl_match(rules, &on_3, NULL) && !acl_match(rules, &on_4, NULL));
    vpn_number = 0;
    ck_assert(!acl_match(rules, &on_3, NULL) && !acl_match(rules, &on_none, NULL));
    vpn_number = 4;
    ck_assert(!acl_match(rules, &on_3, NULL) && acl_match(rules, &on_4, NULL));
    acl_free(rules);
}
END_TEST
#endif

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

static const struct {
    const char *rule, *host;
    uint16_t port;
    bool may;
} names[] = {
    {NULL, "db.example", 80, true},
    {"db.example:80", "db.example", 80, true},
    {"db.example:80", "DB.example.", 80, true},
    {"db.example:80", "db.example", 81, false},
    {"db.example:80", "web.example", 80, false},
    {"*.example:*", "web.example", 81, true},
    {"*.example:*", "example", 81, false},
    {"10.0.0.0/8", "db.example", 80, true}, /* may resolve to one of these */
    {"10.0.0.0/8:443", "db.example", 80, false},
    {"*:80", "db.example", 80, true},
    {"*:80", "db.example", 81, false},
    {"*", "db.example", 81, true},
    {"unix:*", "db.example", 81, false},
};

START_TEST(name_is_forbidden_only_if_no_address_of_it_could_be_permitted) {
    struct acl *rules = acl_new();
    if (names[_i].rule)
        ck_assert_int_eq(acl_add(rules, names[_i].rule, NULL), 0);
    ck_assert_msg(acl_may_permit(rules, names[_i].host, names[_i].port) == names[_i].may, "%d", _i);
    acl_free(rules);
}
END_TEST

static TCase *acl(void) {
    TCase *group = tcase_create("acl");
    tcase_add_loop_test(group, patterns_match_what_they_say, 0, sizeof matches / sizeof *matches);
#ifndef _WIN32
    tcase_add_test(group, rule_follows_an_interface_that_is_made_again);
#endif
    tcase_add_test(group, one_of_many_rules_is_enough);
    tcase_add_test(group, no_rules_match_nothing);
    tcase_add_loop_test(group, name_is_forbidden_only_if_no_address_of_it_could_be_permitted, 0,
                        sizeof names / sizeof *names);
    return group;
}

UNIT_MAIN("lib/net/acl", acl)

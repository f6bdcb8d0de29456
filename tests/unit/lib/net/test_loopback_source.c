/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_loopback_source: which address of the loopback stands for which client.
 */
#include "config.h"

#include "lib/net/loopback_source.h"
#include "lib/net/source_key.h"
#include "unit.h"

#include <stdio.h>

enum { KEY = 7, MANY = 1000 };

static struct addr host(const char *text) {
    struct error error;
    struct addr addr;

    ck_assert_int_eq(source_parse(&addr, text, &error), 0);
    return addr;
}

static bool same(const char *a, const char *b, uint64_t key) {
    struct addr of_a = host(a), of_b = host(b);

    of_a = loopback_source_of(&of_a, key);
    of_b = loopback_source_of(&of_b, key);
    return addr_same_host(&of_a, &of_b);
}

START_TEST(client_has_one_address_and_others_have_others) {
    ck_assert(same("192.0.2.1", "192.0.2.1", KEY));
    ck_assert(same("192.0.2.1", "::ffff:192.0.2.1", KEY));
    ck_assert(same("2001:db8::1", "2001:db8::2", KEY)); /* one source */
    ck_assert(!same("192.0.2.1", "192.0.2.2", KEY));
    ck_assert(!same("2001:db8::1", "2001:db8:0:1::1", KEY));
}
END_TEST

START_TEST(addresses_are_of_the_loopback_few_are_shared_and_the_key_counts) {
    struct addr client = host("192.0.2.1"), one = loopback_source_of(&client, KEY), seen[MANY];
    struct addr other = loopback_source_of(&client, KEY + 1);
    unsigned shared = 0;
    char text[ADDR_TEXT];

    ck_assert(!addr_same_host(&one, &other));
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "10.0.%u.%u", i / 256, i % 256);
        client = host(text);
        seen[i] = loopback_source_of(&client, KEY);
        ck_assert(addr_is_loopback(&seen[i]) && loopback_source_is(&seen[i]));
        for (unsigned k = 0; k < i; k++)
            shared += addr_same_host(&seen[i], &seen[k]);
    }
    ck_assert_uint_le(shared, 3);
}
END_TEST

START_TEST(other_loopback_addresses_are_none_of_them) {
    static const char *const others[] = {"127.0.0.1", "127.63.255.255", "127.128.0.0", "::1", "10.64.0.1"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct addr addr = host(others[i]);
        ck_assert_msg(!loopback_source_is(&addr), "%s", others[i]);
    }
    struct addr first = host("127.64.0.0"), last = host("127.127.255.255");
    ck_assert(loopback_source_is(&first) && loopback_source_is(&last));
}
END_TEST

static TCase *addresses(void) {
    TCase *group = tcase_create("addresses");

    tcase_add_test(group, client_has_one_address_and_others_have_others);
    tcase_add_test(group, addresses_are_of_the_loopback_few_are_shared_and_the_key_counts);
    tcase_add_test(group, other_loopback_addresses_are_none_of_them);
    return group;
}

UNIT_MAIN("lib/net/loopback_source", addresses)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resolver_system: in which order addresses are taken from getaddrinfo's list.
 */
#include "config.h"

#include "lib/event/resolver_priv.h"
#include "unit.h"

#include <string.h>

struct entry {
    struct addrinfo info;
    struct sockaddr_storage storage;
};

/* Each '4' and '6' becomes an address that ends in the number of its place; '?' something that is neither. */
static const struct addrinfo *list_of(const char *families, struct entry *entries) {
    for (size_t i = 0; families[i]; i++) {
        struct entry *entry = &entries[i];
        memset(entry, 0, sizeof *entry);
        entry->info.ai_family = families[i] == '4' ? AF_INET : families[i] == '6' ? AF_INET6 : AF_UNIX;
        entry->info.ai_addrlen = families[i] == '4' ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
        entry->info.ai_addr = (struct sockaddr *)&entry->storage;
        if (families[i] == '4') {
            *(struct sockaddr_in *)(void *)&entry->storage =
                (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl((uint32_t)i)};
        } else {
            struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)(void *)&entry->storage;
            ipv6->sin6_family = families[i] == '6' ? AF_INET6 : AF_UNIX;
            ipv6->sin6_addr.s6_addr[15] = (uint8_t)i;
        }
        entry->info.ai_next = families[i + 1] ? &entries[i + 1].info : NULL;
    }
    return families[0] ? &entries[0].info : NULL;
}

static const struct order {
    const char *families, *result; /* places in `families`, as letters */
} orders[] = {
    {"", ""},
    {"4", "a"},
    {"66644", "adbec"},
    {"4466", "acbd"},
    {"6?4", "ac"},
    {"??", ""},
    {"464", "abc"},
    {"66666666666666666666", "abcdefghijklmnop"},
    {"444444444444444446", "arbcdefghijklmno"},
};

START_TEST(families_take_turns) {
    struct entry entries[32];
    struct resolver_answer answer;
    resolver_interleave(list_of(orders[_i].families, entries), &answer);
    char result[RESOLVER_ADDRESSES + 1] = "";
    for (int i = 0; i < answer.count; i++) {
        uint8_t bytes[16];
        bool is_ipv4;
        ck_assert(addr_host_bytes(&answer.addresses[i], bytes, &is_ipv4));
        result[i] = (char)('a' + bytes[15]);
    }
    ck_assert_str_eq(result, orders[_i].result);
    ck_assert(answer.count > 0 || strlen(answer.detail) > 0);
}
END_TEST

static TCase *order(void) {
    TCase *group = tcase_create("order");
    tcase_add_loop_test(group, families_take_turns, 0, sizeof orders / sizeof *orders);
    return group;
}

UNIT_MAIN("lib/event/resolver_system", order)

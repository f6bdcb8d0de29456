/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reserved_addr: the addresses to which an agent connects only where a rule spells them out.
 */
#include "config.h"

#include "lib/net/acl_priv.h"
#include "net_fixture.h"

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

/* How much of an address a network must spell out to mean it. */
START_TEST(an_embedded_address_is_spelled_out_by_its_first_half) {
    static const struct {
        const char *text;
        unsigned bits;
    } rows[] = {{"[fe80::1%1]:80", 32},
                {"[2001:db8::1]:80", 32},
                {"[64:ff9b::169.254.169.254]:80", 112},
                {"[64:ff9b::8.8.8.8]:80", 32}, /* leads to no reserved one */
                {"[64:ff9b:1:a9fe:a9:fe00::]:80", 64},
                {"[2002:a9fe:a9fe::1]:80", 32},
                {"[::169.254.169.254]:80", 112}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr addr = addr_of(rows[i].text);
        uint8_t bytes[16];
        bool is_ipv4;
        ck_assert(addr_host_bytes(&addr, bytes, &is_ipv4));
        ck_assert_msg(reserved_addr_explicit_bits(bytes) == rows[i].bits, "%s", rows[i].text);
    }
}
END_TEST

static TCase *reserved(void) {
    TCase *group = tcase_create("reserved");
    tcase_add_loop_test(group, reserved_addresses_are_known, 0, sizeof judged / sizeof *judged);
    tcase_add_test(group, an_embedded_address_is_spelled_out_by_its_first_half);
    return group;
}

UNIT_MAIN("lib/net/reserved_addr", reserved)

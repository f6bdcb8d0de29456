/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sensitive: addresses that hand out a machine's own credentials or are no single host; an agent connects to them only
 * when a rule spells them out.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/rules_priv.h"

#include <string.h>

#define IPV4(a, b, c, d)                                                                                               \
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d) }
enum { IPV4_START = 96 };

static const struct sensitive {
    uint8_t network[16];
    unsigned prefix;
} networks[] = {
    {IPV4(0, 0, 0, 0), IPV4_START + 8},                 /* "this host": connects to the loopback on many systems */
    {IPV4(169, 254, 0, 0), IPV4_START + 16},            /* link-local, and most clouds' metadata */
    {IPV4(224, 0, 0, 0), IPV4_START + 4},               /* multicast */
    {IPV4(255, 255, 255, 255), IPV4_START + 32},        /* broadcast */
    {IPV4(100, 100, 100, 200), IPV4_START + 32},        /* metadata: Alibaba */
    {IPV4(168, 63, 129, 16), IPV4_START + 32},          /* metadata: Azure's wire server */
    {IPV4(192, 0, 0, 192), IPV4_START + 32},            /* metadata: Oracle */
    {{0}, 128},                                         /* unspecified */
    {{0xfe, 0x80}, 10},                                 /* link-local */
    {{0xff}, 8},                                        /* multicast */
    {{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54}, 128}, /* metadata: Amazon, fd00:ec2::254 */
    {{0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}, 128}, /* metadata: Google, fd20:ce::254 */
    {{0xfd, 0x00, 0x00, 0xc1, [12] = 0xa9, 0xfe, 0xa9, 0xfe}, 128}, /* metadata: Oracle, fd00:c1::a9fe:a9fe */
    {{0xfd, 0x00, 0x00, 0x42, [14] = 0x00, 0x42}, 128},             /* metadata: Scaleway, fd00:42::42 */
};

/* 64:ff9b::1.2.3.4 is how an IPv6-only network (NAT64) writes 1.2.3.4, so it is judged as that. */
static void unwrap_nat64(uint8_t address[16]) {
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}, mapped[12] = {[10] = 0xff, 0xff};
    if (memcmp(address, nat64, sizeof nat64) == 0) {
        memcpy(address, mapped, sizeof mapped);
    }
}

bool addr_is_sensitive(const struct addr *addr) {
    uint8_t address[16];
    bool is_ipv4;
    if (!addr_host_bytes(addr, address, &is_ipv4)) {
        return false;
    }
    unwrap_nat64(address);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        if (network_holds(networks[i].network, networks[i].prefix, address)) {
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reserved_addr: addresses that hand out a machine's own credentials or are no single host; an agent connects to them
 * only when a rule spells them out. Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/net/acl_priv.h"

#include <string.h>

#define IPV4(a, b, c, d)                                                                                               \
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d) }
enum { IPV4_START = 96, IPV6_EXPLICIT = 32 };

static const struct reserved {
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

/*
 * IPv6 addresses that lead to an IPv4 address, by a translator or a tunnel, are judged as that one too. RFC 8215 lets
 * an operator choose the length of its prefix, and with it where RFC 6052 puts the four bytes.
 */
static const struct embedding {
    uint8_t network[16];
    unsigned prefix;
    uint8_t at[4]; /* places of the IPv4 address's bytes */
    uint8_t mask;  /* XORed with each */
} embeddings[] = {
    {{0}, 96, {12, 13, 14, 15}, 0},                            /* ::1.2.3.4, IPv4-compatible */
    {{[8] = 0xff, 0xff}, 96, {12, 13, 14, 15}, 0},             /* ::ffff:0:1.2.3.4, IPv4-translated (SIIT) */
    {{0x00, 0x64, 0xff, 0x9b}, 96, {12, 13, 14, 15}, 0},       /* NAT64 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, {6, 7, 9, 10}, 0},    /* NAT64 of local use, /48 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, {7, 9, 10, 11}, 0},   /* the same, /56 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, {9, 10, 11, 12}, 0},  /* the same, /64 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, {12, 13, 14, 15}, 0}, /* the same, /96 */
    {{0x20, 0x02}, 16, {2, 3, 4, 5}, 0},                       /* 6to4 */
    {{0x20, 0x01}, 32, {4, 5, 6, 7}, 0},                       /* Teredo: its server */
    {{0x20, 0x01}, 32, {12, 13, 14, 15}, 0xff},                /* Teredo: its client */
};
enum { EMBEDDINGS = sizeof embeddings / sizeof *embeddings };

/* False when `address` has none there. A first byte of 0 is no host's: ::1 is not 0.0.0.1, and a prefix has zeros. */
static bool unwrap(uint8_t ipv4[16], const struct embedding *embedding, const uint8_t address[16]) {
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
    if (!acl_network_contains(embedding->network, embedding->prefix, address))
        return false;
    memcpy(ipv4, mapped, sizeof mapped);
    for (size_t i = 0; i < 4; i++)
        ipv4[sizeof mapped + i] = address[embedding->at[i]] ^ embedding->mask;
    return ipv4[sizeof mapped] != 0;
}

static bool is_listed(const uint8_t address[16]) {
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        if (acl_network_contains(networks[i].network, networks[i].prefix, address))
            return true;
    }
    return false;
}

bool addr_is_reserved(const struct addr *addr) {
    uint8_t address[16], ipv4[16];
    bool is_ipv4;
    if (!addr_host_bytes(addr, address, &is_ipv4))
        return false;
    bool is_reserved = is_listed(address);
    for (size_t i = 0; i < EMBEDDINGS && !is_reserved; i++)
        is_reserved = unwrap(ipv4, &embeddings[i], address) && is_listed(ipv4);
    return is_reserved;
}

unsigned reserved_addr_explicit_bits(const uint8_t address[16]) {
    unsigned least = 0;
    uint8_t ipv4[16];
    for (size_t i = 0; i < EMBEDDINGS; i++) {
        unsigned first_two = 8 * (embeddings[i].at[1] + 1u);
        if (unwrap(ipv4, &embeddings[i], address) && is_listed(ipv4) && (least == 0 || first_two < least))
            least = first_two;
    }
    return least ? least : IPV6_EXPLICIT;
}

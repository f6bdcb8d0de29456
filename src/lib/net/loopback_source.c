/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * loopback_source: see loopback_source.h.
 */
#include "config.h"

#include "lib/net/loopback_source.h"

#include "lib/base/hash.h"
#include "lib/base/secret.h"
#include "lib/net/source_key.h"

#include <stdio.h>
#include <string.h>

#define FIRST ((uint32_t)127 << 24 | (uint32_t)64 << 16)
enum { BITS = 22 };

uint64_t loopback_source_key(void) {
    FILE *file = fopen("/etc/machine-id", "r");
    char text[64] = "";
    uint64_t key = 0;

    if (file && fgets(text, sizeof text, file) && strlen(text) >= 32)
        key = hash_mix(hash_bytes(HASH_START, text, strlen(text)));
    else
        (void)secret_random(&key, sizeof key); /* without it any will do */
    if (file)
        fclose(file);
    return key;
}

struct addr loopback_source_of(const struct addr *client, uint64_t key) {
    struct addr addr = {.length = sizeof(struct sockaddr_in)};
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&addr.storage;
    uint8_t source[SOURCE_BYTES] = {0};

    (void)source_bytes_of(client, source);
    uint32_t number = (uint32_t)hash_mix(hash_bytes(key, source, sizeof source)) & ((1u << BITS) - 1);
    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(FIRST | number);
    return addr;
}

bool loopback_source_is(const struct addr *addr) {
    uint8_t bytes[16];
    bool is_ipv4;

    return addr_host_bytes(addr, bytes, &is_ipv4) && is_ipv4 && bytes[12] == 127 && (bytes[13] & 0xc0) == 64;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * hash: FNV-1a over bytes, and murmur3's last step, after which similar inputs differ in the low bits too. For tables;
 * inputs chosen by a peer can collide, unless a secret is mixed in.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_HASH_H
#define MUNNEL_LIB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START 0xcbf29ce484222325u

/* Continues `hash`, HASH_START at first. */
static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    const uint8_t *from = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ from[i]) * 0x100000001b3u;
    return hash;
}

static inline uint64_t hash_mix(uint64_t number) {
    number = (number ^ number >> 33) * 0xff51afd7ed558ccdu;
    number = (number ^ number >> 33) * 0xc4ceb9fe1a85ec53u;
    return number ^ number >> 33;
}

#endif

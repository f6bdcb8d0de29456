/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bytes: streams of bytes that a seed determines, and what was seen of a stream: how many, and their SHA-256.
 */
#include "config.h"

#include "harness/bytes.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_word(struct source *source) {
    uint64_t x = source->state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return source->state = x;
}

void source_begin(struct source *source, uint64_t seed) {
    *source = (struct source){.state = seed * 0x9e3779b97f4a7c15u + 0x1234567u};
    if (source->state == 0)
        source->state = 1;
}

void source_fill(struct source *source, void *at, size_t size) {
    uint8_t *byte = at;
    while (size > 0) {
        if (source->left == 0) {
            source->word = next_word(source);
            source->left = sizeof source->word;
        }
        size_t part = size < source->left ? size : source->left;
        memcpy(byte, (uint8_t *)&source->word + sizeof source->word - source->left, part);
        source->left -= (unsigned)part;
        byte += part;
        size -= part;
    }
}

uint64_t source_number(struct source *source, uint64_t below) {
    uint64_t number;
    source_fill(source, &number, sizeof number);
    return number % below;
}

struct tally {
    EVP_MD_CTX *digest;
    uint64_t bytes;
};

struct tally *tally_new(void) {
    struct tally *tally = calloc(1, sizeof *tally);
    if (!tally || !(tally->digest = EVP_MD_CTX_new()) || EVP_DigestInit_ex(tally->digest, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory: no test can go on */
    return tally;
}

void tally_add(struct tally *tally, const void *data, size_t size) {
    tally->bytes += size;
    EVP_DigestUpdate(tally->digest, data, size);
}

void tally_end(struct tally *tally, struct tally_result *result) {
    struct tally_result unwanted;
    result = result ? result : &unwanted;
    result->bytes = tally->bytes;
    EVP_DigestFinal_ex(tally->digest, result->sha256, NULL);
    EVP_MD_CTX_free(tally->digest);
    free(tally);
}

bool tally_same(const struct tally_result *a, const struct tally_result *b) {
    return a->bytes == b->bytes && memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

void tally_of_source(struct tally_result *result, uint64_t seed, uint64_t bytes) {
    struct source source;
    struct tally *tally = tally_new();
    uint8_t part[16384];
    source_begin(&source, seed);
    while (bytes > 0) {
        size_t size = bytes < sizeof part ? (size_t)bytes : sizeof part;
        source_fill(&source, part, size);
        tally_add(tally, part, size);
        bytes -= size;
    }
    tally_end(tally, result);
}

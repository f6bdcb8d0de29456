/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bytes: streams of bytes that a seed determines, and what was seen of a stream: how many, and their SHA-256.
 * Runs on: any thread, one object on one thread at a time. Owns: what *_new made, until *_free.
 */
#ifndef MUNNEL_SCENARIO_BYTES_H
#define MUNNEL_SCENARIO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source { /* an endless stream; equal seeds give equal bytes, however they are cut */
    uint64_t state, word;
    unsigned left; /* bytes of `word` not yet given */
};

void source_begin(struct source *source, uint64_t seed);
void source_fill(struct source *source, void *at, size_t size);
uint64_t source_number(struct source *source, uint64_t below); /* the next 8 bytes as a number */

struct tally;

struct tally_result {
    uint64_t bytes;
    uint8_t sha256[32];
};

struct tally *tally_new(void);
void tally_add(struct tally *tally, const void *data, size_t size);
void tally_end(struct tally *tally, struct tally_result *result); /* frees it */

bool tally_same(const struct tally_result *a, const struct tally_result *b);
void tally_of_source(struct tally_result *result, uint64_t seed, uint64_t bytes); /* of a source's first `bytes` */

#endif

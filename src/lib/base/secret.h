/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * secret: random bytes, hexadecimal, HMAC; comparing and wiping as secrets need it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_SECRET_H
#define MUNNEL_LIB_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECRET_SIZE = 32, SECRET_HEX = 2 * SECRET_SIZE + 1 };

int secret_random(void *bytes, size_t size); /* 0, or -1 if the system gives none */
void secret_wipe(void *bytes, size_t size);
bool secret_equal(const void *a, const void *b, size_t size);     /* in constant time */
char *secret_to_hex(const void *bytes, size_t size, char *text);  /* 2 * size + 1 bytes at text; returns it */
bool secret_from_hex(void *bytes, size_t size, const char *text); /* exactly 2 * size digits, nothing behind */
int secret_sha256(uint8_t digest[SECRET_SIZE], const void *a, size_t a_size, const void *b, size_t b_size); /* of a|b */
int secret_hmac(uint8_t mac[SECRET_SIZE], const uint8_t key[SECRET_SIZE], const void *data, size_t size);

#endif

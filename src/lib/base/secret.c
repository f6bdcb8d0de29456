/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * secret: OpenSSL's random bytes, hashes and wiping, named by purpose.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/secret.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

int secret_random(void *bytes, size_t size) {
    return size <= INT_MAX && RAND_priv_bytes(bytes, (int)size) == 1 ? 0 : -1;
}

void secret_wipe(void *bytes, size_t size) {
    OPENSSL_cleanse(bytes, size);
}

bool secret_equal(const void *a, const void *b, size_t size) {
    return CRYPTO_memcmp(a, b, size) == 0;
}

char *secret_to_hex(const void *bytes, size_t size, char *text) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[from[i] >> 4];
        text[2 * i + 1] = digits[from[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

static int digit_value(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool secret_from_hex(void *bytes, size_t size, const char *text) {
    uint8_t *to = bytes;
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(text[2 * i]);
        int low = high < 0 ? -1 : digit_value(text[2 * i + 1]);
        if (low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return text[2 * size] == '\0';
}

int secret_sha256(uint8_t digest[SECRET_SIZE], const void *a, size_t a_size, const void *b, size_t b_size) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(context, a, a_size) == 1 && EVP_DigestUpdate(context, b, b_size) == 1 &&
                EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    return made ? 0 : -1;
}

int secret_hmac(uint8_t mac[SECRET_SIZE], const uint8_t key[SECRET_SIZE], const void *data, size_t size) {
    unsigned length = SECRET_SIZE;
    return HMAC(EVP_sha256(), key, SECRET_SIZE, data, size, mac, &length) ? 0 : -1;
}

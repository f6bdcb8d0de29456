/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_key: see session_key.h.
 * Runs on: any thread. Owns: nothing; wipes what it needed on the way.
 */
#include "config.h"

#include "proto/session_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HALF = SESSION_ID_BYTES / 2 };

static const char mark_label[] = "munnel session mark";
static const char key_label[] = "munnel session key";
static const char tls_label[] = "munnel session tls";

/* A label goes with its end, so that none begins another. */
static int make(uint8_t made[SECRET_SIZE], const uint8_t key[SECRET_SIZE], const char *label, const uint8_t *bytes,
                size_t size) {
    uint8_t text[32 + SESSION_ID_BYTES] = {0};
    size_t length = strlen(label) + 1;
    memcpy(text, label, length);
    if (size > 0)
        memcpy(text + length, bytes, size);
    return secret_hmac(made, key, text, length + size);
}

int session_key_name(char id[SESSION_ID_HEX], const uint8_t secret[SECRET_SIZE]) {
    uint8_t bytes[SESSION_ID_BYTES], mark[SECRET_SIZE];
    if (secret_random(bytes, HALF) != 0 || make(mark, secret, mark_label, bytes, HALF) != 0)
        return -1;
    memcpy(bytes + HALF, mark, HALF);
    secret_to_hex(bytes, sizeof bytes, id);
    return 0;
}

static bool is_marked(const uint8_t bytes[SESSION_ID_BYTES], const uint8_t secret[SECRET_SIZE]) {
    uint8_t mark[SECRET_SIZE];
    return make(mark, secret, mark_label, bytes, HALF) == 0 && secret_equal(bytes + HALF, mark, HALF);
}

bool session_key_find(uint8_t key[SECRET_SIZE], const uint8_t secret[SECRET_SIZE], const char *id) {
    uint8_t bytes[SESSION_ID_BYTES];
    return secret_from_hex(bytes, sizeof bytes, id) && is_marked(bytes, secret) &&
           make(key, secret, key_label, bytes, sizeof bytes) == 0;
}

int session_key_for_tls(uint8_t tls_key[SECRET_SIZE], const uint8_t key[SECRET_SIZE]) {
    return make(tls_key, key, tls_label, NULL, 0);
}

void session_key_identify(char identity[SESSION_IDENTITY_SIZE], const char *id, uint64_t number) {
    snprintf(identity, SESSION_IDENTITY_SIZE, "%s.%" PRIu64, id, number);
}

/* One way only to write a number. */
static bool read_number(uint64_t *number, const char *text) {
    *number = 0;
    if (*text == '0' || *text == '\0')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (*number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return *text == '\0';
}

bool session_key_split(char id[SESSION_ID_HEX], uint64_t *number, const char *identity) {
    const char *point = strchr(identity, '.');
    if (!point || point - identity != SESSION_ID_HEX - 1)
        return false;
    memcpy(id, identity, SESSION_ID_HEX - 1);
    id[SESSION_ID_HEX - 1] = '\0';
    return read_number(number, point + 1);
}

bool session_key_find_for_tls(uint8_t tls_key[SECRET_SIZE], const uint8_t secret[SECRET_SIZE], const char *identity) {
    uint8_t key[SECRET_SIZE];
    char id[SESSION_ID_HEX];
    uint64_t number;
    bool found = session_key_split(id, &number, identity) && session_key_find(key, secret, id) &&
                 session_key_for_tls(tls_key, key) == 0;
    secret_wipe(key, sizeof key);
    return found;
}

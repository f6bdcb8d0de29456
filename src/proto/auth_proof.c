/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * auth_proof: tokens, the keys made of them, and proofs bound to one TLS channel.
 * Runs on: any thread. Owns: nothing; wipes what it needed on the way.
 */
#include "config.h"

#include "proto/auth_proof.h"

#include <string.h>

static const char key_label[] = "munnel-agent";
static const char *const role_labels[] = {
    [AUTH_PROOF_AGENT] = "munnel agent proof",
    [AUTH_PROOF_SERVER] = "munnel server proof",
    [AUTH_PROOF_DATA] = "munnel data proof",
    [AUTH_PROOF_DATA_SERVER] = "munnel data server proof",
};

bool auth_proof_name_is_valid(const char *name) {
    size_t length = strlen(name);
    return length >= 1 && length <= AUTH_PROOF_NAME_MAX && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

int auth_token_make(struct auth_token *token, const char *name) {
    if (!auth_proof_name_is_valid(name))
        return -1;
    memset(token->name, 0, sizeof token->name);
    memcpy(token->name, name, strlen(name));
    return secret_random(token->secret, sizeof token->secret);
}

int auth_token_parse(struct auth_token *token, const char *text, struct error *error) {
    const char *colon = strchr(text, ':');
    size_t name_length = colon ? (size_t)(colon - text) : 0;
    if (!colon || name_length > AUTH_PROOF_NAME_MAX)
        return error_set(error, "this is not a token: NAME:DIGITS is expected, as munnel wrote it");
    memset(token->name, 0, sizeof token->name);
    memcpy(token->name, text, name_length);
    if (!auth_proof_name_is_valid(token->name))
        return error_set(error, "this is not a token: its name must be " AUTH_PROOF_NAME_WANTED);
    const char *digits = colon + 1;
    size_t length = strcspn(digits, " \t\r\n");
    char hex[SECRET_HEX] = "";
    bool complete = length == sizeof hex - 1 && digits[length + strspn(digits + length, " \t\r\n")] == '\0';
    if (complete)
        memcpy(hex, digits, length);
    complete = complete && secret_from_hex(token->secret, sizeof token->secret, hex);
    secret_wipe(hex, sizeof hex);
    if (!complete)
        return error_set(error, "this is not a token: %d hexadecimal digits are expected behind \"%s:\"",
                         SECRET_HEX - 1, token->name);
    return 0;
}

void auth_token_format(const struct auth_token *token, char text[AUTH_TOKEN_TEXT]) {
    size_t length = strlen(token->name);
    memcpy(text, token->name, length);
    text[length] = ':';
    secret_to_hex(token->secret, sizeof token->secret, text + length + 1);
}

void auth_token_key(const struct auth_token *token, uint8_t key[SECRET_SIZE]) {
    if (secret_sha256(key, key_label, sizeof key_label - 1, token->secret, sizeof token->secret) != 0)
        (void)secret_random(key, SECRET_SIZE); /* a random key fails every check; one of zeros could be guessed */
}

int auth_proof_make(uint8_t proof[SECRET_SIZE], const uint8_t key[SECRET_SIZE], enum auth_proof_role role,
                    const uint8_t exporter[SECRET_SIZE]) {
    uint8_t text[64 + SECRET_SIZE] = {0};
    size_t label = strlen(role_labels[role]) + 1; /* with its end, so that no label begins another */
    memcpy(text, role_labels[role], label);
    memcpy(text + label, exporter, SECRET_SIZE);
    return secret_hmac(proof, key, text, label + SECRET_SIZE);
}

bool auth_proof_check(const uint8_t proof[SECRET_SIZE], const uint8_t key[SECRET_SIZE], enum auth_proof_role role,
                      const uint8_t exporter[SECRET_SIZE]) {
    uint8_t right[SECRET_SIZE];
    bool good = auth_proof_make(right, key, role, exporter) == 0 && secret_equal(proof, right, sizeof right);
    secret_wipe(right, sizeof right);
    return good;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proof: tokens, the keys made of them, and proofs bound to one TLS channel.
 *
 * A token is "NAME:" and 64 hex digits (the credential's name in front, so that the agent knows which it is). The
 * server keeps K = SHA-256("munnel-agent" | the 32 random bytes). A proof is HMAC(K or session key, role | exporter):
 * worth nothing on another channel, and it never carries the token.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_PROOF_H
#define MUNNEL_PROTO_PROOF_H

#include "lib/error.h"
#include "lib/secret.h"

#include <stdbool.h>

enum { PROOF_NAME_MAX = 64, PROOF_TOKEN_TEXT = PROOF_NAME_MAX + SECRET_HEX + 2 };

struct proof_token {
    char name[PROOF_NAME_MAX + 1];
    uint8_t secret[SECRET_SIZE];
};

/* Each end of each kind of link has a role of its own, so that neither can be answered with its own proof. */
enum proof_role { PROOF_AGENT, PROOF_SERVER, PROOF_DATA, PROOF_DATA_SERVER };

bool proof_name_is_valid(const char *name);                        /* 1 to 64 of letters, digits and ._-  */
int proof_token_make(struct proof_token *token, const char *name); /* random; 0 or -1 */
int proof_token_parse(struct proof_token *token, const char *text,
                      struct error *error); /* white space at the end allowed */
void proof_token_format(const struct proof_token *token, char text[PROOF_TOKEN_TEXT]);
void proof_token_key(const struct proof_token *token, uint8_t key[SECRET_SIZE]);
int proof_make(uint8_t proof[SECRET_SIZE], const uint8_t key[SECRET_SIZE], enum proof_role role,
               const uint8_t exporter[SECRET_SIZE]);
bool proof_check(const uint8_t proof[SECRET_SIZE], const uint8_t key[SECRET_SIZE], enum proof_role role,
                 const uint8_t exporter[SECRET_SIZE]);

#endif

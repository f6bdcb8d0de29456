/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * auth_proof: tokens, the keys made of them, and proofs bound to one TLS channel.
 *
 * A token is "NAME:" and 64 hex digits (the credential's name in front, so that the agent knows which it is). The
 * server keeps K = SHA-256("munnel-agent" | the 32 random bytes). A proof is HMAC(K or session key, role | exporter):
 * worth nothing on another channel, and it never carries the token.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_AUTH_PROOF_H
#define MUNNEL_PROTO_AUTH_PROOF_H

#include "lib/base/error.h"
#include "lib/base/secret.h"

#include <stdbool.h>

enum { AUTH_PROOF_NAME_MAX = 64, AUTH_TOKEN_TEXT = AUTH_PROOF_NAME_MAX + SECRET_HEX + 2 };

/* For errors: which names are valid. */
#define AUTH_PROOF_NAME_WANTED "1 to 64 letters, digits and . _ -, not \".\" or \"..\""

struct auth_token {
    char name[AUTH_PROOF_NAME_MAX + 1];
    uint8_t secret[SECRET_SIZE];
};

/* Each end of each kind of link has a role of its own, so that neither can be answered with its own proof. */
enum auth_proof_role { AUTH_PROOF_AGENT, AUTH_PROOF_SERVER, AUTH_PROOF_DATA, AUTH_PROOF_DATA_SERVER };

/*
 * Whether `name` may be that of an agent, a credential, a group or a service: AUTH_PROOF_NAME_WANTED. "." and ".." are
 * none, because as a segment of a URL's path they stand for other resources: clients resolve them (RFC 3986, 5.2.4),
 * encoded or not, so that what has such a name could not be addressed.
 */
bool auth_proof_name_is_valid(const char *name);
int auth_token_make(struct auth_token *token, const char *name); /* random; 0 or -1 */
int auth_token_parse(struct auth_token *token, const char *text,
                     struct error *error); /* white space at the end allowed */
void auth_token_format(const struct auth_token *token, char text[AUTH_TOKEN_TEXT]);
void auth_token_key(const struct auth_token *token, uint8_t key[SECRET_SIZE]);
int auth_proof_make(uint8_t proof[SECRET_SIZE], const uint8_t key[SECRET_SIZE], enum auth_proof_role role,
                    const uint8_t exporter[SECRET_SIZE]);
bool auth_proof_check(const uint8_t proof[SECRET_SIZE], const uint8_t key[SECRET_SIZE], enum auth_proof_role role,
                      const uint8_t exporter[SECRET_SIZE]);

#endif

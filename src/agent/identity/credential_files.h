/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credential_files: finds the agent's credentials: its token, and its client certificate.
 * Runs on: start; a token is read again on the control thread. Owns: nothing; the caller wipes a token by token_wipe
 * and frees an own_certificate's paths by own_certificate_done.
 */
#ifndef MUNNEL_AGENT_IDENTITY_CREDENTIAL_FILES_H
#define MUNNEL_AGENT_IDENTITY_CREDENTIAL_FILES_H

#include "conf/agent_cmdline.h"
#include "lib/base/error.h"
#include "proto/auth_proof.h"

#include <stdbool.h>

enum { TOKEN_PATH = 512 };

struct token {
    bool present;
    char credential[AUTH_PROOF_NAME_MAX + 1]; /* "" with none */
    uint8_t key[SECRET_SIZE];
    char from[TOKEN_PATH]; /* the file */
};

/* Where it may be, in the order in which they are asked: what was named before what was found; each may be NULL. */
struct credential_places {
    const char *token_file;         /* --token-file: must be there and right */
    const char *named_code;         /* the token of a join code that was named for this very start */
    const char *credentials_folder; /* the service manager's, $CREDENTIALS_DIRECTORY */
    const char *ca;                 /* agent.token beside it */
    const char *stored_code;        /* the token of a join code that was taken for this server earlier */
    const char *state_folder;
};

/*
 * Takes the first that is there. Returns 0, also when there is none (token->present is false then); -1 with `error`
 * when the one that is there cannot be used: unreadable, readable by others, or no token.
 */
int token_find(struct token *token, const struct credential_places *places, struct error *error);
/* "/x/agent.token, /y/agent.token" */
void credential_places_describe(const struct credential_places *places, char *text, size_t size);

/* Reads it from its file again, for a token that was rotated. False if that is the same, or nothing usable, and the old
 * one stays. */
bool token_refresh(struct token *token);
bool token_equal(const struct token *one, const struct token *other);            /* their origins may differ */
int token_from_text(struct token *token, const char *text, struct error *error); /* 0 or -1 */
void token_wipe(struct token *token);

struct own_certificate {
    char *certificate, *key; /* both NULL: it has none */
    bool is_stored;          /* found in the state folder, and so made for the server of its ca.pem */
};

/*
 * What the options name, else agent.pem and agent.key of the first of these places (token_file is none) that has one of
 * them. 0, also when there is none; -1 with `error` when one is there without the other.
 */
int own_certificate_find(struct own_certificate *own, const struct agent_options *options,
                         const struct credential_places *places, struct error *error);
void own_certificate_done(struct own_certificate *own);

#endif

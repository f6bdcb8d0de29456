/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * token: finds the secret with which this agent proves itself.
 * Runs on: the control thread. Owns: nothing.
 * A file that is there but wrong is an error, never passed over: with another token than the one meant the server would
 * turn the agent away, and nobody would know why.
 */
#include "config.h"

#include "agent/identity/token.h"

#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_FILE_MAX = 4096 };
enum place { NAMED_FILE, NAMED_CODE, CREDENTIALS_FOLDER, BESIDE_CA, STORED_CODE, STATE_FOLDER, PLACES };

static const char TOKEN_NAME[] = "agent.token";

int token_from_text(struct token *token, const char *text, struct error *error) {
    struct auth_token parsed;
    int result = auth_token_parse(&parsed, text, error);

    if (result == 0) {
        memcpy(token->credential, parsed.name, sizeof token->credential);
        auth_token_key(&parsed, token->key);
        token->present = true;
    }
    secret_wipe(&parsed, sizeof parsed);
    return result;
}

static int read_token(struct token *token, const char *path, struct error *error) {
    struct error why = {""};
    size_t length = 0;
    char *text = file_read_secret(path, TOKEN_FILE_MAX, &length, error);
    int result;

    if (text == NULL)
        return -1;
    result = token_from_text(token, text, &why);
    if (result < 0)
        error_set(error, "%s: %s", path, why.text);
    else
        snprintf(token->from, sizeof token->from, "%s", path);
    secret_wipe(text, length);
    free(text);
    return result;
}

/* The path of a place; NULL: it is not to be looked at, or is no file, or there is no memory. malloc'ed. */
static char *place_path(const struct token_places *places, enum place place) {
    switch (place) {
    case NAMED_FILE:
        return places->token_file != NULL ? strdup(places->token_file) : NULL;
    case CREDENTIALS_FOLDER:
        return places->credentials_folder != NULL ? file_in(places->credentials_folder, TOKEN_NAME) : NULL;
    case BESIDE_CA:
        return places->ca != NULL ? file_beside(places->ca, TOKEN_NAME) : NULL;
    case STATE_FOLDER:
        return places->state_folder != NULL ? file_in(places->state_folder, TOKEN_NAME) : NULL;
    default:
        return NULL;
    }
}

static const char *place_code(const struct token_places *places, enum place place) {
    if (place == NAMED_CODE)
        return places->named_code;
    return place == STORED_CODE ? places->stored_code : NULL;
}

/* 1: it is there and taken; 0: nothing is there; -1: it is wrong. */
static int take(struct token *token, const struct token_places *places, enum place place, struct error *error) {
    const char *code = place_code(places, place);
    char *path = place_path(places, place);
    int result = 0;

    if (code != NULL)
        result = token_from_text(token, code, error) == 0 ? 1 : -1;
    else if (path != NULL && (place == NAMED_FILE || file_exists(path)))
        result = read_token(token, path, error) == 0 ? 1 : -1;
    free(path);
    return result;
}

int token_find(struct token *token, const struct token_places *places, struct error *error) {
    int taken = 0;

    memset(token, 0, sizeof *token);
    for (int place = 0; place < PLACES && taken == 0; place++)
        taken = take(token, places, place, error);
    return taken < 0 ? -1 : 0;
}

void token_look_at(const struct token_places *places, char *text, size_t size) {
    size_t used = 0;

    text[0] = '\0';
    for (int place = 0; place < PLACES; place++) {
        char *path = place_path(places, place);
        int written = path != NULL ? snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", path) : 0;

        free(path);
        if (written < 0 || (size_t)written >= size - used)
            return;
        used += (size_t)written;
    }
}

bool token_refresh(struct token *token) {
    struct token fresh = {0};
    bool changed = false;

    if (token->from[0] != '\0' && read_token(&fresh, token->from, NULL) == 0)
        changed = strcmp(fresh.credential, token->credential) != 0 || !secret_equal(fresh.key, token->key, SECRET_SIZE);
    if (changed)
        *token = fresh;
    token_wipe(&fresh);
    return changed;
}

void token_wipe(struct token *token) {
    secret_wipe(token, sizeof *token);
}

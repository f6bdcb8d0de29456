/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credential_files: see credential_files.h. A file that is there but cannot be used is an error and not skipped: the
 * server would refuse another token than the one that was meant, and no log would show why.
 */
#include "config.h"

#include "agent/identity/credential_files.h"

#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_FILE_MAX = 4096 };
enum place { NAMED_FILE, NAMED_CODE, CREDENTIALS_FOLDER, BESIDE_CA, STORED_CODE, STATE_FOLDER, PLACES };

static const char TOKEN_NAME[] = "agent.token", PEM_NAME[] = "agent.pem", KEY_NAME[] = "agent.key";

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
    struct error detail = {""};
    size_t length = 0;
    char *text = file_read_secret(path, TOKEN_FILE_MAX, &length, error);
    int result;

    if (!text)
        return -1;
    result = token_from_text(token, text, &detail);
    if (result < 0)
        error_set(error, "%s: %s", path, detail.text);
    else
        snprintf(token->from, sizeof token->from, "%s", path);
    secret_wipe(text, length);
    free(text);
    return result;
}

/* The path of `name` at a place; NULL: the place is not used or holds no files, or there is no memory. malloc'ed. */
static char *place_path(const struct credential_places *places, enum place place, const char *name) {
    switch (place) {
    case NAMED_FILE:
        return places->token_file ? strdup(places->token_file) : NULL;
    case CREDENTIALS_FOLDER:
        return places->credentials_folder ? file_in(places->credentials_folder, name) : NULL;
    case BESIDE_CA:
        return places->ca ? file_beside(places->ca, name) : NULL;
    case STATE_FOLDER:
        return places->state_folder ? file_in(places->state_folder, name) : NULL;
    case NAMED_CODE:
    case STORED_CODE:
    case PLACES:
        break;
    }
    return NULL;
}

static const char *place_code(const struct credential_places *places, enum place place) {
    if (place == NAMED_CODE)
        return places->named_code;
    return place == STORED_CODE ? places->stored_code : NULL;
}

/* 1: it is there and taken; 0: nothing is there; -1: it is wrong. */
static int take_token(struct token *token, const struct credential_places *places, enum place place,
                      struct error *error) {
    const char *code = place_code(places, place);
    char *path = place_path(places, place, TOKEN_NAME);
    int result = 0;

    if (code)
        result = token_from_text(token, code, error) == 0 ? 1 : -1;
    else if (path && (place == NAMED_FILE || file_exists(path)))
        result = read_token(token, path, error) == 0 ? 1 : -1;
    free(path);
    return result;
}

int token_find(struct token *token, const struct credential_places *places, struct error *error) {
    int taken = 0;

    memset(token, 0, sizeof *token);
    for (enum place place = NAMED_FILE; place < PLACES && taken == 0; place++)
        taken = take_token(token, places, place, error);
    return taken < 0 ? -1 : 0;
}

void credential_places_describe(const struct credential_places *places, char *text, size_t size) {
    size_t used = 0;

    text[0] = '\0';
    for (enum place place = NAMED_FILE; place < PLACES; place++) {
        char *path = place_path(places, place, TOKEN_NAME);
        int written = path ? snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", path) : 0;

        free(path);
        if (written < 0 || (size_t)written >= size - used)
            return;
        used += (size_t)written;
    }
}

bool token_equal(const struct token *one, const struct token *other) {
    return strcmp(one->credential, other->credential) == 0 && secret_equal(one->key, other->key, SECRET_SIZE);
}

bool token_refresh(struct token *token) {
    struct token fresh = {0};
    bool changed = false;

    if (token->from[0] != '\0' && read_token(&fresh, token->from, NULL) == 0)
        changed = !token_equal(&fresh, token);
    if (changed)
        *token = fresh;
    token_wipe(&fresh);
    return changed;
}

void token_wipe(struct token *token) {
    secret_wipe(token, sizeof *token);
}

/* ---- the certificate ---- */

/* 1: found; 0: nothing is there; -1: only one is. */
static int take_certificate(struct own_certificate *own, const struct credential_places *places, enum place place,
                            struct error *error) {
    bool has_certificate, has_key;

    own->certificate = place_path(places, place, PEM_NAME);
    own->key = place_path(places, place, KEY_NAME);
    if (!own->certificate || !own->key)
        return 0;
    has_certificate = file_exists(own->certificate);
    has_key = file_exists(own->key);
    if (has_certificate == has_key)
        return has_key ? 1 : 0;
    return error_set(error, "%s exists, but %s does not: both are needed", has_key ? own->key : own->certificate,
                     has_key ? own->certificate : own->key);
}

static int take_options(struct own_certificate *own, const struct agent_options *options, struct error *error) {
    own->certificate = strdup(options->certificate);
    own->key = strdup(options->key);
    return own->certificate && own->key ? 0 : error_set(error, "out of memory");
}

int own_certificate_find(struct own_certificate *own, const struct agent_options *options,
                         const struct credential_places *places, struct error *error) {
    static const enum place certificate_places[] = {CREDENTIALS_FOLDER, BESIDE_CA, STATE_FOLDER};

    *own = (struct own_certificate){0};
    if (options->certificate)
        return take_options(own, options, error);
    for (size_t i = 0; i < sizeof certificate_places / sizeof certificate_places[0]; i++) {
        int found = take_certificate(own, places, certificate_places[i], error);

        if (found > 0) {
            own->is_stored = certificate_places[i] == STATE_FOLDER;
            return 0;
        }
        own_certificate_done(own);
        if (found < 0)
            return -1;
    }
    return 0;
}

void own_certificate_done(struct own_certificate *own) {
    free(own->certificate);
    free(own->key);
    *own = (struct own_certificate){0};
}

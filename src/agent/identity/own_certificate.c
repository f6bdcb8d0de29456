/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * own_certificate: see own_certificate.h.
 * Runs on: start. Owns: nothing.
 */
#include "config.h"

#include "agent/identity/own_certificate.h"

#include "lib/base/file.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 3 };

static const char PEM_NAME[] = "agent.pem", KEY_NAME[] = "agent.key";

/* `name` at the place `index` of the order; NULL: nobody said that one (or no memory). malloc'ed. */
static char *place_path(const struct token_places *places, int index, const char *name) {
    switch (index) {
    case 0:
        return places->credentials_folder != NULL ? file_in(places->credentials_folder, name) : NULL;
    case 1:
        return places->ca != NULL ? file_beside(places->ca, name) : NULL;
    default:
        return places->state_folder != NULL ? file_in(places->state_folder, name) : NULL;
    }
}

/* 1: found; 0: nothing is there; -1: only one is. */
static int look(struct own_certificate *own, const struct token_places *places, int index, struct error *error) {
    bool has_certificate, has_key;

    own->certificate = place_path(places, index, PEM_NAME);
    own->key = place_path(places, index, KEY_NAME);
    if (own->certificate == NULL || own->key == NULL)
        return 0;
    has_certificate = file_exists(own->certificate);
    has_key = file_exists(own->key);
    if (has_certificate == has_key)
        return has_key ? 1 : 0;
    return error_set(error, "%s is there without %s", has_key ? own->key : own->certificate,
                     has_key ? own->certificate : own->key);
}

static int take_options(struct own_certificate *own, const struct agent_options *options, struct error *error) {
    own->certificate = strdup(options->certificate);
    own->key = strdup(options->key);
    return own->certificate != NULL && own->key != NULL ? 0 : error_set(error, "out of memory");
}

int own_certificate_find(struct own_certificate *own, const struct agent_options *options,
                         const struct token_places *places, struct error *error) {
    *own = (struct own_certificate){0};
    if (options->certificate != NULL)
        return take_options(own, options, error);
    for (int i = 0; i < PLACES; i++) {
        int found = look(own, places, i, error);

        if (found > 0) {
            own->is_stored = i == PLACES - 1;
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

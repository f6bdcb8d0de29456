/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trust: by what this agent knows that a server is the right one.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "agent/trust.h"

#include "lib/file.h"
#include "lib/tls.h"

#include <stdio.h>
#include <stdlib.h>

/* ca.pem of the state folder, if it is there; malloc'ed. */
static char *stored_ca(const char *state_folder) {
    char *path = state_folder != NULL ? file_in(state_folder, "ca.pem") : NULL;

    if (path != NULL && !file_exists(path)) {
        free(path);
        path = NULL;
    }
    return path;
}

static void describe(const struct tls_client_options *options, char words[TRUST_WORDS]) {
    const char *plural = options->pin_count == 1 ? "" : "s";

    if (options->ca != NULL && options->pin_count > 0)
        snprintf(words, TRUST_WORDS, "%s and %zu pinned key%s", options->ca, options->pin_count, plural);
    else if (options->ca != NULL)
        snprintf(words, TRUST_WORDS, "%s", options->ca);
    else if (options->pin_count > 0)
        snprintf(words, TRUST_WORDS, "%zu pinned key%s", options->pin_count, plural);
    else
        snprintf(words, TRUST_WORDS, "the system's certificate store");
}

SSL_CTX *trust_make(const struct trust_choice *choice, char words[TRUST_WORDS], struct error *error) {
    bool nothing_said = choice->ca == NULL && choice->pin_count == 0;
    char *stored = nothing_said ? stored_ca(choice->state_folder) : NULL;
    struct tls_client_options options = {.ca = stored != NULL ? stored : choice->ca,
                                         .pins = choice->pins,
                                         .pin_count = choice->pin_count,
                                         .certificate = choice->certificate,
                                         .key = choice->key};
    SSL_CTX *context = tls_client_context(&options, error);

    describe(&options, words);
    free(stored);
    return context;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trust: by what this agent knows that a server is the right one.
 * Runs on: the control thread. Owns: nothing; the context goes to the caller (SSL_CTX_free).
 */
#ifndef MUNNEL_AGENT_TRUST_H
#define MUNNEL_AGENT_TRUST_H

#include "lib/error.h"

#include <openssl/ssl.h>
#include <stddef.h>

enum { TRUST_WORDS = 512 };

struct trust_choice {
    const char *ca; /* NULL: not said */
    const char *const *pins;
    size_t pin_count;
    const char *certificate, *key; /* the agent's own, or NULL */
    const char *state_folder;      /* its ca.pem counts when neither CA nor pin was said; may be NULL */
};

/*
 * The CA file, the pins, ca.pem of the state folder, or the system's store, the first that there is: never nothing.
 * `words` says which. NULL with `error`.
 */
SSL_CTX *trust_make(const struct trust_choice *choice, char words[TRUST_WORDS], struct error *error);

#endif

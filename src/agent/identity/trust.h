/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trust: how a server is verified (CA, pinned keys or the system's store), and the certificate that the agent presents.
 * Runs on: the control thread. Owns: its TLS context, and copies of the names of files.
 */
#ifndef MUNNEL_AGENT_IDENTITY_TRUST_H
#define MUNNEL_AGENT_IDENTITY_TRUST_H

#include "lib/base/error.h"
#include "lib/base/strlist.h"
#include "lib/log/log.h"

#include <openssl/ssl.h>

struct trust;

struct trust_choice {
    const char *ca;                /* NULL: not given */
    const struct strlist *pins;    /* NULL: none */
    const char *certificate, *key; /* the agent's own, or NULL */
    const char *state_folder;      /* its ca.pem counts when neither a CA nor a pin is given; may be NULL */
};

/*
 * The CA file, the pins, ca.pem of the state folder, or the system's store, the first that there is: never nothing.
 * NULL with `error`.
 */
struct trust *trust_new(const struct trust_choice *choice, struct error *error);
void trust_free(struct trust *trust);
/* The state folder holds what it is to be used with: its own ca.pem verifies the server, or none is there. */
bool trust_fits_stored(const struct trust_choice *choice);
const char *trust_description(const struct trust *trust); /* "/etc/munnel/ca.pem", "1 pinned key" ... */

/*
 * The context for the next connection; the caller takes a reference if it keeps it. When a file or the system's store
 * has changed since, it is made anew (so that a renewed certificate needs no restart); if that fails, the old one stays
 * and the log has the reason.
 */
SSL_CTX *trust_context(struct trust *trust, struct log *log, const char *who);

/* Is our own certificate, if there is one, valid by this machine's clock? 0, or -1 with a warning. */
int trust_check_dates(const struct trust *trust, struct error *warning);

/* Without a connection: as trust_context() for the files alone, since reading the system's store may take a tenth of a
 * second; it also logs a warning before our own certificate ends. */
void trust_recheck(struct trust *trust, struct log *log, const char *who);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * context_files: what an SSL_CTX takes from PEM files.
 * Runs on: the control thread or at start. Owns: nothing.
 *
 * 0, or -1 with `error` about the file; OpenSSL's error queue is empty then.
 */
#ifndef MUNNEL_LIB_TLS_CONTEXT_FILES_H
#define MUNNEL_LIB_TLS_CONTEXT_FILES_H

#include "lib/base/error.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* The first certificate of its file and those that follow as its chain, and the key, which others may not read. */
int context_use_identity(SSL_CTX *context, const char *certificate, const char *key, struct error *error);

/* Trusts what the file holds as it is, be it a root or an authority below one. names_them: clients are told of them. */
int context_use_authorities(SSL_CTX *context, const char *path, bool names_them, struct error *error);

int context_use_revocations(SSL_CTX *context, const char *path, struct error *error); /* and requires a list */

#endif

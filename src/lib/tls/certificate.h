/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * certificate: by what a verified certificate is recognised: its names, or the digest of its key.
 *
 * Its names are the DNS names and URIs of subjectAltName; the common name counts only where there is none of these.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_CERTIFICATE_H
#define MUNNEL_LIB_TLS_CERTIFICATE_H

#include "lib/base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>

enum { CERTIFICATE_NAME = 256, CERTIFICATE_TEXT = 200 };

/* Is `text` something that a certificate can be recognised by: a name, or "sha256:" and 64 digits? 0 or -1. */
int certificate_check_name(const char *text, struct error *error);

/* A DNS name in any case, a URI or common name exactly as it stands, no wildcards; or the digest of its key. */
bool certificate_is(X509 *certificate, const char *name);

/* "web1.example (sha256:...)" for people and logs: its first name, printable, and its key. Returns `text`. */
char *certificate_describe(X509 *certificate, char text[CERTIFICATE_TEXT]);

#endif

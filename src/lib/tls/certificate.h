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
#include "lib/base/secret.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

enum { CERTIFICATE_NAME = 256, CERTIFICATE_TEXT = 200, CERTIFICATE_PIN = 72 };

/* Is `text` something that a certificate can be recognised by: a name, or "sha256:" and 64 digits? 0 or -1. */
int certificate_check_name(const char *text, struct error *error);

/* A DNS name in any case, a URI or common name exactly as it stands, no wildcards; or the digest of its key. */
bool certificate_is(X509 *certificate, const char *name);

/* "web1.example (sha256:...)" for people and logs: its first name, printable, and its key. Returns `text`. */
char *certificate_describe(X509 *certificate, char text[CERTIFICATE_TEXT]);

int certificate_pin(X509 *certificate, uint8_t pin[SECRET_SIZE]); /* SHA-256 of its SubjectPublicKeyInfo; 0 or -1 */
X509 *certificate_read(const char *path, struct error *error);    /* the first of a PEM file; NULL on failure */
/* "sha256:" and 64 digits, of the first certificate in the PEM file. 0 or -1. */
int certificate_read_pin(const char *path, char pin[CERTIFICATE_PIN], struct error *error);
long certificate_days_left(const X509 *certificate);    /* negative when over; 0 also where it is unreadable */
time_t certificate_expires_at(const X509 *certificate); /* the first second in which it has expired; 0: unreadable */

/* Is it valid by this machine's clock? 0, or -1 with one of the texts below; `whose` begins it, "server.pem" say. */
int certificate_check_dates(const X509 *certificate, const char *whose, struct error *error);
/* The same of each certificate in a PEM file; 0 also where there is none that can be read. */
int certificate_check_file_dates(const char *path, struct error *error);
void certificate_describe_expired(const X509 *certificate, const char *whose, struct error *error);
void certificate_describe_too_early(const X509 *certificate, const char *whose, struct error *error);

#endif

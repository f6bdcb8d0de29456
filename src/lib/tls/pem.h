/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pem: errors about PEM files that name the file, what is wrong with it and what to do.
 * Runs on: the control thread, at start or reload, or a tool. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_PEM_H
#define MUNNEL_LIB_TLS_PEM_H

#include "lib/base/error.h"

#include <openssl/bio.h>
#include <stdbool.h>

enum pem_kind { PEM_CERTIFICATE, PEM_PRIVATE_KEY, PEM_CRL };

/*
 * The file's bytes for PEM_read_bio_...(), if they have a complete block of this kind, not encrypted: that is looked
 * for by the labels only; whether the content is right, OpenSSL finds when it reads it. The file is read by
 * file_read(), and a private key by file_read_secret(): OpenSSL would open it by a name that is not UTF-8 to each
 * system, nor may be long. BIO_free() when done, which wipes the bytes. NULL with `error` about what the file holds
 * instead, or who else may read a key.
 */
BIO *pem_open(const char *path, enum pem_kind kind, struct error *error);

int pem_no_passphrase(char *text, int size, int writing, void *context); /* without it OpenSSL asks on the terminal */
/* After a read of a block that failed: because there are no more? Then OpenSSL's error queue is emptied. */
bool pem_has_ended(void);

/* "PATH: WHAT (OpenSSL's reason)"; empties OpenSSL's error queue. Returns -1. */
int pem_failed(struct error *error, const char *path, const char *what);

#endif

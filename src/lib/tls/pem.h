/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pem: errors about PEM files that name the file, what is wrong with it and what to do.
 * Runs on: the control thread, at start or reload, or a tool. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_PEM_H
#define MUNNEL_LIB_TLS_PEM_H

#include "lib/base/error.h"

enum pem_kind { PEM_CERTIFICATE, PEM_PRIVATE_KEY, PEM_CRL };

/*
 * Does the file hold a complete block of this kind, not encrypted? Looks at the labels only; whether the content is
 * right, OpenSSL finds when it reads it. 0, or -1 with `error` about what the file holds instead.
 */
int pem_check(const char *path, enum pem_kind kind, struct error *error);

/* "PATH: WHAT (OpenSSL's reason)"; empties OpenSSL's error queue. Returns -1. */
int pem_failed(struct error *error, const char *path, const char *what);

#endif

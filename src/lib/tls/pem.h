/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pem: errors about PEM files that name the file, what is wrong with it and what to do.
 * Runs on: the control thread, at start or reload, or a tool. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_PEM_H
#define MUNNEL_LIB_TLS_PEM_H

#include "lib/base/error.h"

/* "PATH: WHAT (OpenSSL's reason)"; empties OpenSSL's error queue. Returns -1. */
int pem_failed(struct error *error, const char *path, const char *what);

#endif

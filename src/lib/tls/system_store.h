/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store: the authorities that this system trusts, for servers with a certificate of a public one.
 * Runs on: the control thread or at start. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_SYSTEM_STORE_H
#define MUNNEL_LIB_TLS_SYSTEM_STORE_H

#include "lib/base/error.h"

#include <openssl/ssl.h>

/*
 * Makes a client's context trust them. 0, or -1 with `error`. Windows' store and the files of other systems are read
 * now; in the folder of other systems OpenSSL looks for an authority when a handshake needs it.
 */
int system_store_use(SSL_CTX *context, struct error *error);

#endif

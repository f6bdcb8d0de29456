/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store: the authorities that this system trusts, for servers with a certificate of a public one.
 * Runs on: the control thread or at start; reading and looking may take a tenth of a second. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_SYSTEM_STORE_H
#define MUNNEL_LIB_TLS_SYSTEM_STORE_H

#include "lib/base/error.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Makes a client's context trust them. 0, or -1 with `error`. Windows' store and the files of other systems are read
 * now; in the folder of other systems OpenSSL looks for an authority when a handshake needs it.
 */
int system_store_use(SSL_CTX *context, struct error *error);

struct system_store_watch { /* system_store's own */
    uint64_t stamp, looked_ms;
};

/* Looks for the first time: do it before system_store_use(). */
void system_store_watch(struct system_store_watch *watch);
/* Has what system_store_use() reads changed since the last look? On Windows it looks once a minute at most. */
bool system_store_has_changed(struct system_store_watch *watch);

#endif

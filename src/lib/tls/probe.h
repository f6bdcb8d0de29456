/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * probe: sessions with any server of TLS, to find out whether it completes a handshake: nothing is verified, every
 * version and cipher that this OpenSSL has will do, and nothing may be sent by them.
 *
 * tls_handshake() and tls_explain() work with them.
 * Runs on: any thread; a session on its own. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_PROBE_H
#define MUNNEL_LIB_TLS_PROBE_H

#include <openssl/ssl.h>

SSL_CTX *tls_probe_context(void); /* NULL: out of memory */
/* `name`: the SNI, of which an address is left out; "": none. NULL: out of memory, or the name is too long. */
SSL *tls_probe_session(SSL_CTX *context, const char *name);

#endif

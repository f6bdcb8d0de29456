/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_tlvs: what a client's TLS, which ends here, has told of it, for the PROXY header to its destination.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_STREAM_TLS_TLVS_H
#define MUNNEL_RELAY_STREAM_TLS_TLVS_H

#include "proto/proxy_protocol.h"

#include <openssl/ssl.h>

/*
 * The name that it has asked for, the protocol of ALPN, version and cipher, and its verified certificate's common name,
 * of a handshake that is done; beside what a balancer in front has said (`before`, or NULL) and this TLS does not.
 * malloc'ed; NULL: out of memory.
 */
struct proxy_tlvs *tls_tlvs_new(const SSL *ssl, const struct proxy_tlvs *before);

#endif

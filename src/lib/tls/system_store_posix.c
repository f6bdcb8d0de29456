/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_posix: the file and the folder that this system's OpenSSL was built with.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/tls/pem.h"

int system_store_use(SSL_CTX *context, struct error *error) {
    return SSL_CTX_set_default_verify_paths(context) == 1 ? 0
                                                          : pem_failed(error, "TLS", "the system's store is unusable");
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* pem: see pem.h. */
#include "config.h"

#include "lib/tls/pem.h"

#include <openssl/err.h>

/* The first error in the queue is the cause; OpenSSL's callers add the later ones. */
int pem_failed(struct error *error, const char *path, const char *what) {
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char *reason = ERR_reason_error_string(code);
    return reason ? error_set(error, "%s: %s (%s)", path, what, reason) : error_set(error, "%s: %s", path, what);
}

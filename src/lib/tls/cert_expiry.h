/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cert_expiry: logs a warning once each when a certificate has 30 days, 7 days and 1 day left, and an error when it has
 * expired or is not valid yet.
 * Runs on: the thread of its owner. Owns: nothing; all zero is a new one.
 */
#ifndef MUNNEL_LIB_TLS_CERT_EXPIRY_H
#define MUNNEL_LIB_TLS_CERT_EXPIRY_H

#include "lib/log/log.h"

#include <openssl/x509.h>
#include <stdbool.h>

struct cert_expiry {
    unsigned warned;       /* how many of these steps were logged */
    bool warned_too_early; /* that it is not valid yet */
};

/* `certificate` may be NULL; `what` begins the sentence, "the certificate server.pem". */
void cert_expiry_check(struct cert_expiry *expiry, struct log *log, const char *who, const char *what,
                       const X509 *certificate);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cert_expiry: says in the log, once each, that something ends in 30 days, in 7, in 1, and that it has ended.
 * Runs on: the thread of its owner. Owns: nothing; all zero is a new one.
 */
#ifndef MUNNEL_LIB_TLS_CERT_EXPIRY_H
#define MUNNEL_LIB_TLS_CERT_EXPIRY_H

#include "lib/log/log.h"

struct cert_expiry {
    unsigned said; /* how many of these steps */
};

/* `days` are left (tls_days_left(); negative: none); `what` begins the sentence, "the certificate server.pem". */
void cert_expiry_check(struct cert_expiry *expiry, struct log *log, const char *who, const char *what, long days);

#endif

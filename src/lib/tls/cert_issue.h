/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cert_issue: makes keys (ECDSA P-256) and certificates. Runs on: start or a tool. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_CERT_ISSUE_H
#define MUNNEL_LIB_TLS_CERT_ISSUE_H

#include "lib/base/error.h"

#include <stddef.h>

struct cert_request {
    const char *common_name;
    const char *const *names; /* DNS names and addresses for subjectAltName */
    size_t name_count;
    unsigned days;
    enum cert_use { CERT_CA, CERT_SERVER, CERT_CLIENT } use;
};

/* Writes key (0600) and certificate (0644). For CERT_CA self-signed, ca_* are NULL; else signed by that CA. 0 or -1. */
int cert_issue(const struct cert_request *request, const char *ca_certificate, const char *ca_key,
               const char *certificate, const char *key, struct error *error);

/*
 * Calls `each` with every DNS name and address that a certificate file is for, until one call returns other than 0.
 * Returns what the last call returned (0 without any), or -1 with `error` if the file cannot be read.
 */
int cert_issue_each_name(const char *certificate, int (*each)(void *context, const char *name), void *context,
                         struct error *error);

#endif

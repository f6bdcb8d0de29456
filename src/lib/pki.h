/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pki: makes keys (ECDSA P-256) and certificates. Runs on: start or a tool. Owns: nothing.
 */
#ifndef MUNNEL_LIB_PKI_H
#define MUNNEL_LIB_PKI_H

#include "lib/error.h"

#include <stddef.h>

struct pki_request {
    const char *common_name;
    const char *const *names; /* DNS names and addresses for subjectAltName */
    size_t name_count;
    unsigned days;
    enum pki_use { PKI_CA, PKI_SERVER, PKI_CLIENT } use;
};

/* Writes key (0600) and certificate (0644). For PKI_CA self-signed, ca_* are NULL; else signed by that CA. 0 or -1. */
int pki_make(const struct pki_request *request, const char *ca_certificate, const char *ca_key, const char *certificate,
             const char *key, struct error *error);

/*
 * Calls `each` with every DNS name and address that a certificate file is for, until one call returns other than 0.
 * Returns what the last call returned (0 without any), or -1 with `error` if the file cannot be read.
 */
int pki_each_name(const char *certificate, int (*each)(void *context, const char *name), void *context,
                  struct error *error);

#endif

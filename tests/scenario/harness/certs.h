/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * certs: certificates that `munnel init` would never make: expired, for another name, by another authority.
 * Runs on: a test's main thread. Owns: nothing; files stay in the sandbox's folder.
 */
#ifndef MUNNEL_SCENARIO_CERTS_H
#define MUNNEL_SCENARIO_CERTS_H

#include "harness/sandbox.h"

struct certs_plan {
    const char *folder;     /* with ca.pem and ca.key, which sign */
    const char *name;       /* NAME.pem and NAME.key are made in it */
    const char *names;      /* subjectAltName as OpenSSL writes it: "DNS:other.example, IP:127.0.0.1"; NULL: none */
    int serial;             /* 0: 4711 */
    int from_days, to_days; /* validity, seen from today: -10, -1 is one that has expired */
    bool for_clients;       /* extended key usage: clientAuth instead of serverAuth */
    bool self_signed;       /* by its own key, and not by the CA */
    /* The common name and a DNS name, where # stands for a NUL: "localhost#.evil.example"; NULL: none, and `name` */
    const char *common_with_nul, *dns_with_nul;
};

void certs_make(const struct certs_plan *plan);

/* FOLDER/ca.crl: the revocation list of its CA with the certificate FOLDER/NAME.pem in it; with NULL, with none. */
void certs_revoke(const char *folder, const char *name);

/* "sha256:" and 64 digits of the public key of FOLDER/NAME.pem. */
void certs_pin(const char *folder, const char *name, char pin[80]);

#endif

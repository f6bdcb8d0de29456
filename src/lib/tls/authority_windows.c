/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * authority_windows: see authority.h.
 */
#include "config.h"

#include "lib/tls/authority.h"

#include <stdlib.h>
#include <string.h>

enum { NOTE = 1024 };

static bool names_servers(const CERT_ENHKEY_USAGE *usage) {
    for (DWORD i = 0; i < usage->cUsageIdentifier; i++)
        if (strcmp(usage->rgpszUsageIdentifier[i], szOID_PKIX_KP_SERVER_AUTH) == 0 ||
            strcmp(usage->rgpszUsageIdentifier[i], szOID_ANY_ENHANCED_KEY_USAGE) == 0)
            return true;
    return false;
}

/* By its extension, and by the list of purposes beside it. An empty list is two things: no restriction, or no use at
 * all. */
static bool is_for_servers(PCCERT_CONTEXT certificate) {
    DWORD size = 0;
    if (!CertGetEnhancedKeyUsage(certificate, 0, NULL, &size))
        return GetLastError() == (DWORD)CRYPT_E_NOT_FOUND;
    CERT_ENHKEY_USAGE *usage = malloc(size);
    if (!usage || !CertGetEnhancedKeyUsage(certificate, 0, usage, &size)) {
        free(usage);
        return false;
    }
    bool is_for = usage->cUsageIdentifier > 0 ? names_servers(usage) : GetLastError() == (DWORD)CRYPT_E_NOT_FOUND;
    free(usage);
    return is_for;
}

/* ---- what ends its use ---- */

static bool has_come(const CRYPT_DATA_BLOB *date, const FILETIME *now) {
    FILETIME from;
    if (date->cbData != sizeof from)
        return true;
    memcpy(&from, date->pbData, sizeof from);
    return CompareFileTime(&from, now) <= 0;
}

static bool concerns_servers(const CRYPT_DATA_BLOB *purposes) {
    CERT_ENHKEY_USAGE *usage = NULL;
    DWORD size = 0;
    if (!CryptDecodeObjectEx(X509_ASN_ENCODING, X509_ENHANCED_KEY_USAGE, purposes->pbData, purposes->cbData,
                             CRYPT_DECODE_ALLOC_FLAG, NULL, &usage, &size))
        return true;
    bool concerns = names_servers(usage);
    LocalFree(usage);
    return concerns;
}

bool authority_limit_holds(const struct authority_limit *limit, const FILETIME *now) {
    if (!limit->date.pbData && !limit->purposes.pbData)
        return false;
    return (!limit->date.pbData || has_come(&limit->date, now)) &&
           (!limit->purposes.pbData || concerns_servers(&limit->purposes));
}

static CRYPT_DATA_BLOB read_note(PCCERT_CONTEXT certificate, DWORD property, BYTE bytes[NOTE]) {
    DWORD size = NOTE;
    if (CertGetCertificateContextProperty(certificate, property, bytes, &size))
        return (CRYPT_DATA_BLOB){.cbData = size, .pbData = bytes};
    bool is_absent = GetLastError() == (DWORD)CRYPT_E_NOT_FOUND;
    return (CRYPT_DATA_BLOB){.pbData = is_absent ? NULL : bytes}; /* it is there, and not understood */
}

static bool is_limited(PCCERT_CONTEXT certificate, DWORD date, DWORD purposes) {
    BYTE date_bytes[NOTE], purposes_bytes[NOTE];
    const struct authority_limit limit = {.date = read_note(certificate, date, date_bytes),
                                          .purposes = read_note(certificate, purposes, purposes_bytes)};
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    return authority_limit_holds(&limit, &now);
}

/* Windows takes an authority that is "not before" a date for what it issued until then. OpenSSL cannot: what it issued
 * for a server ends within about a year, so that all of it is refused from that date on. */
bool authority_may_verify_servers(PCCERT_CONTEXT certificate) {
    return is_for_servers(certificate) &&
           !is_limited(certificate, CERT_DISALLOWED_FILETIME_PROP_ID, CERT_DISALLOWED_ENHKEY_USAGE_PROP_ID) &&
           !is_limited(certificate, CERT_NOT_BEFORE_FILETIME_PROP_ID, CERT_NOT_BEFORE_ENHKEY_USAGE_PROP_ID);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_windows: the stores ROOT and Disallowed of this account, which hold those of the machine too. OpenSSL's
 * own paths are not asked: a folder of that name could be made by any user.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/base/system_error.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>

#include <wincrypt.h>

static int fail(const char *call, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    return error_set(error, "the system's certificate store cannot be read: %s: %s", call,
                     system_error_text(GetLastError(), words));
}

/* ---- what an authority is trusted for ---- */

static bool names_servers(const CERT_ENHKEY_USAGE *usage) {
    for (DWORD i = 0; i < usage->cUsageIdentifier; i++)
        if (strcmp(usage->rgpszUsageIdentifier[i], szOID_PKIX_KP_SERVER_AUTH) == 0 ||
            strcmp(usage->rgpszUsageIdentifier[i], szOID_ANY_ENHANCED_KEY_USAGE) == 0)
            return true;
    return false;
}

/* By its extension and by what Windows or an administrator has noted beside it. An empty list is two things: no
 * restriction, or no use at all. */
static bool may_verify_servers(PCCERT_CONTEXT certificate) {
    DWORD size = 0;
    if (!CertGetEnhancedKeyUsage(certificate, 0, NULL, &size))
        return GetLastError() == (DWORD)CRYPT_E_NOT_FOUND;
    CERT_ENHKEY_USAGE *usage = malloc(size);
    if (!usage || !CertGetEnhancedKeyUsage(certificate, 0, usage, &size)) {
        free(usage);
        return false;
    }
    bool may = usage->cUsageIdentifier > 0 ? names_servers(usage) : GetLastError() == (DWORD)CRYPT_E_NOT_FOUND;
    free(usage);
    return may;
}

/* Windows keeps what it no longer trusts in ROOT, and lists it here. */
static bool is_disallowed(HCERTSTORE disallowed, PCCERT_CONTEXT certificate) {
    PCCERT_CONTEXT found =
        CertFindCertificateInStore(disallowed, X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, certificate, NULL);
    return found && CertFreeCertificateContext(found);
}

/* ---- the stores ---- */

/* False: no memory. What OpenSSL does not understand is left out, for Windows may hold it for other uses. */
static bool add(X509_STORE *store, PCCERT_CONTEXT certificate) {
    const unsigned char *bytes = certificate->pbCertEncoded;
    X509 *authority = d2i_X509(NULL, &bytes, (long)certificate->cbCertEncoded);
    bool is_done = !authority || X509_STORE_add_cert(store, authority) == 1;
    X509_free(authority);
    ERR_clear_error();
    return is_done;
}

static bool add_all(X509_STORE *store, HCERTSTORE roots, HCERTSTORE disallowed) {
    PCCERT_CONTEXT certificate = NULL;
    bool is_done = true;
    while (is_done && (certificate = CertEnumCertificatesInStore(roots, certificate)))
        if (may_verify_servers(certificate) && !is_disallowed(disallowed, certificate))
            is_done = add(store, certificate);
    if (!is_done) /* else the last call has freed it */
        CertFreeCertificateContext(certificate);
    return is_done;
}

static int use(SSL_CTX *context, HCERTSTORE roots, struct error *error) {
    HCERTSTORE disallowed = CertOpenSystemStoreW(0, L"Disallowed");
    if (!disallowed)
        return fail("CertOpenSystemStore(Disallowed)", error);
    bool is_done = add_all(SSL_CTX_get_cert_store(context), roots, disallowed);
    CertCloseStore(disallowed, 0);
    return is_done ? 0 : error_set(error, "out of memory");
}

int system_store_use(SSL_CTX *context, struct error *error) {
    HCERTSTORE roots = CertOpenSystemStoreW(0, L"ROOT");
    if (!roots)
        return fail("CertOpenSystemStore(ROOT)", error);
    int result = use(context, roots, error);
    CertCloseStore(roots, 0);
    return result;
}

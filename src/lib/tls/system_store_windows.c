/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_windows: the stores ROOT and Disallowed of this account, which hold those of the machine too. OpenSSL's
 * own paths are not asked: a folder of that name could be made by any user.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/base/system_error.h"
#include "lib/tls/authority.h"

#include <openssl/err.h>

static int fail(const char *call, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    return error_set(error, "the system's certificate store cannot be read: %s: %s", call,
                     system_error_text(GetLastError(), words));
}

/* Windows keeps what it no longer trusts in ROOT, and lists it here. */
static bool is_disallowed(HCERTSTORE disallowed, PCCERT_CONTEXT certificate) {
    PCCERT_CONTEXT found =
        CertFindCertificateInStore(disallowed, X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, certificate, NULL);
    return found && CertFreeCertificateContext(found);
}

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
        if (authority_may_verify_servers(certificate) && !is_disallowed(disallowed, certificate))
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

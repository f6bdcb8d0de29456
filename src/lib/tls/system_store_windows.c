/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_windows: the stores ROOT and Disallowed of this account, which hold those of the machine too. OpenSSL's
 * own paths are not asked: a folder of that name could be made by any user.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/base/hash.h"
#include "lib/base/system_error.h"
#include "lib/tls/authority.h"
#include "lib/tls/system_store_priv.h"

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

/* Calls `take` for each authority that may vouch for servers, until it returns false: then this does, too. */
static bool visit_trusted(HCERTSTORE roots, HCERTSTORE disallowed, bool (*take)(void *context, PCCERT_CONTEXT),
                          void *context) {
    PCCERT_CONTEXT certificate = NULL;
    bool goes_on = true;
    while (goes_on && (certificate = CertEnumCertificatesInStore(roots, certificate)))
        if (authority_may_verify_servers(certificate) && !is_disallowed(disallowed, certificate))
            goes_on = take(context, certificate);
    if (!goes_on) /* else the last call has freed it */
        CertFreeCertificateContext(certificate);
    return goes_on;
}

static int visit_beside(HCERTSTORE roots, bool (*take)(void *context, PCCERT_CONTEXT), void *context,
                        struct error *error) {
    HCERTSTORE disallowed = CertOpenSystemStoreW(0, L"Disallowed");
    if (!disallowed)
        return fail("CertOpenSystemStore(Disallowed)", error);
    bool is_done = visit_trusted(roots, disallowed, take, context);
    CertCloseStore(disallowed, 0);
    return is_done ? 0 : error_set(error, "out of memory");
}

static int visit(bool (*take)(void *context, PCCERT_CONTEXT), void *context, struct error *error) {
    HCERTSTORE roots = CertOpenSystemStoreW(0, L"ROOT");
    if (!roots)
        return fail("CertOpenSystemStore(ROOT)", error);
    int result = visit_beside(roots, take, context, error);
    CertCloseStore(roots, 0);
    return result;
}

/* False: no memory. What OpenSSL does not understand is left out, for Windows may hold it for other uses. */
static bool add(void *context, PCCERT_CONTEXT certificate) {
    const unsigned char *bytes = certificate->pbCertEncoded;
    X509 *authority = d2i_X509(NULL, &bytes, (long)certificate->cbCertEncoded);
    bool is_done = !authority || X509_STORE_add_cert(context, authority) == 1;
    X509_free(authority);
    ERR_clear_error();
    return is_done;
}

int system_store_use(SSL_CTX *context, struct error *error) {
    return visit(add, SSL_CTX_get_cert_store(context), error);
}

/* ---- has it changed? ---- */

const unsigned system_store_look_ms = 60000;

static bool add_to_stamp(void *context, PCCERT_CONTEXT certificate) {
    uint64_t *stamp = context;
    *stamp = hash_bytes(*stamp, certificate->pbCertEncoded, certificate->cbCertEncoded);
    return true;
}

/* Where it cannot be read it is as if it had changed: system_store_use() then has the reason. */
uint64_t system_store_stamp(void) {
    uint64_t stamp = HASH_START;
    struct error error;
    return visit(add_to_stamp, &stamp, &error) == 0 ? stamp : 0;
}

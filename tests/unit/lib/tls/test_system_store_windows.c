/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_system_store_windows: a client without CA and pin trusts what Windows trusts for servers. The tests put an
 * authority into the stores of this account and take it out again; a real Windows asks its user before that.
 */
#include "config.h"

#include "lib/tls/system_store.h"
#include "lib/tls/system_store_priv.h"
#include "lib/tls_pair.h"
#include "unit.h"

#include <openssl/pem.h>

#include <winsock2.h>

#include <windows.h>

#include <wincrypt.h>

#define UNKNOWN                                                                                                        \
    "the certificate is signed by an authority (Munnel CA of here) that the system's store does not hold; name the "   \
    "server's CA with --ca FILE, or take a join code with --join -"

static PCCERT_CONTEXT authority; /* of the test that runs */

static void setup(void) {
    unsigned char *bytes = NULL;
    pair_setup();
    FILE *file = fopen(ca_pem, "r");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    int length = i2d_X509(certificate, &bytes);
    authority = CertCreateCertificateContext(X509_ASN_ENCODING, bytes, (DWORD)length);
    ck_assert_ptr_nonnull(authority);
    OPENSSL_free(bytes);
    X509_free(certificate);
}

/* For the purpose alone; NULL: for all. */
static void put_in(const wchar_t *name, const char *purpose) {
    HCERTSTORE store = CertOpenSystemStoreW(0, name);
    char *purposes[] = {(char *)purpose};
    CERT_ENHKEY_USAGE usage = {.cUsageIdentifier = 1, .rgpszUsageIdentifier = purposes};
    ck_assert_ptr_nonnull(store);
    if (purpose)
        ck_assert(CertSetEnhancedKeyUsage(authority, &usage));
    ck_assert(CertAddCertificateContextToStore(store, authority, CERT_STORE_ADD_ALWAYS, NULL));
    CertCloseStore(store, 0);
}

/* From the registry, where the stores of an account are: wine's own call removes it only from
 * the handle, and not for good. */
static void take_out(const wchar_t *name) {
    enum { SHA1 = 20 };
    BYTE digest[SHA1];
    DWORD size = sizeof digest;
    wchar_t key[128];
    ck_assert(CertGetCertificateContextProperty(authority, CERT_SHA1_HASH_PROP_ID, digest, &size));
    int used = swprintf(key, 128, L"Software\\Microsoft\\SystemCertificates\\%ls\\Certificates\\", name);
    for (DWORD i = 0; i < size; i++)
        used += swprintf(key + used, 128 - (size_t)used, L"%02X", digest[i]);
    (void)RegDeleteTreeW(HKEY_CURRENT_USER, key); /* it may not be there */
}

static void teardown(void) {
    take_out(L"ROOT");
    take_out(L"Disallowed");
    CertFreeCertificateContext(authority);
}

static void expect(const char *server_says, const char *client_says) {
    const struct tls_client_options options = {.ca = NULL};
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(&options), "munnel.example",
                server_says, client_says);
}

START_TEST(a_server_of_an_authority_of_the_system_is_trusted) {
    put_in(L"ROOT", NULL);
    expect(NULL, NULL);
    take_out(L"ROOT");
    expect("*", UNKNOWN);
}
END_TEST

START_TEST(an_authority_for_other_purposes_is_not_trusted) {
    put_in(L"ROOT", szOID_PKIX_KP_EMAIL_PROTECTION);
    expect("*", UNKNOWN);
    take_out(L"ROOT");
    put_in(L"ROOT", szOID_PKIX_KP_SERVER_AUTH);
    expect(NULL, NULL);
}
END_TEST

START_TEST(an_authority_that_windows_lists_as_disallowed_is_not_trusted) {
    put_in(L"ROOT", NULL);
    put_in(L"Disallowed", NULL);
    expect("*", UNKNOWN);
}
END_TEST

START_TEST(what_is_trusted_changes_the_stamp_and_nothing_else) {
    uint64_t before = system_store_stamp();
    put_in(L"ROOT", NULL);
    uint64_t with = system_store_stamp();
    ck_assert_uint_ne(with, before);
    ck_assert_uint_eq(system_store_stamp(), with);
    put_in(L"Disallowed", NULL);
    ck_assert_uint_eq(system_store_stamp(), before);
}
END_TEST

static TCase *stores(void) {
    TCase *group = tcase_create("stores");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_server_of_an_authority_of_the_system_is_trusted);
    tcase_add_test(group, an_authority_for_other_purposes_is_not_trusted);
    tcase_add_test(group, an_authority_that_windows_lists_as_disallowed_is_not_trusted);
    tcase_add_test(group, what_is_trusted_changes_the_stamp_and_nothing_else);
    return group;
}

UNIT_MAIN("lib/tls/system_store", stores)

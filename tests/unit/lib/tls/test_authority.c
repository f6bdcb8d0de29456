/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_authority: from when on, and for what, a note of Windows ends the trust in an authority. The notes are
 * not set beside a certificate here, since wine keeps none of them.
 */
#include "config.h"

#include "lib/tls/authority.h"
#include "unit.h"

static const FILETIME past = {.dwHighDateTime = 30}, now = {.dwHighDateTime = 31}, future = {.dwHighDateTime = 32};

static CRYPT_DATA_BLOB date_of(const FILETIME *time) {
    return (CRYPT_DATA_BLOB){.cbData = sizeof *time, .pbData = (BYTE *)time};
}

static CRYPT_DATA_BLOB list_of(const char *purpose) {
    static BYTE bytes[64];
    char *purposes[] = {(char *)purpose};
    const CERT_ENHKEY_USAGE usage = {.cUsageIdentifier = 1, .rgpszUsageIdentifier = purposes};
    DWORD size = sizeof bytes;
    ck_assert(CryptEncodeObject(X509_ASN_ENCODING, X509_ENHANCED_KEY_USAGE, &usage, bytes, &size));
    return (CRYPT_DATA_BLOB){.cbData = size, .pbData = bytes};
}

static bool holds(struct authority_limit limit) {
    return authority_limit_holds(&limit, &now);
}

START_TEST(without_a_note_it_stays_trusted) {
    ck_assert(!holds((struct authority_limit){.date.pbData = NULL}));
}
END_TEST

START_TEST(a_date_ends_the_trust_when_it_has_come) {
    ck_assert(holds((struct authority_limit){.date = date_of(&past)}));
    ck_assert(!holds((struct authority_limit){.date = date_of(&future)}));
}
END_TEST

START_TEST(a_date_for_other_purposes_does_not) {
    ck_assert(!holds((struct authority_limit){date_of(&past), list_of(szOID_PKIX_KP_CODE_SIGNING)}));
    ck_assert(holds((struct authority_limit){date_of(&past), list_of(szOID_PKIX_KP_SERVER_AUTH)}));
    ck_assert(!holds((struct authority_limit){date_of(&future), list_of(szOID_PKIX_KP_SERVER_AUTH)}));
}
END_TEST

START_TEST(purposes_without_a_date_are_ended_for_good) {
    ck_assert(holds((struct authority_limit){.purposes = list_of(szOID_PKIX_KP_SERVER_AUTH)}));
    ck_assert(!holds((struct authority_limit){.purposes = list_of(szOID_PKIX_KP_EMAIL_PROTECTION)}));
}
END_TEST

START_TEST(what_is_malformed_ends_the_trust) {
    BYTE bytes[] = {0x30, 0x7f, 0};
    const CRYPT_DATA_BLOB malformed = {.cbData = sizeof bytes, .pbData = bytes};
    ck_assert(holds((struct authority_limit){.date = malformed}));
    ck_assert(holds((struct authority_limit){.purposes = malformed}));
}
END_TEST

static TCase *limits(void) {
    TCase *group = tcase_create("limits");
    tcase_add_test(group, without_a_note_it_stays_trusted);
    tcase_add_test(group, a_date_ends_the_trust_when_it_has_come);
    tcase_add_test(group, a_date_for_other_purposes_does_not);
    tcase_add_test(group, purposes_without_a_date_are_ended_for_good);
    tcase_add_test(group, what_is_malformed_ends_the_trust);
    return group;
}

UNIT_MAIN("lib/tls/authority", limits)

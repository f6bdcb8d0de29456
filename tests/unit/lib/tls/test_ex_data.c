/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_ex_data: what is attached to a context or a session is found there, and nothing is found elsewhere. That it is
 * freed with them, a build with AddressSanitizer finds.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/tls_priv.h"

#include <stdlib.h>
#include <string.h>

static SSL_CTX *context;
static SSL *ssl;

static void set_up(void) {
    context = SSL_CTX_new(TLS_method());
    ssl = context ? SSL_new(context) : NULL;
    ck_assert_ptr_nonnull(ssl);
}

static void tear_down(void) {
    SSL_free(ssl);
    SSL_CTX_free(context);
}

START_TEST(a_context_has_its_trust) {
    struct tls_trust *trust = tls_trust_new(true);
    ck_assert_ptr_null(tls_trust_of(context));
    trust->authority = strdup("ca.pem");
    ck_assert_int_eq(tls_trust_attach(context, trust), 0);
    ck_assert_ptr_eq(tls_trust_of(context), trust);
    ck_assert(tls_trust_of(context)->is_server);
}
END_TEST

START_TEST(a_session_has_its_notes) {
    ck_assert_int_eq(tls_notes_attach(ssl), 0);
    struct tls_notes *notes = tls_notes_of(ssl);
    ck_assert_ptr_nonnull(notes);
    ck_assert_int_eq(notes->alert_received, -1);
    ck_assert_ptr_null(notes->refusal);
    SSL *other = SSL_new(context);
    ck_assert_ptr_null(tls_notes_of(other));
    SSL_free(other);
}
END_TEST

START_TEST(the_last_refusal_is_kept) {
    ck_assert_int_eq(tls_notes_attach(ssl), 0);
    tls_note_refusal(ssl, "too old");
    ck_assert(!tls_notes_of(ssl)->is_untrusted);
    tls_note_untrusted(ssl, "revoked");
    ck_assert_str_eq(tls_notes_of(ssl)->refusal, "revoked");
    ck_assert(tls_notes_of(ssl)->is_untrusted);
}
END_TEST

START_TEST(a_session_without_notes_takes_none) {
    tls_note_refusal(ssl, "too old");
    tls_note_untrusted(ssl, "revoked");
    ck_assert_ptr_null(tls_notes_of(ssl));
    ck_assert_ptr_null(tls_notes_of(NULL));
}
END_TEST

static TCase *attached(void) {
    TCase *group = tcase_create("attached");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_context_has_its_trust);
    tcase_add_test(group, a_session_has_its_notes);
    tcase_add_test(group, the_last_refusal_is_kept);
    tcase_add_test(group, a_session_without_notes_takes_none);
    return group;
}

UNIT_MAIN("lib/tls/ex_data", attached)

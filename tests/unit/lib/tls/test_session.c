/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session: whom a session expects, what it binds a proof to, and the steps of its handshake.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"
#include "lib/tls_pair.h"

#include <string.h>

START_TEST(the_exporter_differs_from_channel_to_channel) {
    uint8_t bytes[2][SECRET_SIZE];
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
                  "munnel.example");
        pair_shake(&pair);
        ck_assert_int_eq(tls_exporter(pair.client, bytes[i]), 0);
        pair_part(&pair);
    }
    ck_assert_int_ne(memcmp(bytes[0], bytes[1], SECRET_SIZE), 0);
}
END_TEST

START_TEST(an_address_is_checked_as_an_address_and_no_sni_is_sent) {
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "127.0.0.1");
    pair_shake(&pair);
    ck_assert(pair.client_done && pair.server_done);
    ck_assert_ptr_null(SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name));
    pair_part(&pair);
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example.");
    pair_shake(&pair);
    ck_assert(pair.client_done && pair.server_done);
    ck_assert_str_eq(SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name), "munnel.example");
    pair_part(&pair);
}
END_TEST

START_TEST(an_address_is_checked_without_its_zone) {
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "fe80::1%eth0");
    pair_shake(&pair);
    pair_check_error("the client", &pair.client_error, NULL);
    ck_assert(pair.client_done && pair.server_done);
    ck_assert_ptr_null(SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name));
    pair_part(&pair);
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "fe80::2%eth0");
    pair_shake(&pair);
    ck_assert(!pair.client_done);
    pair_part(&pair);
}
END_TEST

START_TEST(a_certificate_is_never_taken_without_a_name) {
    char pin[72];
    const char *pins[] = {pin};
    SSL_CTX *context = pair_client_context(pair_client_options());
    ck_assert_ptr_null(tls_session(context, false, NULL));
    ck_assert_ptr_null(tls_session(context, false, ""));
    SSL_CTX_free(context);
    ck_assert_int_eq(certificate_read_pin(server_pem, pin, NULL), 0);
    context = pair_client_context(&(const struct tls_client_options){.pins = pins, .pin_count = 1});
    SSL *ssl = tls_session(context, false, NULL);
    ck_assert_ptr_nonnull(ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(a_handshake_goes_on_as_far_as_it_goes) {
    struct pair pair;
    uint8_t bytes[SECRET_SIZE];
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    ck_assert_int_eq(tls_handshake(pair.server), TLS_WANTS_TO_READ); /* nothing has come */
    ck_assert(tls_received_nothing(pair.server));
    ck_assert_int_eq(tls_exporter(pair.server, bytes), -1);
    ck_assert_int_eq(tls_handshake(pair.client), TLS_WANTS_TO_READ);
    ck_assert_int_eq(tls_handshake(pair.server), TLS_WANTS_TO_READ);
    ck_assert(!tls_received_nothing(pair.server));
    ck_assert_int_eq(tls_handshake(pair.client), TLS_DONE);
    ck_assert_int_eq(tls_handshake(pair.server), TLS_DONE);
    ck_assert_int_eq(tls_exporter(pair.server, bytes), 0);
    pair_part(&pair);
}
END_TEST

START_TEST(a_handshake_that_fails_says_so) {
    struct pair pair;
    struct error error = {""};
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "other.example");
    while (tls_handshake(pair.client) == TLS_WANTS_TO_READ)
        ck_assert_int_ne(tls_handshake(pair.server), TLS_FAILED);
    ck_assert_int_eq(tls_explain(pair.client, &error), TLS_UNTRUSTED);
    ck_assert_msg(strstr(error.text, "other.example"), "%s", error.text);
    pair_part(&pair);
}
END_TEST

static TCase *sessions(void) {
    TCase *group = tcase_create("sessions");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, the_exporter_differs_from_channel_to_channel);
    tcase_add_test(group, an_address_is_checked_as_an_address_and_no_sni_is_sent);
    tcase_add_test(group, an_address_is_checked_without_its_zone);
    tcase_add_test(group, a_certificate_is_never_taken_without_a_name);
    tcase_add_test(group, a_handshake_goes_on_as_far_as_it_goes);
    tcase_add_test(group, a_handshake_that_fails_says_so);
    return group;
}

UNIT_MAIN("lib/tls/session", sessions)

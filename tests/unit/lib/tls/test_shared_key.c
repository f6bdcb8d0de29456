/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_shared_key: TLS by a shared key: who gets through, who does not, and what each end says then.
 */
#include "config.h"

#include "lib/tls/shared_key.h"

#include "lib/tls_pair.h"
#include "unit.h"

#include <openssl/err.h>
#include <string.h>

#define ALPN "\x13munnel-end-to-end/1"

static shared_key keys[3];

static void make_keys(void) {
    pair_setup();
    ck_assert_int_eq(secret_random(keys, sizeof keys), 0);
}

static SSL_CTX *context_of(bool is_server, const char *name, const shared_key *its, size_t count) {
    struct error error;
    SSL_CTX *context = shared_key_context(is_server, name, its, count, &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

static void shake(struct pair *pair, SSL_CTX *server, SSL_CTX *client) {
    pair_join(pair, server, client, NULL);
    pair_shake(pair);
}

START_TEST(both_ends_prove_the_key_to_each_other) {
    struct pair pair;
    shake(&pair, context_of(true, "ssh", keys, 1), context_of(false, "ssh", keys, 1));
    ck_assert(pair.server_done && pair.client_done);
    ck_assert(shared_key_is_proven(pair.server) && shared_key_is_proven(pair.client));
    ck_assert_str_eq(SSL_get_cipher_name(pair.client), "TLS_AES_128_GCM_SHA256");
    ck_assert_int_eq((int)SSL_get_negotiated_group(pair.server), pair_best_group());
    ck_assert_ptr_null(SSL_get0_peer_certificate(pair.client));
    pair_part(&pair);
}
END_TEST

START_TEST(a_serving_end_takes_each_of_its_keys) {
    for (size_t i = 0; i < 3; i++) {
        struct pair pair;
        shake(&pair, context_of(true, "ssh", keys, 3), context_of(false, "ssh", &keys[i], 1));
        ck_assert(shared_key_is_proven(pair.server) && shared_key_is_proven(pair.client));
        pair_part(&pair);
    }
}
END_TEST

START_TEST(other_keys_are_named_at_both_ends) {
    struct pair pair;
    struct error expected;
    char id[SHARED_KEY_ID_SIZE];
    ck_assert(shared_key_id(id, keys[1]));
    ck_assert_uint_eq(strlen(id), 16);
    pair_join(&pair, context_of(true, "ssh", keys, 1), context_of(false, "ssh", &keys[1], 1), NULL);
    while (tls_handshake(pair.client) != TLS_FAILED)
        (void)tls_handshake(pair.server);
    ERR_clear_error();
    ck_assert_int_eq(shared_key_explain(pair.server, &pair.server_error), SHARED_KEY_DIFFERS);
    error_set(&expected, "the keys differ: the visitor's has the id %s", id);
    ck_assert_str_eq(pair.server_error.text, expected.text);
    ck_assert_int_eq(shared_key_explain(pair.client, &pair.client_error), SHARED_KEY_DIFFERS);
    error_set(&expected, "the keys differ: the agent that serves it has none with the id %s", id);
    ck_assert_str_eq(pair.client_error.text, expected.text);
    ck_assert(!shared_key_is_proven(pair.server) && !shared_key_is_proven(pair.client));
    pair_part(&pair);
}
END_TEST

START_TEST(a_key_for_two_names_joins_nobody_to_the_wrong_one) {
    static const char *const others[] = {"web", "ssi", "ssh2", "s"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct pair pair;
        shake(&pair, context_of(true, "ssh", keys, 1), context_of(false, others[i], keys, 1));
        ck_assert(!pair.server_done && !pair.client_done);
        ck_assert_str_eq(pair.server_error.text, "the visitor's key is for another service than this");
        pair_part(&pair);
    }
}
END_TEST

/* A server of TLS that has a certificate, of an authority that the system may well know. */
static SSL_CTX *certified_server(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, server_pem), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, server_key, SSL_FILETYPE_PEM), 1);
    return context;
}

START_TEST(a_certificate_in_place_of_the_key_is_refused) {
    struct pair pair;
    shake(&pair, certified_server(), context_of(false, "ssh", keys, 1));
    ck_assert(!pair.client_done && !shared_key_is_proven(pair.client));
    ck_assert_str_eq(pair.client_error.text, "what answers shows a certificate, and has not the key");
    pair_part(&pair);
}
END_TEST

START_TEST(clients_without_the_key_get_nowhere) {
    static const struct {
        const char *alpn;
        int version;
    } clients[] = {{ALPN, 0}, {ALPN, TLS1_3_VERSION}, {ALPN, TLS1_2_VERSION}, {NULL, 0}, {"\x08munnel/2", 0}};
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        struct pair pair;
        shake(&pair, context_of(true, "ssh", keys, 1), pair_foreign_client(clients[i].alpn, clients[i].version));
        ck_assert(!pair.server_done && !shared_key_is_proven(pair.server));
        ck_assert(pair.server_error.text[0]);
        pair_part(&pair);
    }
}
END_TEST

START_TEST(keys_are_replaced_for_sessions_to_come) {
    struct pair pair;
    SSL_CTX *server = context_of(true, "ssh", keys, 1), *client = context_of(false, "ssh", &keys[1], 1);
    SSL_CTX_up_ref(server), SSL_CTX_up_ref(client);
    pair_join(&pair, server, client, NULL);
    (void)tls_handshake(pair.client);                                              /* it has said which key it has */
    ck_assert(shared_key_replace(server, "ssh", &keys[1], 2));                     /* that is found, */
    ck_assert(shared_key_replace(client, "ssh", (const shared_key *)&keys[2], 1)); /* and still used */
    pair_shake(&pair);
    ck_assert(shared_key_is_proven(pair.server) && shared_key_is_proven(pair.client));
    pair_part(&pair);
    ck_assert(shared_key_replace(server, "ssh", (const shared_key *)&keys[2], 1));
    ck_assert(!shared_key_replace(server, "ssh", NULL, 0));
    shake(&pair, server, client);
    ck_assert(shared_key_is_proven(pair.server) && shared_key_is_proven(pair.client));
    pair_part(&pair);
}
END_TEST

START_TEST(bytes_that_end_before_are_told_from_other_keys) {
    struct error error;
    SSL_CTX *context = context_of(false, "ssh", keys, 1);
    SSL *client = tls_session(context, false, NULL);
    BIO *in = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, 0);
    SSL_set_bio(client, in, BIO_new(BIO_s_mem()));
    ck_assert_int_eq(tls_handshake(client), TLS_FAILED);
    ck_assert_int_eq(shared_key_explain(client, &error), SHARED_KEY_CUT);
    SSL_free(client);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(what_is_no_tls_is_told_from_other_keys) {
    struct error error;
    static const char text[] = "SSH-2.0-OpenSSH_9.2\r\n";
    SSL_CTX *context = context_of(true, "ssh", keys, 1);
    SSL *server = tls_session(context, true, NULL);
    SSL_set_bio(server, BIO_new_mem_buf(text, -1), BIO_new(BIO_s_mem()));
    ck_assert_int_eq(tls_handshake(server), TLS_FAILED);
    ck_assert_int_eq(shared_key_explain(server, &error), SHARED_KEY_TLS);
    ck_assert_msg(strstr(error.text, "SSH"), "%s", error.text);
    SSL_free(server);
    SSL_CTX_free(context);
}
END_TEST

static TCase *shared(void) {
    TCase *group = tcase_create("shared");
    tcase_add_checked_fixture(group, make_keys, NULL);
    tcase_add_test(group, both_ends_prove_the_key_to_each_other);
    tcase_add_test(group, a_serving_end_takes_each_of_its_keys);
    tcase_add_test(group, other_keys_are_named_at_both_ends);
    tcase_add_test(group, a_key_for_two_names_joins_nobody_to_the_wrong_one);
    tcase_add_test(group, a_certificate_in_place_of_the_key_is_refused);
    tcase_add_test(group, clients_without_the_key_get_nowhere);
    tcase_add_test(group, keys_are_replaced_for_sessions_to_come);
    tcase_add_test(group, bytes_that_end_before_are_told_from_other_keys);
    tcase_add_test(group, what_is_no_tls_is_told_from_other_keys);
    return group;
}

UNIT_MAIN("lib/tls/shared_key", shared)

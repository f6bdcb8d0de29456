/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_psk: handshakes by a key instead of certificates, and what happens when that key is not the right one.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/certificate.h"
#include "lib/tls_pair.h"

#include <openssl/err.h>
#include <string.h>

static const uint8_t secret[SECRET_SIZE] = {1, 2, 3}, another[SECRET_SIZE] = {1, 2, 4};
static const char known[] = "known-0123456789abcdef";
static unsigned looks;

/* Only identities that begin with "known" have a key: the HMAC of the whole. */
static bool find_key(uint8_t key[SECRET_SIZE], const uint8_t with[SECRET_SIZE], const char *identity) {
    looks++;
    return strncmp(identity, "known", 5) == 0 && secret_hmac(key, with, identity, strlen(identity)) == 0;
}

static struct tls_server_options server_options(void) {
    struct tls_server_options options = *pair_server_options();
    options.find_key = find_key;
    options.secret = secret;
    return options;
}

static SSL_CTX *server_context(void) {
    struct tls_server_options options = server_options();
    return pair_server_context(&options);
}

/* Trusts no authority that there is. */
static SSL_CTX *foreign_client(void) {
    struct tls_client_options options = *pair_client_options();
    pair_make(CERT_CA, "Another CA", 30, unit_path("other.pem"), unit_path("other.key"));
    options.ca = unit_path("other.pem");
    return pair_client_context(&options);
}

static void offer(struct pair *pair, const char *identity, const uint8_t with[SECRET_SIZE]) {
    uint8_t key[SECRET_SIZE];
    ck_assert_int_eq(secret_hmac(key, with, identity, strlen(identity)), 0);
    ck_assert_int_eq(tls_offer_psk(pair->client, identity, key), 0);
}

static bool has_certificate(const SSL *ssl) {
    return SSL_get0_peer_certificate(ssl);
}

static void check_content(const struct pair *pair) {
    pair_check_error("the client", &pair->client_error, NULL);
    pair_check_error("the server", &pair->server_error, NULL);
    ck_assert(pair->client_done && pair->server_done);
}

static void check_by_key(const struct pair *pair) {
    check_content(pair);
    ck_assert(tls_used_psk(pair->client) && tls_used_psk(pair->server));
    ck_assert(!has_certificate(pair->client) && !has_certificate(pair->server));
}

static void check_by_certificate(const struct pair *pair) {
    check_content(pair);
    ck_assert(!tls_used_psk(pair->client) && !tls_used_psk(pair->server));
    ck_assert(has_certificate(pair->client));
}

START_TEST(the_right_key_needs_no_certificate) {
    struct pair pair;
    pair_join(&pair, server_context(), foreign_client(), "other.example");
    offer(&pair, known, secret);
    pair_shake(&pair);
    check_by_key(&pair);
    pair_part(&pair);
}
END_TEST

START_TEST(the_policy_holds_with_a_key_too) {
    struct pair pair;
    const unsigned char *speech;
    unsigned length;
    pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
    offer(&pair, known, secret);
    pair_shake(&pair);
    check_by_key(&pair);
    ck_assert_str_eq(SSL_get_version(pair.client), "TLSv1.3");
    ck_assert_str_eq(SSL_get_cipher_name(pair.client), "TLS_AES_128_GCM_SHA256");
    ck_assert_int_eq(SSL_get_negotiated_group(pair.client), pair_best_group()); /* forward secrecy all the same */
    SSL_get0_alpn_selected(pair.client, &speech, &length);
    ck_assert_uint_eq(length, 8);
    ck_assert_mem_eq(speech, "munnel/2", 8);
    ck_assert_int_eq(SSL_SESSION_has_ticket(SSL_get0_session(pair.client)), 0);
    ck_assert_int_eq(BIO_pending(pair.client_side), 0); /* no ticket after it either, and no early data before it */
    ck_assert_uint_eq(SSL_SESSION_get_max_early_data(SSL_get0_session(pair.client)), 0);
    pair_part(&pair);
}
END_TEST

START_TEST(a_key_without_munnels_speech_is_refused) {
    struct pair pair;
    SSL_CTX *client = pair_client_context(pair_client_options());
    SSL_CTX_set_alpn_protos(client, (const unsigned char *)"\x02h2", 3);
    pair_join(&pair, server_context(), client, "munnel.example");
    offer(&pair, known, secret);
    pair_shake(&pair);
    pair_check_error("the server", &pair.server_error, "it speaks TLS but not Munnel (ALPN without munnel/2)");
    ck_assert(!pair.client_done);
    pair_part(&pair);
}
END_TEST

START_TEST(the_exporter_differs_from_channel_to_channel_of_one_key) {
    uint8_t bytes[2][SECRET_SIZE], servers[SECRET_SIZE];
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
        offer(&pair, known, secret);
        pair_shake(&pair);
        check_by_key(&pair);
        ck_assert_int_eq(tls_exporter(pair.client, bytes[i]), 0);
        ck_assert_int_eq(tls_exporter(pair.server, servers), 0);
        ck_assert_mem_eq(bytes[i], servers, SECRET_SIZE);
        pair_part(&pair);
    }
    ck_assert_mem_ne(bytes[0], bytes[1], SECRET_SIZE);
}
END_TEST

START_TEST(the_key_holds_when_the_server_asks_for_another_group) {
    struct pair pair;
    pair_join(&pair, server_context(), foreign_client(), "munnel.example");
    offer(&pair, known, secret);
    ck_assert_int_eq(SSL_set1_groups_list(pair.client, "P-384:P-256"), 1); /* HelloRetryRequest for P-256 */
    looks = 0;
    pair_shake(&pair);
    check_by_key(&pair);
    ck_assert_uint_eq(looks, 2);
    pair_part(&pair);
}
END_TEST

START_TEST(a_client_with_the_key_is_not_asked_for_its_certificate) {
    struct tls_server_options options = server_options();
    struct pair pair;
    options.client_ca = ca_pem;
    pair_join(&pair, pair_server_context(&options), pair_client_context(pair_client_options()), "munnel.example");
    offer(&pair, known, secret);
    pair_shake(&pair);
    check_by_key(&pair);
    pair_part(&pair);
}
END_TEST

START_TEST(a_client_without_the_key_is_asked_as_ever) {
    struct tls_server_options options = server_options();
    struct tls_client_options client = *pair_client_options();
    struct pair pair;
    options.client_ca = ca_pem;
    pair_join(&pair, pair_server_context(&options), pair_client_context(&client), "munnel.example");
    offer(&pair, "unknown", secret);
    pair_shake(&pair);
    pair_check_error("the server", &pair.server_error, "the other side shows no certificate, and one is required");
    pair_part(&pair);
    client.certificate = client_pem;
    client.key = client_key;
    pair_join(&pair, pair_server_context(&options), pair_client_context(&client), "munnel.example");
    offer(&pair, "unknown", secret);
    pair_shake(&pair);
    check_by_certificate(&pair);
    ck_assert(has_certificate(pair.server));
    pair_part(&pair);
}
END_TEST

/* One round trip less: it is there when the client has done its part. */
START_TEST(the_server_may_send_before_the_clients_last_word) {
    struct pair pair;
    char bytes[6];
    pair_join(&pair, server_context(), foreign_client(), "munnel.example");
    offer(&pair, known, secret);
    ck_assert_int_eq(tls_handshake(pair.client), TLS_WANTS_TO_READ);
    ck_assert(!tls_write_early(pair.server, "early", 5)); /* to whom? */
    ck_assert_int_eq(tls_handshake(pair.server), TLS_IDENTIFIED);
    ck_assert_str_eq(tls_psk_identity(pair.server), known);
    ck_assert(tls_write_early(pair.server, "early", 5));
    ck_assert(tls_write_early(pair.server, "!", 1));
    ck_assert_int_eq(tls_handshake(pair.client), TLS_DONE);
    ck_assert_int_eq(SSL_read(pair.client, bytes, sizeof bytes), 5);
    ck_assert_int_eq(SSL_read(pair.client, bytes + 5, 1), 1);
    ck_assert_mem_eq(bytes, "early!", 6);
    ck_assert(!SSL_is_init_finished(pair.server));
    ck_assert_int_eq(SSL_write(pair.client, "answer", 6), 6);
    ck_assert_int_eq(SSL_read(pair.server, bytes, sizeof bytes), 6); /* and with it the handshake's last */
    ck_assert(SSL_is_init_finished(pair.server));
    ck_assert_int_eq(SSL_write(pair.server, "late", 4), 4);
    ck_assert_int_eq(SSL_read(pair.client, bytes, sizeof bytes), 4);
    pair_part(&pair);
}
END_TEST

START_TEST(who_came_by_certificate_is_sent_nothing_before) {
    struct pair pair;
    pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
    offer(&pair, "unknown", secret);
    ck_assert_int_eq(tls_handshake(pair.client), TLS_WANTS_TO_READ);
    ck_assert_int_eq(tls_handshake(pair.server), TLS_WANTS_TO_READ);
    ck_assert_ptr_null(tls_psk_identity(pair.server));
    ck_assert(!tls_write_early(pair.server, "early", 5));
    pair_shake(&pair);
    check_by_certificate(&pair);
    ck_assert_ptr_null(tls_psk_identity(pair.server));
    pair_part(&pair);
}
END_TEST

/* The repeated bytes are as right as they were; their key exchange is another's, who alone could read on. */
START_TEST(a_repeated_client_hello_ends_where_its_last_word_is_due) {
    static unsigned char hello[4096];
    struct pair pair, again;
    struct error detail = {""};
    bool done = false;
    pair_join(&pair, server_context(), foreign_client(), "munnel.example");
    offer(&pair, known, secret);
    ck_assert_int_eq(tls_handshake(pair.client), TLS_WANTS_TO_READ);
    int length = BIO_read(pair.server_side, hello, sizeof hello);
    ck_assert_int_gt(length, 100);
    pair_join(&again, server_context(), foreign_client(), "munnel.example");
    ck_assert_int_eq(BIO_write(again.client_side, hello, length), length);
    ck_assert_int_eq(tls_handshake(again.server), TLS_IDENTIFIED);
    ck_assert_int_eq(BIO_write(again.client_side, "\x17\x03\x03\x00\x05wrong", 10), 10);
    while (pair_step(again.server, &done, &detail)) {
    }
    ck_assert(!done);
    ck_assert_str_ne(detail.text, "");
    pair_part(&pair);
    pair_part(&again);
}
END_TEST

/* A server without ML-KEM must not cost its agents a second ClientHello, and it is with X25519 that they agree. */
START_TEST(a_server_of_an_older_openssl_is_met_in_one_round_trip) {
    struct pair pair;
    SSL_CTX *server = server_context();
    ck_assert_int_eq(SSL_CTX_set1_groups_list(server, "X25519:P-256"), 1);
    pair_join(&pair, server, pair_client_context(pair_client_options()), "munnel.example");
    offer(&pair, known, secret);
    looks = 0;
    pair_shake(&pair);
    check_by_key(&pair);
    ck_assert_int_eq(SSL_get_negotiated_group(pair.client), NID_X25519);
    ck_assert_uint_eq(looks, 1); /* one ClientHello */
    pair_part(&pair);
}
END_TEST

static TCase *right(void) {
    TCase *group = tcase_create("right");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, the_right_key_needs_no_certificate);
    tcase_add_test(group, a_server_of_an_older_openssl_is_met_in_one_round_trip);
    tcase_add_test(group, the_policy_holds_with_a_key_too);
    tcase_add_test(group, a_key_without_munnels_speech_is_refused);
    tcase_add_test(group, the_exporter_differs_from_channel_to_channel_of_one_key);
    tcase_add_test(group, the_key_holds_when_the_server_asks_for_another_group);
    tcase_add_test(group, a_client_with_the_key_is_not_asked_for_its_certificate);
    tcase_add_test(group, a_client_without_the_key_is_asked_as_ever);
    tcase_add_test(group, the_server_may_send_before_the_clients_last_word);
    tcase_add_test(group, who_came_by_certificate_is_sent_nothing_before);
    tcase_add_test(group, a_repeated_client_hello_ends_where_its_last_word_is_due);
    return group;
}

START_TEST(a_key_that_the_server_does_not_know_leads_to_its_certificate) {
    struct pair pair;
    pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
    offer(&pair, "unknown", secret);
    pair_shake(&pair);
    check_by_certificate(&pair);
    pair_part(&pair);
}
END_TEST

/* What the client says of a server that does not take its key; all must be as if it had offered none. */
static void expect_refusal(SSL_CTX *server, SSL_CTX *client, const char *name, const char *client_says) {
    struct pair pair;
    pair_join(&pair, server, client, name);
    offer(&pair, "unknown", secret);
    pair_shake(&pair);
    pair_check_error("the client", &pair.client_error, client_says);
    ck_assert(!pair.client_done);
    pair_part(&pair);
}

START_TEST(that_certificate_must_be_the_right_one) {
    struct tls_client_options pinned = {.pin_count = 1};
    char pin[72];
    const char *const pins[] = {pin};
    expect_refusal(server_context(), foreign_client(), "munnel.example",
                   "the certificate is signed by an authority (Munnel CA of here)*");
    expect_refusal(server_context(), pair_client_context(pair_client_options()), "other.example", "wrong name: *");
    ck_assert_int_eq(certificate_read_pin(ca_pem, pin, NULL), 0);
    pinned.pins = pins;
    expect_refusal(server_context(), pair_client_context(&pinned), "munnel.example",
                   "the server's key is not the pinned one: *");
}
END_TEST

START_TEST(a_server_without_keys_shows_its_certificate) {
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    offer(&pair, known, secret);
    pair_shake(&pair);
    check_by_certificate(&pair);
    pair_part(&pair);
    expect_refusal(pair_server_context(pair_server_options()), foreign_client(), "munnel.example",
                   "the certificate is signed by an authority*");
}
END_TEST

/* A peer that names a key must have it: no certificate helps it then. */
START_TEST(a_known_name_with_a_wrong_key_ends_the_handshake) {
    struct pair pair;
    pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
    offer(&pair, known, another);
    pair_shake(&pair);
    pair_check_error("the server", &pair.server_error, "the other side names a key that it does not have");
    pair_check_error("the client", &pair.client_error, "the other side ended TLS*");
    ck_assert(!pair.client_done && !pair.server_done);
    pair_part(&pair);
}
END_TEST

START_TEST(tls_1_2_goes_by_certificates) {
    struct tls_server_options options = server_options();
    struct tls_client_options client = *pair_client_options();
    struct pair pair;
    options.allow_tls12 = client.allow_tls12 = true;
    for (int whose = 0; whose < 2; whose++) {
        pair_join(&pair, pair_server_context(&options), pair_client_context(&client), "munnel.example");
        offer(&pair, known, secret);
        SSL_set_max_proto_version(whose ? pair.client : pair.server, TLS1_2_VERSION);
        pair_shake(&pair);
        check_by_certificate(&pair);
        ck_assert_str_eq(SSL_get_version(pair.client), "TLSv1.2");
        pair_part(&pair);
    }
}
END_TEST

START_TEST(a_name_that_is_too_long_is_not_offered) {
    char longest[TLS_IDENTITY_MAX + 2];
    uint8_t key[SECRET_SIZE] = {0};
    struct pair pair;
    memset(longest, 'k', sizeof longest);
    longest[TLS_IDENTITY_MAX + 1] = '\0';
    pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
    ck_assert_int_eq(tls_offer_psk(pair.client, longest, key), -1);
    pair_shake(&pair);
    check_by_certificate(&pair);
    pair_part(&pair);
}
END_TEST

static TCase *wrong(void) {
    TCase *group = tcase_create("wrong");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, a_key_that_the_server_does_not_know_leads_to_its_certificate);
    tcase_add_test(group, that_certificate_must_be_the_right_one);
    tcase_add_test(group, a_server_without_keys_shows_its_certificate);
    tcase_add_test(group, a_known_name_with_a_wrong_key_ends_the_handshake);
    tcase_add_test(group, tls_1_2_goes_by_certificates);
    tcase_add_test(group, a_name_that_is_too_long_is_not_offered);
    return group;
}

/* ---- names that no Munnel sends ---- */

static const struct {
    const char *bytes;
    size_t length;
    unsigned looks; /* is it text that may be asked for? */
} names[] = {
    {"\0known", 6, 0},   {"known\0", 6, 0},           {"\xff\xfe\x01\x80", 4, 1},      {"%s%n%s%n", 8, 1},
    {"'; --\r\n", 7, 1}, {NULL, TLS_IDENTITY_MAX, 1}, {NULL, TLS_IDENTITY_MAX + 1, 0}, {NULL, 3000, 0},
};

static unsigned char name_bytes[3000];
static size_t name_length;

static int offer_name(SSL *ssl, const EVP_MD *hash, const unsigned char **identity, size_t *length,
                      SSL_SESSION **session) {
    static const unsigned char suite[] = {0x13, 0x01};
    (void)hash;
    *session = SSL_SESSION_new();
    *identity = name_bytes;
    *length = name_length;
    return SSL_SESSION_set1_master_key(*session, secret, SECRET_SIZE) &&
           SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite)) &&
           SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
}

START_TEST(a_name_of_any_kind_leads_to_the_certificate) {
    struct pair pair;
    memset(name_bytes, 'u', sizeof name_bytes);
    name_length = names[_i].length;
    if (names[_i].bytes)
        memcpy(name_bytes, names[_i].bytes, name_length);
    pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
    SSL_set_psk_use_session_callback(pair.client, offer_name);
    looks = 0;
    pair_shake(&pair);
    check_by_certificate(&pair);
    ck_assert_uint_eq(looks, names[_i].looks);
    pair_part(&pair);
}
END_TEST

/* A ClientHello by hand, since OpenSSL's names one key. */
struct strbuf {
    unsigned char bytes[8192];
    size_t length;
};

static void put(struct strbuf *text, const void *bytes, size_t length) {
    ck_assert_uint_le(text->length + length, sizeof text->bytes);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void put_number(struct strbuf *text, size_t number, unsigned size) {
    while (size-- > 0) {
        unsigned char byte = (unsigned char)(number >> 8 * size);
        put(text, &byte, 1);
    }
}

/* Its length in `size` bytes, then what is in it. */
static void put_part(struct strbuf *text, const struct strbuf *part, unsigned size) {
    put_number(text, part->length, size);
    put(text, part->bytes, part->length);
}

static void put_names(struct strbuf *text, unsigned count) {
    static struct strbuf all, binders, whole;
    static const unsigned char binder[33] = {32};
    all.length = binders.length = whole.length = 0;
    for (unsigned i = 0; i < count; i++) {
        put_number(&all, 7, 2);
        put(&all, "unknown", 7);
        put_number(&all, 0, 4); /* age */
        put(&binders, binder, sizeof binder);
    }
    put_part(&whole, &all, 2);
    put_part(&whole, &binders, 2);
    put_number(text, TLSEXT_TYPE_psk, 2);
    put_part(text, &whole, 2);
}

static void put_client_hello(struct strbuf *record, unsigned names_in_it) {
    static const unsigned char random[32] = {1};
    static const unsigned char extensions[] = {0, 43, 0, 3,  2, 3,  4,     /* TLS 1.3 */
                                               0, 10, 0, 4,  0, 2,  0, 29, /* X25519 */
                                               0, 13, 0, 4,  0, 2,  4, 3,  /* ECDSA with P-256 */
                                               0, 45, 0, 2,  1, 1,         /* psk_dhe_ke */
                                               0, 16, 0, 11, 0, 9,  8, 'm', 'u', 'n', 'n', 'e', 'l', '/', '2', /* ALPN
                                                                                                                */
                                               0, 51, 0, 38, 0, 36, 0, 29,  0,   32,  9,   0,   0,   0,   0,   0,
                                               0, 0,  0, 0, /* a public key of X25519, in 32 bytes */
                                               0, 0,  0, 0,  0, 0,  0, 0,   0,   0,   0,   0,   0,   0,   0,   0,
                                               0, 0,  0, 0,  0, 0};
    static struct strbuf parts, hello;
    parts.length = hello.length = record->length = 0;
    put(&parts, extensions, sizeof extensions);
    put_names(&parts, names_in_it);
    put_number(&hello, 0x0303, 2);
    put(&hello, random, sizeof random);
    put_number(&hello, 0, 1);      /* no session id */
    put_number(&hello, 2, 2);      /* one suite: */
    put_number(&hello, 0x1301, 2); /* TLS_AES_128_GCM_SHA256 */
    put_number(&hello, 0x0100, 2); /* no compression */
    put_part(&hello, &parts, 2);
    put_number(record, 0x160301, 3);
    put_number(record, hello.length + 4, 2);
    put_number(record, 1, 1);
    put_part(record, &hello, 3);
}

/* Each look costs the server some work before it knows anything of the peer. */
START_TEST(a_strangers_hundred_names_are_not_all_looked_for) {
    static struct strbuf record;
    struct pair pair;
    put_client_hello(&record, 100);
    pair_join(&pair, server_context(), pair_client_context(pair_client_options()), "munnel.example");
    ck_assert_int_eq(BIO_write(pair.client_side, record.bytes, (int)record.length), (int)record.length);
    looks = 0;
    int result = SSL_do_handshake(pair.server);
    ck_assert_int_eq(SSL_get_error(pair.server, result), SSL_ERROR_WANT_READ);
    ck_assert_int_gt(BIO_pending(pair.client_side), 500); /* its certificate is on its way */
    ck_assert_uint_eq(looks, 2);
    pair_part(&pair);
}
END_TEST

static TCase *strange(void) {
    TCase *group = tcase_create("strange");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_loop_test(group, a_name_of_any_kind_leads_to_the_certificate, 0, (int)(sizeof names / sizeof names[0]));
    tcase_add_test(group, a_strangers_hundred_names_are_not_all_looked_for);
    return group;
}

UNIT_MAIN("lib/tls/psk", right, wrong, strange)

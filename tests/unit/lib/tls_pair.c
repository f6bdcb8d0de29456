/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_pair: see tls_pair.h. OpenSSL's error queue is emptied before each tls_explain(), as libevent does.
 */
#include "config.h"

#include "lib/tls_pair.h"
#include "unit.h"

#include <openssl/err.h>
#include <string.h>

void pair_make(enum cert_use use, const char *name, unsigned days, const char *certificate, const char *key) {
    struct error error = {{0}};
    const char *const names[] = {name, "127.0.0.1", "fe80::1"};
    const struct cert_request request = {
        .common_name = name, .names = names, .name_count = use == CERT_SERVER ? 3 : 0, .days = days, .use = use};
    bool is_ca = use == CERT_CA;
    ck_assert_msg(cert_issue(&request, is_ca ? NULL : ca_pem, is_ca ? NULL : ca_key, certificate, key, &error) == 0,
                  "%s", error.text);
}

void pair_setup(void) {
    pair_make(CERT_CA, "Munnel CA of here", 30, ca_pem, ca_key);
    pair_make(CERT_SERVER, "munnel.example", 5, server_pem, server_key);
    pair_make(CERT_CLIENT, "web1", 5, client_pem, client_key);
}

const struct tls_server_options *pair_server_options(void) {
    static struct tls_server_options options;
    options = (struct tls_server_options){.certificate = server_pem, .key = server_key};
    return &options;
}

const struct tls_client_options *pair_client_options(void) {
    static struct tls_client_options options;
    options = (struct tls_client_options){.ca = ca_pem};
    return &options;
}

SSL_CTX *pair_server_context(const struct tls_server_options *options) {
    struct error error = {{0}};
    SSL_CTX *context = tls_server_context(options, &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

SSL_CTX *pair_client_context(const struct tls_client_options *options) {
    struct error error = {{0}};
    SSL_CTX *context = tls_client_context(options, &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

SSL_CTX *pair_foreign_client(const char *alpn, int version) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (version) {
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
    }
    if (alpn)
        SSL_CTX_set_alpn_protos(context, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    return context;
}

void pair_join(struct pair *pair, SSL_CTX *server, SSL_CTX *client, const char *name) {
    memset(pair, 0, sizeof *pair);
    pair->server_context = server;
    pair->client_context = client;
    pair->server = tls_session(server, true, NULL);
    pair->client = tls_session(client, false, name);
    ck_assert(pair->server && pair->client);
    ck_assert_int_eq(BIO_new_bio_pair(&pair->server_side, 0, &pair->client_side, 0), 1);
    SSL_set_bio(pair->server, pair->server_side, pair->server_side);
    SSL_set_bio(pair->client, pair->client_side, pair->client_side);
}

bool pair_step(SSL *ssl, bool *done, struct error *detail) {
    char bytes[64];
    if (detail->text[0])
        return false;
    if (!*done) {
        enum tls_step step = tls_handshake(ssl);
        *done = step == TLS_DONE;
        if (step != TLS_FAILED)
            return *done;
    } else {
        int code = SSL_get_error(ssl, SSL_read(ssl, bytes, sizeof bytes));
        if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
            return false;
    }
    ERR_clear_error();
    tls_explain(ssl, detail);
    return true;
}

int pair_best_group(void) {
    enum { X25519_ML_KEM_768 = 0x11ec, WITHOUT_NID = 0x1000000 };
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    ck_assert_ptr_nonnull(context);
    bool has_ml_kem = SSL_CTX_set1_groups_list(context, "X25519MLKEM768") == 1;
    SSL_CTX_free(context);
    ERR_clear_error();
    return has_ml_kem ? WITHOUT_NID | X25519_ML_KEM_768 : NID_X25519;
}

void pair_shake(struct pair *pair) {
    for (int turn = 0; turn < 40; turn++) {
        (void)pair_step(pair->client, &pair->client_done, &pair->client_error);
        (void)pair_step(pair->server, &pair->server_done, &pair->server_error);
    }
}

void pair_part(struct pair *pair) {
    SSL_free(pair->server);
    SSL_free(pair->client);
    SSL_CTX_free(pair->server_context);
    SSL_CTX_free(pair->client_context);
}

void pair_check_error(const char *whose, const struct error *detail, const char *expected) {
    size_t length = expected ? strlen(expected) : 0;
    if (!expected)
        ck_assert_msg(!detail->text[0], "%s reports: %s", whose, detail->text);
    else if (length && expected[length - 1] == '*')
        ck_assert_msg(strncmp(detail->text, expected, length - 1) == 0, "%s reports: %s", whose, detail->text);
    else
        ck_assert_msg(strcmp(detail->text, expected) == 0, "%s reports: %s", whose, detail->text);
}

void pair_expect(SSL_CTX *server, SSL_CTX *client, const char *name, const char *server_says, const char *client_says) {
    struct pair pair;
    pair_join(&pair, server, client, name);
    pair_shake(&pair);
    pair_check_error("the server", &pair.server_error, server_says);
    pair_check_error("the client", &pair.client_error, client_says);
    if (!client_says)
        ck_assert(pair.client_done);
    if (!server_says)
        ck_assert(pair.server_done);
    pair_part(&pair);
}

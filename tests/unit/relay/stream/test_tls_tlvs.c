/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_tls_tlvs: what a destination is told of a client by its TLS, and by a balancer in front.
 */
#include "config.h"

#include "relay/stream/tls_tlvs.h"

#include "lib/tls/tls.h"
#include "lib/tls_pair.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char *certificates[1], *keys[1];
static const char *const protocols[] = {"http/1.1"};

static void shake(struct pair *pair, const char *name, const char *alpn, bool has_certificate) {
    struct error error;
    certificates[0] = server_pem;
    keys[0] = server_key;
    SSL_CTX *server = tls_service_context(&(struct tls_service_options){.certificates = certificates,
                                                                        .keys = keys,
                                                                        .count = 1,
                                                                        .key_count = 1,
                                                                        .client_ca = ca_pem,
                                                                        .client_optional = true,
                                                                        .alpn = protocols,
                                                                        .alpn_count = 1},
                                          &error);
    ck_assert_msg(server, "%s", error.text);
    SSL_CTX *client = pair_foreign_client(alpn, 0);
    if (has_certificate) {
        ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(client, client_pem), 1);
        ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(client, client_key, SSL_FILETYPE_PEM), 1);
    }
    pair_join(pair, server, client, NULL);
    if (name)
        SSL_set_tlsext_host_name(pair->client, name);
    pair_shake(pair);
    ck_assert(pair->server_done && pair->client_done);
}

static void is(const struct proxy_value *value, const char *expected) {
    ck_assert_uint_eq(value->length, strlen(expected));
    if (value->length)
        ck_assert_mem_eq(value->bytes, expected, value->length);
}

static struct proxy_header read_back(const struct proxy_tlvs *tlvs) {
    struct proxy_header header = {.version = PROXY_V2};
    struct error error;
    ck_assert_int_eq(proxy_read_tlvs(&header, tlvs->bytes, tlvs->length, &error), 0);
    return header;
}

START_TEST(all_is_told) {
    struct pair pair;
    shake(&pair, "www.example", "\x08http/1.1", true);
    struct proxy_tlvs *tlvs = tls_tlvs_new(pair.server, NULL);
    struct proxy_header header = read_back(tlvs);
    is(&header.authority, "www.example");
    is(&header.alpn, "http/1.1");
    ck_assert(header.tls.is_used && header.tls.has_certificate && header.tls.is_verified);
    is(&header.tls.version, "TLSv1.3");
    is(&header.tls.cipher, SSL_get_cipher_name(pair.client));
    is(&header.tls.common_name, "web1");
    free(tlvs);
    pair_part(&pair);
}
END_TEST

START_TEST(what_a_balancer_has_said_stays_where_tls_says_nothing) {
    struct pair pair;
    struct proxy_header said = {.version = PROXY_V2,
                                .authority = {(const uint8_t *)"balanced.example", 16},
                                .alpn = {(const uint8_t *)"h2", 2}};
    shake(&pair, NULL, "\x08http/1.1", false);
    struct proxy_tlvs *before = proxy_tlvs_new(&said), *tlvs = tls_tlvs_new(pair.server, before);
    struct proxy_header header = read_back(tlvs);
    is(&header.authority, "balanced.example");
    is(&header.alpn, "http/1.1");
    ck_assert(header.tls.is_used && !header.tls.has_certificate && !header.tls.is_verified);
    is(&header.tls.common_name, "");
    free(before);
    free(tlvs);
    pair_part(&pair);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, all_is_told);
    tcase_add_test(group, what_a_balancer_has_said_stays_where_tls_says_nothing);
    return group;
}

UNIT_MAIN("relay/stream/tls_tlvs", all)

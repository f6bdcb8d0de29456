/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_alpn: peers that are not Munnel, or another version of it, are refused in the handshake, with both versions
 * named.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/tls.h"
#include "lib/tls_pair.h"

#include <string.h>

/* ---- clients ---- */

#define NOT_OURS    "the other side speaks TLS but not Munnel, or a newer version than ours (munnel/2); check *"
#define NOT_MUNNEL  "it speaks TLS but not Munnel (ALPN without munnel/2)"
#define PROTOCOL(n) "the agent speaks protocol " n " and this server 2: upgrade the older one"

static const struct {
    const char *alpn, *server_says; /* NULL: they agree */
} clients[] = {
    {NULL, "it speaks TLS but not Munnel (no ALPN)"},
    {"\x02h2\x08http/1.1", NOT_MUNNEL},
    {"\x06munnel", NOT_MUNNEL},
    {"\x07munnel/", NOT_MUNNEL},
    {"\x08munnel/x", NOT_MUNNEL},
    {"\x08munnel/0", NOT_MUNNEL},
    {"\x09munnel/02", NOT_MUNNEL},
    {"\x0cmunnel/99999", NOT_MUNNEL},
    {"\x08munnel/1", PROTOCOL("1")},
    {"\x08munnel/4\x02h2\x08munnel/3", PROTOCOL("4")},
    {"\x08munnel/1\x09munnel/22", PROTOCOL("22")},
    {"\x08munnel/2", NULL},
    {"\x02h2\x08munnel/3\x08munnel/2\x08munnel/1", NULL},
};

START_TEST(a_client_is_known_by_what_it_offers) {
    const char *server_says = clients[_i].server_says;
    pair_expect(pair_server_context(pair_server_options()), pair_foreign_client(clients[_i].alpn, 0), NULL, server_says,
                server_says ? NOT_OURS : NULL);
}
END_TEST

/* ---- servers ---- */

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                       unsigned in_length, void *context) {
    (void)ssl;
    const unsigned char *own = context;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_length, own, 1U + own[0], in, in_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *foreign_server(const char *alpn) {
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_file(server, server_pem, SSL_FILETYPE_PEM), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(server, server_key, SSL_FILETYPE_PEM), 1);
    if (alpn)
        SSL_CTX_set_alpn_select_cb(server, select_alpn, (void *)(uintptr_t)alpn);
    return server;
}

#define NOT_AGREED "the server speaks TLS but not Munnel (ALPN munnel/2 was not agreed on); check *"

static const struct {
    const char *alpn, *client_says;
} servers[] = {
    {NULL, NOT_AGREED},
    {"\x02h2", NOT_AGREED},
    {"\x08munnel/1", "the server speaks protocol 1 and this agent 2: upgrade the older one"},
};

START_TEST(a_server_is_known_by_what_it_selects) {
    pair_expect(foreign_server(servers[_i].alpn), pair_client_context(pair_client_options()), "munnel.example", "*",
                servers[_i].client_says);
}
END_TEST

static TCase *versions(void) {
    TCase *group = tcase_create("versions");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_loop_test(group, a_client_is_known_by_what_it_offers, 0, (int)(sizeof clients / sizeof clients[0]));
    tcase_add_loop_test(group, a_server_is_known_by_what_it_selects, 0, (int)(sizeof servers / sizeof servers[0]));
    return group;
}

UNIT_MAIN("lib/tls/alpn", versions)

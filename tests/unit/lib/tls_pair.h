/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_pair: a client and a server of TLS over a BIO pair, and the certificates that they need.
 */
#ifndef MUNNEL_TESTS_TLS_PAIR_H
#define MUNNEL_TESTS_TLS_PAIR_H

#include "lib/tls/cert_issue.h"
#include "lib/tls/tls.h"

#define ca_pem     unit_path("ca.pem")
#define ca_key     unit_path("ca.key")
#define server_pem unit_path("server.pem")
#define server_key unit_path("server.key")
#define client_pem unit_path("client.pem")
#define client_key unit_path("client.key")

/* Two ends and what became of them. */
struct pair {
    SSL_CTX *server_context, *client_context;
    SSL *server, *client;
    BIO *server_side, *client_side;
    bool server_done, client_done;
    struct error server_error, client_error;
};

void pair_make(enum cert_use use, const char *name, unsigned days, const char *certificate, const char *key);
void pair_setup(void); /* all six of the files above; the server's is for munnel.example and 127.0.0.1 */

/* Options for these files, to be changed by a test; and contexts, which fail the test if there is none. */
const struct tls_server_options *pair_server_options(void);
const struct tls_client_options *pair_client_options(void);
SSL_CTX *pair_server_context(const struct tls_server_options *options);
SSL_CTX *pair_client_context(const struct tls_client_options *options);
/* A client of another program: `alpn` as on the wire, or NULL; `version`: the only one that it speaks, or 0. */
SSL_CTX *pair_foreign_client(const char *alpn, int version);

void pair_join(struct pair *pair, SSL_CTX *server, SSL_CTX *client, const char *name); /* takes the contexts */
/* One step of one end; true while it may go on. Also reads, since an alert may come after one's own end. */
bool pair_step(SSL *ssl, bool *done, struct error *detail);
int pair_best_group(void); /* as SSL_get_negotiated_group() has it: the first that both prefer */
void pair_shake(struct pair *pair);
void pair_part(struct pair *pair);

/* Compares an end's error with what is expected; NULL: none. A text ending in '*' is a beginning. */
void pair_check_error(const char *whose, const struct error *detail, const char *expected);
/* Joins, shakes, compares both ends' errors, parts. */
void pair_expect(SSL_CTX *server, SSL_CTX *client, const char *name, const char *server_says, const char *client_says);

#endif

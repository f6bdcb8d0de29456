/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_legacy_tls: what TLS once allowed: early data that can be replayed, tickets, compression, heartbeats; and
 * nothing at all in place of TLS. All at the agent port, byte by byte, because no program of today would send it.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/scenario.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOON_MS = 3000, HELLO_MAX = 4096, ANSWER_MAX = 16384, RECORD_HEADER = 5, ALERT = 21, HEARTBEAT = 24 };

/* ---- a ClientHello to be spoilt ---- */

static const unsigned char alpn[] = "\x08munnel/2";

/* A ClientHello of a current client. */
static size_t first_words(unsigned char hello[HELLO_MAX]) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set_alpn_protos(ssl, alpn, sizeof alpn - 1);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    ck_assert_int_le(SSL_connect(ssl), 0);
    int length = BIO_read(out, hello, HELLO_MAX);
    ck_assert_int_gt(length, 100);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return (size_t)length;
}

/* All that the server sends until it closes. */
static size_t receive(int fd, unsigned char answer[ANSWER_MAX]) {
    size_t got;
    enum end end = socket_read(fd, answer, ANSWER_MAX, &got, SOON_MS);
    ck_assert_msg(end == END_FILE || end == END_RESET, "%s", end_name(end));
    close(fd);
    return got;
}

/* Is there a record of this type in what was heard? */
static bool has_record(const unsigned char *answer, size_t length, unsigned char type) {
    for (size_t at = 0; at + RECORD_HEADER <= length;
         at += RECORD_HEADER + ((size_t)answer[at + 3] << 8 | answer[at + 4])) {
        if (answer[at] == type)
            return true;
    }
    return false;
}

static void compress(struct attacked_server *attacked_server, void *context) {
    unsigned char hello[HELLO_MAX], answer[ANSWER_MAX];
    size_t length = first_words(hello), mark = process_mark(attacked_server->server.process);
    (void)context;
    size_t at = RECORD_HEADER + 4 + 2 + 32; /* behind the message's header, version and random bytes */
    at += 1 + (size_t)hello[at];            /* session */
    at += 2 + ((size_t)hello[at] << 8 | (size_t)hello[at + 1]);     /* ciphers */
    ck_assert(hello[at] == 1 && hello[at + 1] == 0 && at < length); /* one method: none */
    hello[at + 1] = 1;                                              /* now it is DEFLATE */
    int fd = attacked_server_connect(attacked_server, 1);
    ck_assert(socket_send(fd, hello, length, ATTACKED_SERVER_ASK_MS));
    length = receive(fd, answer);
    ck_assert(has_record(answer, length, ALERT));
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "wants compression",
                  "127.0.0.1:", NULL);
}

START_TEST(compression_is_refused) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    attacked_server_attack(&attacked_server, compress, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* Asks for 16384 bytes of the server's memory with one byte of its own, in the midst of the handshake. */
static void bleed(struct attacked_server *attacked_server, void *context) {
    static const unsigned char request[] = {HEARTBEAT, 3, 3, 0, 3, 1, 0x40, 0};
    unsigned char hello[HELLO_MAX], answer[ANSWER_MAX];
    size_t length = first_words(hello), mark = process_mark(attacked_server->server.process);
    (void)context;
    int fd = attacked_server_connect(attacked_server, 1);
    ck_assert(socket_send(fd, hello, length, ATTACKED_SERVER_ASK_MS));
    ck_assert(socket_send(fd, request, sizeof request, ATTACKED_SERVER_ASK_MS));
    length = receive(fd, answer);
    ck_assert(!has_record(answer, length, HEARTBEAT));
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "handshake failed",
                  "127.0.0.1:", NULL);
}

START_TEST(a_heartbeat_is_not_answered) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    attacked_server_attack(&attacked_server, bleed, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- second ways in ---- */

static unsigned tickets;

static int on_ticket(SSL *ssl, SSL_SESSION *session) {
    (void)ssl, (void)session;
    tickets++;
    return 0;
}

/* Offers a pre-shared key that the server has never issued. */
static int offer_a_key(SSL *ssl, const EVP_MD *hash, const unsigned char **id, size_t *id_length,
                       SSL_SESSION **session) {
    static const unsigned char name[] = "mallory", key[32] = {1}, suite[] = {0x13, 0x01};
    (void)hash;
    SSL_SESSION *made = SSL_SESSION_new();
    ck_assert(SSL_SESSION_set1_master_key(made, key, sizeof key) == 1 &&
              SSL_SESSION_set_cipher(made, SSL_CIPHER_find(ssl, suite)) == 1 &&
              SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION) == 1 &&
              SSL_SESSION_set_max_early_data(made, 16384) == 1 &&
              SSL_SESSION_set1_alpn_selected(made, alpn + 1, sizeof alpn - 2) == 1);
    *id = name;
    *id_length = sizeof name - 1;
    *session = made;
    return 1;
}

/* A frame as early data, which an eavesdropper could replay; then an ordinary handshake, and a wait for tickets. */
static void hurry(struct attacked_server *attacked_server, void *context) {
    static const unsigned char frame[] = "\x01\0\0\x02\0\0\0\0{}";
    (void)context;
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_psk_use_session_callback(tls, offer_a_key);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(tls, on_ticket);
    SSL *ssl = SSL_new(tls);
    SSL_set_alpn_protos(ssl, alpn, sizeof alpn - 1);
    int fd = attacked_server_connect(attacked_server, 1);
    SSL_set_fd(ssl, fd);
    size_t sent = 0;
    ck_assert_int_eq(SSL_write_early_data(ssl, frame, sizeof frame - 1, &sent), 1);
    bool connected = SSL_connect(ssl) == 1;
    ck_assert_int_ne(SSL_get_early_data_status(ssl), SSL_EARLY_DATA_ACCEPTED);
    ck_assert(!SSL_session_reused(ssl));
    if (connected) { /* what was sent early was not heard: the same frame is turned away only now */
        char answer[1024];
        size_t mark = process_mark(attacked_server->server.process);
        ck_assert_int_gt(SSL_write(ssl, frame, sizeof frame - 1), 0);
        while (SSL_read(ssl, answer, sizeof answer) > 0) {
        }
        process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "rejected", "127.0.0.1:", NULL);
    }
    ck_assert_uint_eq(tickets, 0);
    SSL_free(ssl);
    SSL_CTX_free(tls);
    close(fd);
}

START_TEST(nothing_is_taken_early_and_no_ticket_is_given) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    attacked_server_attack(&attacked_server, hurry, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- nothing ---- */

/* Connections that end without a word, and such as are reset, need no deadline to be gone. */
static void say_nothing(struct attacked_server *attacked_server, void *context) {
    enum { TIMES = 200 };
    (void)context;
    uint64_t start = now_ms();
    for (int i = 0; i < TIMES; i++) {
        int fd = attacked_server_connect(attacked_server, 1);
        ck_assert_int_ge(fd, 0);
        if (i % 2)
            socket_reset(fd);
        else {
            socket_finish(fd);
            ck_assert(socket_wait_end(fd, SOON_MS) != END_LATE);
            close(fd);
        }
    }
    ck_assert(HOLDS_WITHIN(SOON_MS, attacked_server_count(attacked_server, "unauthenticated") == 0));
    ck_assert_uint_lt(now_ms() - start, 4000 * slow_factor());
}

START_TEST(a_close_without_an_alert_frees_the_connection_at_once) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    attacked_server_attack(&attacked_server, say_nothing, NULL);
    ck_assert_uint_le(process_count(attacked_server.server.process, 0, "127.0.0.1:", "\"warning\"", NULL),
                      130); /* 60 a minute */
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("legacy_tls", SCENARIO(compression_is_refused, 40), SCENARIO(a_heartbeat_is_not_answered, 40),
              SCENARIO(nothing_is_taken_early_and_no_ticket_is_given, 40),
              SCENARIO(a_close_without_an_alert_frees_the_connection_at_once, 40))

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_error: the errors about peers that speak no TLS, or stop within its handshake.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/cert_issue.h"
#include "lib/tls/tls.h"
#include "lib/tls_pair.h"

#include <string.h>

static const struct {
    const char *bytes;
    size_t length;
    const char *says;
} speeches[] = {
#define SPEECH(bytes, says)                                                                                            \
    { bytes, sizeof bytes - 1, says }
    SPEECH("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("OPTIONS * HTTP/1.1\r\n\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("CONNECT a:1 HTTP/1.1\r\n\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("HTTP/1.1 400 Bad Request\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("SSH-2.0-OpenSSH_9.2\r\n", "this is not TLS: it looks like SSH"),
    SPEECH("RFB 003.008\n", "this is not TLS: it looks like VNC"),
    SPEECH("\x01\x02\x03\x04\x05\x06\x07", "this is not TLS (it begins with 01 02 03 04 05)"),
    SPEECH("\x00\x00\x00\x00\x00\x00\x00", "this is not TLS (it begins with 00 00 00 00 00)"),
    SPEECH("\x80\x0c\x01\x00\x02\x00\x03\x00\x00\x00\x00\x01\x00\x80",
           "the other side speaks only versions of TLS that are not allowed here"),
    SPEECH("\x16\x03\x01\xff\xff\x01\x00", "this is not TLS any more: a record is too long"),
#undef SPEECH
};

START_TEST(other_languages_are_called_by_name) {
    for (int server = 0; server < 2; server++) {
        struct pair pair;
        if (!server && speeches[_i].bytes[0] == '\x80')
            continue; /* only a client sends that */
        pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
                  "munnel.example");
        BIO *from = server ? pair.client_side : pair.server_side;
        ck_assert_int_eq(BIO_write(from, speeches[_i].bytes, (int)speeches[_i].length), (int)speeches[_i].length);
        struct error *detail = server ? &pair.server_error : &pair.client_error;
        bool done = false;
        for (int turn = 0; turn < 3; turn++)
            (void)pair_step(server ? pair.server : pair.client, &done, detail);
        char says[200];
        bool is_advised = !server && strncmp(speeches[_i].says, "this is not TLS any more", 24) != 0;
        snprintf(says, sizeof says, "%s%s", speeches[_i].says, is_advised ? "; check the server's address *" : "");
        pair_check_error(server ? "the server" : "the client", detail, says);
        pair_part(&pair);
    }
}
END_TEST

START_TEST(a_cut_handshake_says_when) {
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    BIO_shutdown_wr(pair.client_side);
    (void)pair_step(pair.server, &pair.server_done, &pair.server_error);
    pair_check_error("the server", &pair.server_error, "the connection was cut before the other side said anything");
    pair_part(&pair);
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    (void)pair_step(pair.client, &pair.client_done, &pair.client_error);
    (void)pair_step(pair.server, &pair.server_done, &pair.server_error);
    BIO_shutdown_wr(pair.client_side);
    (void)pair_step(pair.server, &pair.server_done, &pair.server_error);
    pair_check_error("the server", &pair.server_error, "the connection was cut during the TLS handshake");
    pair_part(&pair);
}
END_TEST

START_TEST(nothing_at_all_has_an_answer_too) {
    struct error detail = {{0}};
    tls_explain(NULL, &detail);
    ck_assert_str_eq(detail.text, "the connection was cut");
}
END_TEST

static TCase *words(void) {
    TCase *group = tcase_create("words");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_loop_test(group, other_languages_are_called_by_name, 0, (int)(sizeof speeches / sizeof speeches[0]));
    tcase_add_test(group, a_cut_handshake_says_when);
    tcase_add_test(group, nothing_at_all_has_an_answer_too);
    return group;
}

UNIT_MAIN("lib/tls/error", words)

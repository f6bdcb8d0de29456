/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_talk: whole talks with proxies: answers in one piece and byte by byte, passwords that leave only when they
 * are asked for, and proxies that are none.
 */
#include "config.h"

#include "unit.h"

#include "proto/proxy_talk.h"

#include <stdlib.h>
#include <string.h>

static struct proxy proxy;
static struct proxy_talk *talk;
enum { ANSWER_MAX = 8192 };
static char sent[ANSWER_MAX];

static void begin_with(const char *url) {
    struct endpoint server;
    struct error error;
    proxy_talk_free(talk);
    ck_assert_int_eq(proxy_parse(&proxy, url, &error), 0);
    ck_assert_int_eq(endpoint_parse(&server, "example.org:10001", &error), 0);
    talk = proxy_talk_new(&proxy, &server);
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_AGAIN);
}

/* All that it wants to send, a byte at a time. */
static void take_sent(void) {
    size_t used = 0, length;
    memset(sent, 0, sizeof sent);
    while (proxy_talk_step(talk) == PROXY_SENDS) {
        sent[used++] = (char)*proxy_talk_output(talk, &length);
        proxy_talk_note_sent(talk, 1);
    }
}

static void answer_bytes(const char *text, size_t length, size_t piece) {
    for (size_t at = 0; at < length && proxy_talk_step(talk) == PROXY_RECEIVES;) {
        size_t size, part = length - at < piece ? length - at : piece;
        uint8_t *room = proxy_talk_room(talk, &size);
        ck_assert_uint_gt(size, 0);
        part = part < size ? part : size;
        memcpy(room, text + at, part);
        proxy_talk_note_received(talk, part);
        at += part;
    }
}

static void answer(const char *text) {
    answer_bytes(text, strlen(text), SIZE_MAX);
}

static void connect_once(void) {
    proxy_talk_begin(talk);
    take_sent();
}

static void expect_failed(enum proxy_fault fault, const char *words) {
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_FAILED);
    ck_assert_msg(strstr(proxy_talk_detail(talk), words), "%s", proxy_talk_detail(talk));
    ck_assert_msg(strstr(proxy_talk_detail(talk), "proxy p:3128: ") == proxy_talk_detail(talk), "%s",
                  proxy_talk_detail(talk));
    ck_assert_int_eq(proxy_talk_fault(talk), fault);
}

static const char request[] =
    "CONNECT example.org:10001 HTTP/1.1\r\nHost: example.org:10001\r\nUser-Agent: munnel-agent\r\n\r\n";

START_TEST(connect_opens_the_way_however_the_answer_is_cut) {
    static const char *const answers[] = {
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 299 x\nContent-Length: 5\nTransfer-Encoding: chunked\n\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"};
    for (size_t i = 0; i < 3; i++)
        for (size_t piece = 1; piece <= strlen(answers[i]); piece++) {
            begin_with("http://bob:secret@p:3128");
            connect_once();
            ck_assert_str_eq(sent, request); /* no password that was not asked for */
            answer_bytes(answers[i], strlen(answers[i]), piece);
            ck_assert_int_eq(proxy_talk_step(talk), PROXY_IS_OPEN);
        }
}
END_TEST

START_TEST(bytes_behind_the_answer_are_an_error) {
    begin_with("http://p:3128");
    connect_once();
    answer("HTTP/1.1 200 OK\r\n\r\nX");
    expect_failed(PROXY_FAULT_MALFORMED, "sent 1 bytes behind its answer");
}
END_TEST

START_TEST(a_password_is_sent_when_basic_is_asked_for) {
    begin_with("http://Aladdin:open%20sesame@p:3128");
    connect_once();
    answer("HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=\"x\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello");
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_AGAIN);
    connect_once();
    ck_assert_ptr_nonnull(strstr(sent, "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"));
    answer("HTTP/1.1 200 OK\r\n\r\n");
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_IS_OPEN);
}
END_TEST

#define CHALLENGE "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"r\",\r\n nonce=\"n\", qop=\"auth\""

START_TEST(digest_is_preferred_and_a_stale_nonce_tried_again) {
    begin_with("http://bob:secret@p:3128");
    connect_once();
    answer(CHALLENGE ", algorithm=SHA-256\r\nProxy-Authenticate: Basic realm=x\r\n\r\n");
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_AGAIN);
    connect_once();
    ck_assert_ptr_nonnull(strstr(sent, "Proxy-Authorization: Digest username=\"bob\""));
    ck_assert_ptr_nonnull(strstr(sent, "algorithm=SHA-256"));
    ck_assert_ptr_null(strstr(sent, "secret"));
    answer(CHALLENGE ", stale=true\r\n\r\n");
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_AGAIN);
    connect_once();
    answer("HTTP/1.1 200 OK\r\n\r\n");
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_IS_OPEN);
}
END_TEST

START_TEST(a_nonce_that_is_always_stale_ends_it) {
    begin_with("http://bob:secret@p:3128");
    for (int i = 0; i < PROXY_TALK_CONNECTIONS; i++) {
        connect_once();
        answer(CHALLENGE ", stale=true\r\n\r\n");
    }
    expect_failed(PROXY_FAULT_AUTHENTICATION, "stale");
}
END_TEST

START_TEST(a_wrong_password_is_not_tried_again) {
    begin_with("http://bob:secret@p:3128");
    connect_once();
    answer(CHALLENGE "\r\n\r\n");
    connect_once();
    answer(CHALLENGE "\r\n\r\n");
    expect_failed(PROXY_FAULT_AUTHENTICATION, "answered 407 No, offers Digest; it does not accept user \"bob\"");
}
END_TEST

/* tinyproxy's way. */
START_TEST(status_401_to_a_password_is_its_refusal) {
    begin_with("http://bob:wrong@p:3128");
    connect_once();
    answer("HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n");
    connect_once();
    answer("HTTP/1.1 401 Unauthorized\r\n\r\n");
    expect_failed(PROXY_FAULT_AUTHENTICATION, "answered 401 Unauthorized; it does not accept user \"bob\"");
}
END_TEST

START_TEST(each_refusal_is_named) {
    static const struct {
        const char *answer, *words;
        enum proxy_fault fault;
    } cases[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: "
         "NTLM\r\n\r\n",
         "answered 407 Proxy Authentication Required, offers Negotiate, NTLM; munnel-agent knows Basic, and Digest",
         PROXY_FAULT_AUTHENTICATION},
        {"HTTP/1.1 407 x\r\n\r\n", "offers no way to authenticate", PROXY_FAULT_AUTHENTICATION},
        {"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\n\r\n", "wants a user and a password",
         PROXY_FAULT_AUTHENTICATION},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "answered 502 Bad Gateway to CONNECT example.org:10001",
         PROXY_FAULT_CANNOT_CONNECT},
        {"HTTP/1.1 403 Forbidden\r\n\r\n", "answered 403 Forbidden", PROXY_FAULT_FORBIDDEN},
        {"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n", "answered 302 Found", PROXY_FAULT_FORBIDDEN},
        {"HTTP/1.1 400 Bad Request\r\n\r\n",
         "answered 400 Bad Request to CONNECT example.org:10001: it may be no proxy", PROXY_FAULT_MALFORMED},
        {"HTTP/1.1 401 Unauthorized\r\n\r\n", "it may be no proxy", PROXY_FAULT_MALFORMED},
        {"HTTP/1.1 404 Not Found\r\n\r\n", "it may be no proxy", PROXY_FAULT_MALFORMED},
        {"HTTP/1.1 405 Not Allowed\r\n\r\n", "it may be no proxy", PROXY_FAULT_MALFORMED},
        {"HTTP/1.1 101 Switching\r\n\r\n", "answered 101", PROXY_FAULT_MALFORMED},
        {"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "answered \"SSH-2.0-OpenSSH_\"..., which is no HTTP",
         PROXY_FAULT_MALFORMED},
        {"\5\377", "write socks5://", PROXY_FAULT_MALFORMED},
        {"\25\3\1", "which is no HTTP", PROXY_FAULT_MALFORMED},
        {"HTTP/1.1 two hundred\r\n\r\n", "well-formed", PROXY_FAULT_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 80; piece += 13) {
            begin_with("http://p:3128");
            connect_once();
            answer_bytes(cases[i].answer, strlen(cases[i].answer), piece);
            ck_assert_int_eq(proxy_talk_step(talk), PROXY_FAILED);
            if (piece > 60)
                expect_failed(cases[i].fault, cases[i].words);
        }
}
END_TEST

START_TEST(a_head_without_an_end_has_a_limit) {
    char line[] = "HTTP/1.1 200 OK\r\n";
    begin_with("http://p:3128");
    connect_once();
    answer(line);
    for (size_t i = sizeof line - 1; i < ANSWER_MAX; i++)
        answer("a");
    expect_failed(PROXY_FAULT_MALFORMED, "without an end");
    begin_with("http://p:3128");
    connect_once();
    for (int i = 0; i < ANSWER_MAX && proxy_talk_step(talk) == PROXY_RECEIVES; i++)
        answer("HTTP/1.1 100 Continue\r\n\r\n");
    expect_failed(PROXY_FAULT_MALFORMED, "");
}
END_TEST

START_TEST(a_proxy_that_closes_is_named) {
    begin_with("http://p:3128");
    connect_once();
    proxy_talk_note_received(talk, 0);
    expect_failed(PROXY_FAULT_UNREACHABLE, "closed the connection without an answer");
    begin_with("http://p:3128");
    connect_once();
    answer("HTTP/1.1 200");
    proxy_talk_note_received(talk, 0);
    expect_failed(PROXY_FAULT_UNREACHABLE, "closed the connection within its answer");
}
END_TEST

START_TEST(socks5_opens_the_way) {
    for (size_t piece = 1; piece < 11; piece++) {
        begin_with("socks5://p:3128");
        connect_once();
        ck_assert_mem_eq(sent, "\5\1\0", 3);
        answer_bytes("\5\0", 2, piece);
        take_sent();
        ck_assert_mem_eq(sent, "\5\1\0\3\13example.org\x27\x11", 18);
        answer_bytes("\5\0\0\1\0\0\0\0\0\0", 10, piece);
        ck_assert_int_eq(proxy_talk_step(talk), PROXY_IS_OPEN);
    }
}
END_TEST

START_TEST(socks5_takes_a_password) {
    begin_with("socks5h://bob:pw@p:3128");
    connect_once();
    ck_assert_mem_eq(sent, "\5\2\0\2", 4);
    answer_bytes("\5\2", 2, 2);
    take_sent();
    ck_assert_mem_eq(sent, "\1\3bob\2pw", 8);
    answer_bytes("\1\0", 2, 1);
    take_sent();
    answer_bytes("\5\0\0\3\1x\0\0", 8, 3);
    ck_assert_int_eq(proxy_talk_step(talk), PROXY_IS_OPEN);
}
END_TEST

static void expect_socks(const char *first, const char *second, enum proxy_fault fault, const char *words) {
    begin_with("socks5://p:3128");
    connect_once();
    answer_bytes(first, first[0] == 'H' ? strlen(first) : 2, 100);
    if (second) {
        take_sent();
        answer_bytes(second, 10, 100);
    }
    expect_failed(fault, words);
}

START_TEST(each_refusal_of_socks5_is_named) {
    expect_socks("\5\377", NULL, PROXY_FAULT_AUTHENTICATION, "may want a user");
    expect_socks("\5\2", NULL, PROXY_FAULT_MALFORMED, "was not offered");
    expect_socks("\4\1", NULL, PROXY_FAULT_MALFORMED, "no SOCKS5");
    expect_socks("HTTP/1.1 400 Bad\r\n", NULL, PROXY_FAULT_MALFORMED, "write http://");
    expect_socks("\5\0", "\5\2\0\1\0\0\0\0\0\0", PROXY_FAULT_FORBIDDEN, "not allowed by its rules");
    expect_socks("\5\0", "\5\5\0\1\0\0\0\0\0\0", PROXY_FAULT_CANNOT_CONNECT, "connection refused");
    begin_with("socks5://bob:pw@p:3128");
    connect_once();
    answer_bytes("\5\2", 2, 2);
    take_sent();
    answer_bytes("\1\1", 2, 2);
    expect_failed(PROXY_FAULT_AUTHENTICATION, "does not accept user \"bob\"");
}
END_TEST

START_TEST(silence_after_a_greeting_of_socks5_is_that_of_an_http_proxy) {
    begin_with("socks5://p:3128");
    connect_once();
    proxy_talk_note_late(talk);
    expect_failed(PROXY_FAULT_SILENT, "accepted the connection and did not answer SOCKS5: it may be an HTTP proxy");
    begin_with("socks5://p:3128");
    connect_once();
    answer_bytes("\5\0", 2, 2);
    take_sent();
    proxy_talk_note_late(talk);
    expect_failed(PROXY_FAULT_UNREACHABLE, "no answer in time");
    begin_with("http://p:3128");
    connect_once();
    proxy_talk_note_late(talk);
    expect_failed(PROXY_FAULT_UNREACHABLE, "no answer in time");
}
END_TEST

START_TEST(socks5_that_says_too_much_or_too_little) {
    begin_with("socks5://p:3128");
    connect_once();
    answer_bytes("\5\0\5", 3, 3);
    expect_failed(PROXY_FAULT_MALFORMED, "sent 1 bytes behind");
    begin_with("socks5://p:3128");
    connect_once();
    answer_bytes("\5\0", 2, 2);
    take_sent();
    answer_bytes("\5\0\0\1\0\0\0\0\0\0T", 11, 11);
    expect_failed(PROXY_FAULT_MALFORMED, "sent 1 bytes behind");
    begin_with("socks5://p:3128");
    connect_once();
    answer_bytes("\5\0", 2, 2);
    take_sent();
    answer_bytes("\5\4", 2, 2);
    proxy_talk_note_received(talk, 0);
    expect_failed(PROXY_FAULT_CANNOT_CONNECT, "host unreachable");
}
END_TEST

static TCase *talks(void) {
    TCase *group = tcase_create("talks");
    tcase_add_test(group, connect_opens_the_way_however_the_answer_is_cut);
    tcase_add_test(group, bytes_behind_the_answer_are_an_error);
    tcase_add_test(group, a_password_is_sent_when_basic_is_asked_for);
    tcase_add_test(group, digest_is_preferred_and_a_stale_nonce_tried_again);
    tcase_add_test(group, a_nonce_that_is_always_stale_ends_it);
    tcase_add_test(group, a_wrong_password_is_not_tried_again);
    tcase_add_test(group, status_401_to_a_password_is_its_refusal);
    tcase_add_test(group, each_refusal_is_named);
    tcase_add_test(group, a_head_without_an_end_has_a_limit);
    tcase_add_test(group, a_proxy_that_closes_is_named);
    tcase_add_test(group, socks5_opens_the_way);
    tcase_add_test(group, socks5_takes_a_password);
    tcase_add_test(group, each_refusal_of_socks5_is_named);
    tcase_add_test(group, silence_after_a_greeting_of_socks5_is_that_of_an_http_proxy);
    tcase_add_test(group, socks5_that_says_too_much_or_too_little);
    return group;
}

UNIT_MAIN("proto/proxy_talk", talks)

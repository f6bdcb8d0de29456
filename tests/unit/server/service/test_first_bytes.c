/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_first_bytes: TLS, HTTP and what is neither are told apart, in any pieces and within a limit.
 */
#include "config.h"

#include "server/client_hello.h"
#include "server/service/first_bytes.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *text;
    enum first_bytes_kind kind;
    const char *name; /* or what is wrong */
    bool is_wrong;
} cases[] = {
    {"GET / HTTP/1.1\r\nHost: Web.example:80\r\n\r\n", FIRST_BYTES_HTTP, "web.example", false},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nabc", FIRST_BYTES_HTTP, "a", false},
    {"GET / HTTP/1.0\r\n\r\n", FIRST_BYTES_HTTP, "", false},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", FIRST_BYTES_HTTP, "more than one Host", true},
    {"GET / HTTP/1.1\r\n\r\n", FIRST_BYTES_HTTP, "no Host", true},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FIRST_BYTES_HTTP2, "", false},
    {"SSH-2.0-OpenSSH_9.2\r\n", FIRST_BYTES_OTHER, "", false},
    {"RFB 003.008\n", FIRST_BYTES_OTHER, "", false},
    {"EHLO mail.example\r\n", FIRST_BYTES_OTHER, "", false},
    {"\r\n\r\n", FIRST_BYTES_PART, "", false},
    {"GE", FIRST_BYTES_PART, "", false},
    {"G", FIRST_BYTES_PART, "", false},
    {"\x15\x03\x03", FIRST_BYTES_OTHER, "", false},
    {"", FIRST_BYTES_NONE, "", false},
};

START_TEST(protocols_are_told_apart) {
    struct first_bytes_reader *reader = first_bytes_reader_new();
    struct first_bytes found;

    first_bytes_read(reader, (const uint8_t *)cases[_i].text, strlen(cases[_i].text), &found);
    ck_assert_int_eq(found.kind, cases[_i].kind);
    ck_assert_int_eq(found.is_wrong, cases[_i].is_wrong);
    ck_assert(!found.is_tls && !found.is_too_long);
    ck_assert_str_eq(found.is_wrong ? found.detail : found.name, cases[_i].name);
    first_bytes_reader_free(reader);
}
END_TEST

START_TEST(a_hello_is_read_when_it_is_whole) {
    struct first_bytes_reader *reader = first_bytes_reader_new();
    const uint8_t *hello = (const uint8_t *)client_hello;
    struct first_bytes found;

    for (size_t length = 1; length < sizeof client_hello; length++) {
        first_bytes_read(reader, hello, length, &found);
        ck_assert_int_eq(found.kind, FIRST_BYTES_PART);
        ck_assert_uint_gt(found.needs, length);
        ck_assert_uint_le(found.needs, sizeof client_hello);
    }
    first_bytes_read(reader, hello, sizeof client_hello, &found); /* it lacks all but a version */
    ck_assert(found.kind == FIRST_BYTES_TLS && found.is_tls && found.is_wrong);
    first_bytes_reader_free(reader);
}
END_TEST

START_TEST(what_is_longer_than_the_limit_is_refused) {
    static uint8_t bytes[FIRST_BYTES_MOST];
    struct first_bytes_reader *reader = first_bytes_reader_new();
    struct first_bytes found;
    static const char head[] = "GET / HTTP/1.1\r\nX: ";
    static const uint8_t hello[] = {0x16, 3, 1, 0x40, 0, 1, 0, 0x60, 0};

    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, head, sizeof head - 1);
    first_bytes_read(reader, bytes, sizeof bytes - 1, &found);
    ck_assert(found.kind == FIRST_BYTES_PART && !found.is_wrong);
    first_bytes_read(reader, bytes, sizeof bytes, &found);
    ck_assert(found.kind == FIRST_BYTES_HTTP && found.is_wrong && found.is_too_long);
    first_bytes_read(reader, hello, sizeof hello, &found);
    ck_assert(found.kind == FIRST_BYTES_TLS && found.is_wrong && found.is_too_long);
    first_bytes_reader_free(reader);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");

    tcase_add_loop_test(group, protocols_are_told_apart, 0, sizeof cases / sizeof *cases);
    tcase_add_test(group, a_hello_is_read_when_it_is_whole);
    tcase_add_test(group, what_is_longer_than_the_limit_is_refused);
    return group;
}

UNIT_MAIN("server/service/first_bytes", reading)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_http_head: heads of answers, byte by byte, folded, and malformed.
 */
#include "config.h"

#include "unit.h"

#include "proto/http_head.h"

#include <string.h>

static char values[512];

static void note_value(void *context, const char *value, size_t length) {
    size_t used = strlen(values);
    ck_assert_ptr_eq(context, values);
    snprintf(values + used, sizeof values - used, "%.*s;", (int)length, value);
}

/* In pieces of so many bytes. */
static enum http_head_state read_head(struct http_head *head, const char *text, size_t length, size_t piece) {
    enum http_head_state state = HTTP_HEAD_INCOMPLETE;
    values[0] = '\0';
    http_head_begin(head, "B", note_value, values);
    for (size_t at = 0; at < length && state == HTTP_HEAD_INCOMPLETE; at += piece) {
        size_t taken, part = length - at < piece ? length - at : piece;
        state = http_head_read(head, text + at, part, &taken);
        if (state == HTTP_HEAD_WHOLE)
            ck_assert_uint_eq(at + taken, length);
    }
    return state;
}

START_TEST(a_head_is_read_in_any_pieces) {
    static const struct {
        const char *text, *reason, *values;
        unsigned status;
    } cases[] = {
        {"HTTP/1.1 200 Connection established\r\n\r\n", "Connection established", "", 200},
        {"HTTP/1.0 200 OK\r\nProxy-agent: x/1\r\n\r\n", "OK", "", 200},
        {"HTTP/1.1 407\r\nA:\r\nB:b\r\nb: c\r\nBB: d\r\n\r\n", "", "b;c;", 407},
        {"HTTP/1.1 502 \r\n\r\n", "", "", 502},
        {"HTTP/1.1 200 OK\nB: \t b c\n\n", "OK", "b c;", 200},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "OK", "", 200},
        {"HTTP/1.1 407 x\r\nB: b,\r\n\t c\r\n d\r\nE: f\r\n\r\n", "x", "b,\t c d;", 407},
        {"HTTP/1.1 200 \xc3\xa4h\r\n\r\n", "??h", "", 200},
        {"HTTP/1.1 200 O\x01K\r\n\r\n", "O?K", "", 200},
        {"HTTP/1.1 200 OK\r\nB: \xc3\xa4\r\n\r\n", "OK", "\xc3\xa4;", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece <= strlen(cases[i].text); piece++) {
            struct http_head head;
            ck_assert_msg(read_head(&head, cases[i].text, strlen(cases[i].text), piece) == HTTP_HEAD_WHOLE, "%s: %s",
                          cases[i].text, llhttp_get_error_reason(&head.parser));
            ck_assert_uint_eq(head.status, cases[i].status);
            ck_assert_str_eq(head.reason, cases[i].reason);
            ck_assert_str_eq(values, cases[i].values);
        }
}
END_TEST

START_TEST(a_malformed_head_is_refused) {
    static const char *const texts[] = {"HTTP/1.1 20 OK\r\n\r\n",
                                        "HTTP/1.1 2000 OK\r\n\r\n",
                                        "HTTP/1.1 600 OK\r\n\r\n",
                                        "HTTP/1.1 099 OK\r\n\r\n",
                                        "HTTP/1.1  200 OK\r\n\r\n",
                                        "HTTP/1.12 200 OK\r\n\r\n",
                                        "HTTP/2 200 OK\r\n\r\n",
                                        "HTTP/1.\r\n\r\n",
                                        "ICY 200 OK\r\n\r\n",
                                        "http/1.1 200 OK\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nspace : x\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nbare: \rcr\r\n\r\n"};
    struct http_head head;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t piece = 1; piece < 40; piece += 13)
            ck_assert_msg(read_head(&head, texts[i], strlen(texts[i]), piece) == HTTP_HEAD_MALFORMED, "%zu: %s", i,
                          texts[i]);
    ck_assert_int_eq(read_head(&head, "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27, 1), HTTP_HEAD_MALFORMED);
}
END_TEST

START_TEST(a_head_that_is_cut_is_none) {
    static const char text[] = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    struct http_head head;
    for (size_t length = 0; length < sizeof text - 1; length++)
        ck_assert_int_eq(read_head(&head, text, length, 5), HTTP_HEAD_INCOMPLETE);
}
END_TEST

START_TEST(what_is_behind_a_head_is_not_read) {
    static const char text[] = "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01";
    struct http_head head;
    size_t taken;
    http_head_begin(&head, "B", note_value, values);
    ck_assert_int_eq(http_head_read(&head, text, sizeof text - 1, &taken), HTTP_HEAD_WHOLE);
    ck_assert_uint_eq(taken, sizeof text - 1 - 3);
}
END_TEST

START_TEST(what_is_too_long_is_cut_or_left_out) {
    char text[HTTP_HEAD_VALUE + 200];
    struct http_head head;
    for (int length = HTTP_HEAD_VALUE - 2; length < HTTP_HEAD_VALUE + 2; length++) {
        snprintf(text, sizeof text, "HTTP/1.1 200 %0100d\r\nB: %0*d\r\n\r\n", 1, length, 1);
        ck_assert_int_eq(read_head(&head, text, strlen(text), 9), HTTP_HEAD_WHOLE);
        ck_assert_uint_eq(strlen(head.reason), HTTP_HEAD_REASON - 1);
        ck_assert_int_eq(values[0] != '\0', length < HTTP_HEAD_VALUE);
    }
}
END_TEST

static TCase *parsing(void) {
    TCase *group = tcase_create("parsing");
    tcase_add_test(group, a_head_is_read_in_any_pieces);
    tcase_add_test(group, a_malformed_head_is_refused);
    tcase_add_test(group, a_head_that_is_cut_is_none);
    tcase_add_test(group, what_is_behind_a_head_is_not_read);
    tcase_add_test(group, what_is_too_long_is_cut_or_left_out);
    return group;
}

UNIT_MAIN("proto/http_head", parsing)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_socks5: the messages byte for byte, and answers that are cut anywhere.
 */
#include "config.h"

#include "unit.h"

#include "proto/socks5.h"

#include <string.h>

static struct endpoint endpoint_of(const char *text) {
    struct endpoint endpoint;
    ck_assert_int_eq(endpoint_parse(&endpoint, text, NULL), 0);
    return endpoint;
}

START_TEST(messages_are_those_of_the_rfcs) {
    uint8_t bytes[SOCKS5_MESSAGE_MAX];
    ck_assert_uint_eq(socks5_write_methods(bytes, false), 3);
    ck_assert_mem_eq(bytes, "\5\1\0", 3);
    ck_assert_uint_eq(socks5_write_methods(bytes, true), 4);
    ck_assert_mem_eq(bytes, "\5\2\0\2", 4);
    ck_assert_uint_eq(socks5_write_user(bytes, "bob", "pw"), 8);
    ck_assert_mem_eq(bytes, "\1\3bob\2pw", 8);
}
END_TEST

START_TEST(a_name_is_left_to_the_proxy) {
    uint8_t bytes[SOCKS5_MESSAGE_MAX];
    struct endpoint server = endpoint_of("example.org:258");
    ck_assert_uint_eq(socks5_write_connect(bytes, &server), 4 + 1 + 11 + 2);
    ck_assert_mem_eq(bytes, "\5\1\0\3\13example.org\1\2", 18);
    server = endpoint_of("10.1.2.3:258");
    ck_assert_uint_eq(socks5_write_connect(bytes, &server), 10);
    ck_assert_mem_eq(bytes, "\5\1\0\1\12\1\2\3\1\2", 10);
    server = endpoint_of("[fd00::1]:258");
    ck_assert_uint_eq(socks5_write_connect(bytes, &server), 22);
    ck_assert_mem_eq(bytes, "\5\1\0\4\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\2", 22);
}
END_TEST

START_TEST(the_longest_fits) {
    uint8_t bytes[SOCKS5_MESSAGE_MAX];
    char text[256];
    struct endpoint server = {.port = 1};
    memset(text, 'x', 255);
    text[255] = '\0';
    ck_assert_uint_eq(socks5_write_user(bytes, text, text), SOCKS5_MESSAGE_MAX);
    memcpy(server.host, text, sizeof text);
    ck_assert_uint_eq(socks5_write_connect(bytes, &server), 4 + 1 + 255 + 2);
}
END_TEST

START_TEST(an_answer_is_awaited_whole) {
    static const struct {
        const char *bytes;
        int length;
    } cases[] = {{"\5\0\0\1\1\2\3\4\5\6", 10},
                 {"\5\0\0\3\3abc\5\6", 10},
                 {"\5\0\0\3\0\5\6", 7},
                 {"\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\6", 22}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
        uint8_t code = 99;
        for (size_t length = 0; length < (size_t)cases[i].length; length++)
            ck_assert_int_eq(socks5_read_connect(bytes, length, &code), 0);
        ck_assert_int_eq(socks5_read_connect(bytes, (size_t)cases[i].length, &code), cases[i].length);
        ck_assert_uint_eq(code, bytes[1]);
    }
}
END_TEST

START_TEST(a_malformed_answer_is_known_early) {
    uint8_t value;
    ck_assert_int_eq(socks5_read_method((const uint8_t *)"\5\377", 2, &value), 2);
    ck_assert_uint_eq(value, SOCKS5_NO_METHOD);
    ck_assert_int_eq(socks5_read_method((const uint8_t *)"\4", 1, &value), -1);
    ck_assert_int_eq(socks5_read_method((const uint8_t *)"HTTP", 4, &value), -1);
    ck_assert_int_eq(socks5_read_user((const uint8_t *)"\1\0", 2, &value), 2);
    ck_assert_int_eq(socks5_read_user((const uint8_t *)"\5", 1, &value), -1);
    ck_assert_int_eq(socks5_read_connect((const uint8_t *)"\5\0\0\2", 4, &value), -1);
    ck_assert_int_eq(socks5_read_connect((const uint8_t *)"\5\0\0\2\0", 5, &value), -1);
    ck_assert_ptr_nonnull(socks5_code_text(255));
}
END_TEST

static TCase *messages(void) {
    TCase *group = tcase_create("messages");
    tcase_add_test(group, messages_are_those_of_the_rfcs);
    tcase_add_test(group, a_name_is_left_to_the_proxy);
    tcase_add_test(group, the_longest_fits);
    tcase_add_test(group, an_answer_is_awaited_whole);
    tcase_add_test(group, a_malformed_answer_is_known_early);
    return group;
}

UNIT_MAIN("proto/socks5", messages)

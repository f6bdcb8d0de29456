/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sniff: a ClientHello is recognised in any pieces, other protocols by their first bytes.
 */
#include "config.h"

#include "server/client_hello.h"
#include "server/service/sniff.h"
#include "unit.h"

#include <string.h>

START_TEST(other_protocols_are_recognised) {
    static const struct {
        const char *bytes;
        size_t length;
        enum sniff_kind kind;
    } cases[] = {
        {"GET / HTTP/1.1\r\n", 16, SNIFF_HTTP},
        {"SSH-2.0-OpenSSH", 15, SNIFF_SSH},
        {"\x15\x03\x01\x00\x02", 5, SNIFF_TLS_MIDDLE},
        {"hello?\n", 7, SNIFF_TEXT},
        {"\x01\x02\x03", 3, SNIFF_OTHER},
        {"\x80\x2e\x01\x00\x02", 5, SNIFF_SSL2},
        {"\x16\x02", 2, SNIFF_OTHER},
        {"\x16\x03\x01\x00\x00", 5, SNIFF_OTHER},                    /* nothing in it */
        {"\x16\x03\x01\x10\x01", 5, SNIFF_TLS_LONG},                 /* a record of 4097 bytes */
        {"\x16\x03\x01\x00\x08\x01\x01\x00\x00", 9, SNIFF_TLS_LONG}, /* a message of 64 KiB */
        {"\x16\x03\x01\x00\x08\x02\x00\x00\x04", 9, SNIFF_TLS_MIDDLE},
        {"\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x04\x01\x00\x00\x00", 15,
         SNIFF_TLS_LONG}, /* the same, in two records */
        {"\x16\x03\x01\x00\x01\x01\x17\x03\x01\x00\x04", 11, SNIFF_OTHER},
        {"", 0, SNIFF_NOTHING},
    };
    size_t needs;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(sniff_name(sniff((const uint8_t *)cases[i].bytes, cases[i].length, SNIFF_SIZE, &needs)),
                         sniff_name(cases[i].kind));
}
END_TEST

START_TEST(incomplete_hello_tells_how_much_it_needs) {
    const uint8_t *hello = (const uint8_t *)client_hello;
    size_t needs;

    for (size_t length = 1; length < sizeof client_hello; length++) {
        ck_assert_int_eq(sniff(hello, length, SNIFF_SIZE, &needs), SNIFF_TLS_PART);
        ck_assert_uint_gt(needs, length);
        ck_assert_uint_le(needs, sizeof client_hello);
    }
    ck_assert_int_eq(sniff(hello, sizeof client_hello, SNIFF_SIZE, &needs), SNIFF_TLS);
}
END_TEST

/* As with a post-quantum key share; the last piece is the only one that completes it. */
START_TEST(hello_in_several_records_is_complete_with_the_last_one) {
    static const size_t pieces[] = {1, 2, 3, 4, 5, 100, 517, 1600};
    uint8_t bytes[SNIFF_HELLO_MAX];
    size_t needs, size = pieces[_i] < 5 ? 400 : 1600;

    size_t whole = client_hello_cut(bytes, size, pieces[_i]);
    for (size_t length = 1; length < whole; length++) {
        ck_assert_int_eq(sniff(bytes, length, SNIFF_SIZE, &needs), SNIFF_TLS_PART);
        ck_assert_uint_gt(needs, length);
        ck_assert_uint_le(needs, whole);
    }
    ck_assert_int_eq(sniff(bytes, whole, SNIFF_SIZE, &needs), SNIFF_TLS);
}
END_TEST

static TCase *sniff_cases(void) {
    TCase *group = tcase_create("sniff");

    tcase_add_test(group, other_protocols_are_recognised);
    tcase_add_test(group, incomplete_hello_tells_how_much_it_needs);
    tcase_add_loop_test(group, hello_in_several_records_is_complete_with_the_last_one, 0, 8);
    return group;
}

UNIT_MAIN("server/service/sniff", sniff_cases)

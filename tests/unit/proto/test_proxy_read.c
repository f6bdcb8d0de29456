/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_read: headers as balancers send them, and what is none, each cut behind every byte.
 */
#include "config.h"

#include "proto/proxy_protocol.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define SIGNATURE  "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(...) __VA_ARGS__, sizeof(__VA_ARGS__) - 1
#define INET       "\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\x01\xbb"
#define INET6      "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x9c\x40\x01\xbb"

static size_t taken;

static enum proxy_read_result read_bytes(const void *bytes, size_t length, struct proxy_header *header) {
    struct error error = {{0}};
    enum proxy_read_result result = proxy_read(header, bytes, length, &taken, &error);
    ck_assert(!error.text[0] == (result != PROXY_READ_MALFORMED));
    return result;
}

static void expect_addr(const struct open_address *addr, const char *wanted) {
    char text[ADDR_TEXT];
    ck_assert_str_eq(open_address_format(addr, text, sizeof text), wanted);
}

/* ---- right ones ---- */

static const struct {
    const char *bytes;
    size_t length;
    unsigned version;
    bool is_local;
    const char *source, *destination; /* NULL: none are given */
} right[] = {
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n"), 1, false, "192.0.2.1:40000", "198.51.100.2:443"},
    {BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), 1, false, "255.255.255.255:65535",
     "255.255.255.255:65535"},
    {BYTES("PROXY TCP4 0.0.0.0 10.0.0.1 1 1\r\n"), 1, false, "0.0.0.0:1", "10.0.0.1:1"},
    {BYTES("PROXY TCP6 2001:db8::1 2001:DB8::2 40000 443\r\n"), 1, false, "[2001:db8::1]:40000", "[2001:db8::2]:443"},
    {BYTES(
         "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     1, false, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {BYTES("PROXY UNKNOWN\r\n"), 1, false, NULL, NULL},
    {BYTES("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), 1, false, NULL, NULL},
    {BYTES(SIGNATURE "\x20\0\0\0"), 2, true, NULL, NULL},
    {BYTES(SIGNATURE "\x20\x11\0\x0c" INET), 2, true, NULL, NULL},
    {BYTES(SIGNATURE "\x20\xff\0\3abc"), 2, true, NULL, NULL},
    {BYTES(SIGNATURE "\x21\0\0\0"), 2, false, NULL, NULL},
    {BYTES(SIGNATURE "\x21\x11\0\x0c" INET), 2, false, "192.0.2.1:40000", "198.51.100.2:443"},
    {BYTES(SIGNATURE "\x21\x21\0\x24" INET6), 2, false, "[2001:db8::1]:40000", "[2001:db8::2]:443"},
    {BYTES(SIGNATURE "\x21\x11\0\x12" INET "\x04\0\3\0\0\0"), 2, false, "192.0.2.1:40000", "198.51.100.2:443"},
};

START_TEST(header_is_whole_with_its_last_byte_and_not_before) {
    struct proxy_header header;
    for (size_t cut = 0; cut < right[_i].length; cut++)
        ck_assert_int_eq(read_bytes(right[_i].bytes, cut, &header), PROXY_READ_PART);
    char more[300] = "";
    memcpy(more, right[_i].bytes, right[_i].length);
    for (size_t behind = 0; behind < 20; behind++) {
        ck_assert_int_eq(read_bytes(more, right[_i].length + behind, &header), PROXY_READ_WHOLE);
        ck_assert_uint_eq(taken, right[_i].length);
        ck_assert_int_eq(header.version, right[_i].version == 1 ? PROXY_V1 : PROXY_V2);
        ck_assert_int_eq(header.command == PROXY_COMMAND_LOCAL, right[_i].is_local);
        ck_assert_int_eq(header.has_addresses, !!right[_i].source);
        if (right[_i].source)
            expect_addr(&header.source, right[_i].source);
        if (right[_i].source)
            expect_addr(&header.destination, right[_i].destination);
    }
}
END_TEST

START_TEST(path_of_a_unix_socket_is_no_address_of_a_client) {
    uint8_t bytes[16 + 216] = SIGNATURE "\x21\x31\0\xd8/run/client";
    struct proxy_header header;
    ck_assert_int_eq(read_bytes(bytes, sizeof bytes - 1, &header), PROXY_READ_PART);
    ck_assert_int_eq(read_bytes(bytes, sizeof bytes, &header), PROXY_READ_WHOLE);
    ck_assert(!header.has_addresses && header.command == PROXY_COMMAND_PROXY);
}
END_TEST

START_TEST(authority_and_unique_id_are_found_among_other_tlvs) {
    static const char bytes[] =
        SIGNATURE "\x21\x11\0\x25" INET "\xe0\0\1x\x02\0\x0b"
                  "example.org\x05\0\4\0\1\2\3"; /* also behind one for private use, and with a NUL */
    struct proxy_header header;
    ck_assert_int_eq(read_bytes(bytes, sizeof bytes - 1, &header), PROXY_READ_WHOLE);
    ck_assert_uint_eq(header.authority.length, 11);
    ck_assert_mem_eq(header.authority.bytes, "example.org", 11);
    ck_assert_uint_eq(header.unique_id.length, 4);
    ck_assert_mem_eq(header.unique_id.bytes, "\0\1\2\3", 4);
}
END_TEST

START_TEST(tlvs_of_two_kib_are_taken_and_a_byte_more_is_not) {
    static uint8_t bytes[16 + 12 + PROXY_READ_TLVS + 1] = SIGNATURE "\x21\x11\x08\x0c" INET "\xe0\x07\xfd";
    struct proxy_header header;
    ck_assert_int_eq(read_bytes(bytes, 16 + 12 + PROXY_READ_TLVS, &header), PROXY_READ_WHOLE);
    ck_assert_uint_eq(taken, 16 + 12 + PROXY_READ_TLVS);
    ck_assert_uint_le(taken, PROXY_READ_MAX);
    bytes[15]++;
    ck_assert_int_eq(read_bytes(bytes, 16, &header), PROXY_READ_MALFORMED);
}
END_TEST

/* ---- wrong ones ---- */

#define LONG_LINE                                                                                                      \
    "PROXY UNKNOWN 3456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567"

static const struct {
    const char *bytes;
    size_t length, known_at; /* how many bytes it takes to be sure */
} wrong[] = {
    {BYTES("GET / HTTP/1.1\r\n"), 1},
    {BYTES("\x16\x03\x01\x02\0"), 1},
    {BYTES("PROXYTCP4"), 6},
    {BYTES("proxy TCP4"), 1},
    {BYTES("\r\n\r\nQ"), 5},
    {BYTES("PROXY \r\n"), 8},
    {BYTES("PROXY TCP4\r\n"), 12},
    {BYTES("PROXY TCP4 \r\n"), 13},
    {BYTES("PROXY TCP5 192.0.2.1 198.51.100.2 40000 443\r\n"), 45},
    {BYTES("PROXY UNKNOWNS\r\n"), 16},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 40000\r\n"), 41},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443 \r\n"), 46},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443 1\r\n"), 47},
    {BYTES("PROXY  TCP4 192.0.2.1 198.51.100.2 40000 443\r\n"), 46},
    {BYTES("PROXY TCP4 192.0.2.1  198.51.100.2 40000 443\r\n"), 46},
    {BYTES("PROXY TCP4 192.0.2.1\t198.51.100.2 40000 443\r\n"), 45},
    {BYTES("PROXY TCP4 192.0.2.01 198.51.100.2 40000 443\r\n"), 46},
    {BYTES("PROXY TCP4 00.0.2.1 198.51.100.2 40000 443\r\n"), 44},
    {BYTES("PROXY TCP4 192.0.2.256 198.51.100.2 40000 443\r\n"), 47},
    {BYTES("PROXY TCP4 192.0.2 198.51.100.2 40000 443\r\n"), 43},
    {BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 40000 443\r\n"), 46},
    {BYTES("PROXY TCP6 192.0.2.1 198.51.100.2 40000 443\r\n"), 45},
    {BYTES("PROXY TCP6 fe80::1%lo fe80::2 40000 443\r\n"), 41},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n"), 45},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 040000 443\r\n"), 46},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 00 443\r\n"), 42},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n"), 42},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 4294967297 443\r\n"), 50},
    {BYTES("PROXY TCP4 192.0.2.1\0 198.51.100.2 40000 443\r\n"), 46},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\n"), 44},
    {BYTES("PROXY UNKNOWN\rX"), 15},
    {BYTES("PROXY UNKNOWN\r\r\n"), 15},
    {BYTES(LONG_LINE), 107},
    {BYTES(LONG_LINE "\r\n"), 107},
    {BYTES(SIGNATURE "\x11\x11\0\x0c" INET), 13},
    {BYTES(SIGNATURE "\x31\x11\0\x0c" INET), 13},
    {BYTES(SIGNATURE "\x22\x11\0\x0c" INET), 13},
    {BYTES(SIGNATURE "\x21\x41\0\x0c" INET), 14},
    {BYTES(SIGNATURE "\x21\x13\0\x0c" INET), 14},
    {BYTES(SIGNATURE "\x21\x12\0\x0c" INET), 14},
    {BYTES(SIGNATURE "\x21\x10\0\x0c" INET), 14},
    {BYTES(SIGNATURE "\x21\x01\0\x0c" INET), 14},
    {BYTES(SIGNATURE "\x21\x11\0\x0b" INET), 16},
    {BYTES(SIGNATURE "\x21\x11\0\0"), 16},
    {BYTES(SIGNATURE "\x21\x21\0\x0c" INET), 16},
    {BYTES(SIGNATURE "\x21\x31\0\x24" INET6), 16},
    {BYTES(SIGNATURE "\x21\x11\xff\xff" INET), 16},
    {BYTES(SIGNATURE "\x20\0\xff\xff"), 16},
    {BYTES(SIGNATURE "\x21\x11\0\x0d" INET "\x04"), 29},
    {BYTES(SIGNATURE "\x21\x11\0\x0e" INET "\x04\0"), 30},
    {BYTES(SIGNATURE "\x21\x11\0\x0f" INET "\x04\0\1"), 31},
    {BYTES(SIGNATURE "\x21\x11\0\x10" INET "\x04\xff\xff\0"), 32},
};

START_TEST(what_is_no_header_is_known_at_once) {
    struct proxy_header header;
    for (size_t cut = 0; cut < wrong[_i].known_at; cut++)
        ck_assert_int_eq(read_bytes(wrong[_i].bytes, cut, &header), PROXY_READ_PART);
    for (size_t cut = wrong[_i].known_at; cut <= wrong[_i].length; cut++)
        ck_assert_int_eq(read_bytes(wrong[_i].bytes, cut, &header), PROXY_READ_MALFORMED);
}
END_TEST

static TCase *headers(void) {
    TCase *group = tcase_create("headers");
    tcase_add_loop_test(group, header_is_whole_with_its_last_byte_and_not_before, 0, sizeof right / sizeof right[0]);
    tcase_add_test(group, path_of_a_unix_socket_is_no_address_of_a_client);
    tcase_add_test(group, authority_and_unique_id_are_found_among_other_tlvs);
    tcase_add_test(group, tlvs_of_two_kib_are_taken_and_a_byte_more_is_not);
    return group;
}

static TCase *malformed(void) {
    TCase *group = tcase_create("malformed");
    tcase_add_loop_test(group, what_is_no_header_is_known_at_once, 0, sizeof wrong / sizeof wrong[0]);
    return group;
}

UNIT_MAIN("proto/proxy_read", headers, malformed)

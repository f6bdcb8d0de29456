/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_write: PROXY headers, byte for byte as the specification has them.
 */
#include "config.h"

#include "proto/proxy_protocol.h"
#include "unit.h"

#include <string.h>

static struct open_address address(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    ck_assert_int_eq(endpoint_parse(&endpoint, text, NULL), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return open_address_of(&addr);
}

static struct proxy_header header_of(enum proxy_version version, const char *source, const char *destination) {
    return (struct proxy_header){.version = version,
                                 .command = PROXY_COMMAND_PROXY,
                                 .transport = PROXY_STREAM,
                                 .has_addresses = true,
                                 .source = address(source),
                                 .destination = address(destination)};
}

static struct proxy_value value_of(const char *text) {
    return (struct proxy_value){(const uint8_t *)text, strlen(text)};
}

static void expect(const struct proxy_header *header, const char *wanted, size_t length) {
    uint8_t bytes[PROXY_WRITTEN_MAX];
    ck_assert_uint_eq(proxy_write(bytes, header), length);
    ck_assert_mem_eq(bytes, wanted, length);
}

static const struct {
    const char *source, *destination, *wanted;
} lines[] = {
    {"192.168.0.1:56324", "192.168.0.11:443", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"},
    {"255.255.255.255:65535", "255.255.255.255:65535", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"},
    {"[2001:db8::1]:4711", "[::1]:22", "PROXY TCP6 2001:db8::1 ::1 4711 22\r\n"},
    {"[::ffff:10.0.0.1]:4711", "10.0.0.2:22", "PROXY TCP4 10.0.0.1 10.0.0.2 4711 22\r\n"},
    {"10.0.0.1:4711", "[2001:db8::2]:22", "PROXY TCP6 ::ffff:10.0.0.1 2001:db8::2 4711 22\r\n"},
    {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
     "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"},
};

START_TEST(version_1_is_a_line_of_text) {
    struct proxy_header header = header_of(PROXY_V1, lines[_i].source, lines[_i].destination);
    header.unique_id = value_of("not in version 1");
    expect(&header, lines[_i].wanted, strlen(lines[_i].wanted));
    ck_assert_uint_le(strlen(lines[_i].wanted), PROXY_V1_MAX);
}
END_TEST

START_TEST(without_addresses_version_1_is_unknown) {
    struct proxy_header header = {.version = PROXY_V1, .command = PROXY_COMMAND_PROXY, .transport = PROXY_STREAM};
    expect(&header, "PROXY UNKNOWN\r\n", 15);
}
END_TEST

/* ---- version 2 ---- */

#define SIGNATURE              "\r\n\r\n\0\r\nQUIT\n"
#define EXPECT(header, wanted) expect(header, wanted, sizeof(wanted) - 1)

START_TEST(version_2_has_addresses_of_ipv4) {
    struct proxy_header header = header_of(PROXY_V2, "[::ffff:10.0.0.1]:4711", "192.168.0.11:443");
    EXPECT(&header, SIGNATURE "\x21\x11\0\x0c\x0a\0\0\x01\xc0\xa8\0\x0b\x12\x67\x01\xbb");
    header.transport = PROXY_DATAGRAM;
    EXPECT(&header, SIGNATURE "\x21\x12\0\x0c\x0a\0\0\x01\xc0\xa8\0\x0b\x12\x67\x01\xbb");
}
END_TEST

START_TEST(version_2_has_addresses_of_ipv6) {
    struct proxy_header header = header_of(PROXY_V2, "[2001:db8::1]:4711", "[::1]:22");
    EXPECT(&header, SIGNATURE "\x21\x21\0\x24"
                              "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x67\0"
                              "\x16");
}
END_TEST

START_TEST(two_families_become_ipv6) {
    struct proxy_header header = header_of(PROXY_V2, "10.0.0.1:4711", "[::1]:22");
    EXPECT(&header, SIGNATURE "\x21\x21\0\x24"
                              "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x67\0"
                              "\x16");
}
END_TEST

START_TEST(without_addresses_version_2_is_unspecified_with_its_values) {
    struct proxy_header header = {.version = PROXY_V2, .command = PROXY_COMMAND_PROXY, .transport = PROXY_STREAM};
    header.unique_id = value_of("3f2a91c0-17");
    EXPECT(&header, SIGNATURE "\x21\0\0\x0e\x05\0\x0b"
                              "3f2a91c0-17");
}
END_TEST

START_TEST(local_has_neither_addresses_nor_values) {
    struct proxy_header header = header_of(PROXY_V2, "10.0.0.1:4711", "10.0.0.2:22");
    header.command = PROXY_COMMAND_LOCAL;
    header.unique_id = value_of("3f2a91c0-17");
    EXPECT(&header, SIGNATURE "\x20\0\0\0");
}
END_TEST

/* Values of their greatest lengths leave out what finds no room, and cut nothing. */
START_TEST(a_header_is_never_longer_than_a_segment) {
    static uint8_t long_text[PROXY_TLS_TEXT_MAX];
    struct proxy_header header = header_of(PROXY_V2, "[2001:db8::1]:4711", "[::1]:22"), read = {.version = PROXY_V2};
    uint8_t bytes[PROXY_WRITTEN_MAX];
    memset(long_text, 'x', sizeof long_text);
    header.authority = (struct proxy_value){long_text, PROXY_AUTHORITY_MAX};
    header.unique_id = (struct proxy_value){long_text, PROXY_UNIQUE_ID_MAX};
    header.alpn = (struct proxy_value){long_text, PROXY_ALPN_MAX};
    header.tls = (struct proxy_tls){.is_used = true, .common_name = {long_text, sizeof long_text}};
    size_t length = proxy_write(bytes, &header), fixed = PROXY_V2_FIXED + 36;
    ck_assert_uint_le(length, PROXY_WRITTEN_MAX);
    ck_assert_uint_eq(length, PROXY_V2_FIXED + (bytes[14] << 8 | bytes[15]));
    ck_assert_int_eq(proxy_read_tlvs(&read, bytes + fixed, length - fixed, NULL), 0);
    ck_assert_uint_eq(read.unique_id.length, PROXY_UNIQUE_ID_MAX);
    ck_assert_uint_eq(read.authority.length, PROXY_AUTHORITY_MAX);
    ck_assert(!read.alpn.bytes && !read.tls.is_used);
}
END_TEST

START_TEST(versions_have_names) {
    enum proxy_version version = PROXY_OFF;
    ck_assert(proxy_version_parse(&version, "v2"));
    ck_assert_int_eq(version, PROXY_V2);
    ck_assert(!proxy_version_parse(&version, "V1"));
    ck_assert(!proxy_version_parse(&version, ""));
    for (int i = PROXY_OFF; i <= PROXY_V2; i++) {
        ck_assert(proxy_version_parse(&version, proxy_version_name((enum proxy_version)i)));
        ck_assert_int_eq((int)version, i);
    }
}
END_TEST

static TCase *version_1(void) {
    TCase *group = tcase_create("version_1");
    tcase_add_loop_test(group, version_1_is_a_line_of_text, 0, sizeof lines / sizeof *lines);
    tcase_add_test(group, without_addresses_version_1_is_unknown);
    tcase_add_test(group, versions_have_names);
    return group;
}

static TCase *version_2(void) {
    TCase *group = tcase_create("version_2");
    tcase_add_test(group, version_2_has_addresses_of_ipv4);
    tcase_add_test(group, version_2_has_addresses_of_ipv6);
    tcase_add_test(group, two_families_become_ipv6);
    tcase_add_test(group, without_addresses_version_2_is_unspecified_with_its_values);
    tcase_add_test(group, local_has_neither_addresses_nor_values);
    tcase_add_test(group, a_header_is_never_longer_than_a_segment);
    return group;
}

UNIT_MAIN("proto/proxy_write", version_1, version_2)

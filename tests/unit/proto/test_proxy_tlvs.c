/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_tlvs: the values of a PROXY header there and back, and those of a peer that counts wrongly.
 */
#include "config.h"

#include "proto/proxy_protocol.h"
#include "unit.h"

#include <string.h>

static struct proxy_value value_of(const char *text) {
    return (struct proxy_value){(const uint8_t *)text, strlen(text)};
}

static void expect(const struct proxy_value *value, const char *wanted) {
    ck_assert_uint_eq(value->length, strlen(wanted));
    ck_assert_mem_eq(value->bytes, wanted, value->length);
}

START_TEST(values_come_back_as_they_were_written) {
    uint8_t bytes[PROXY_TLVS_MAX];
    struct proxy_header read = {.version = PROXY_V2};
    struct proxy_header header = {.authority = value_of("www.example.org"),
                                  .alpn = value_of("h2"),
                                  .unique_id = value_of("3f2a91c0-17"),
                                  .tls = {.is_used = true,
                                          .has_certificate = true,
                                          .is_verified = true,
                                          .version = value_of("TLSv1.3"),
                                          .cipher = value_of("TLS_AES_128_GCM_SHA256"),
                                          .common_name = value_of("alice")}};
    size_t length = proxy_write_tlvs(bytes, sizeof bytes, &header);
    ck_assert_int_eq(proxy_read_tlvs(&read, bytes, length, NULL), 0);
    expect(&read.authority, "www.example.org");
    expect(&read.alpn, "h2");
    expect(&read.unique_id, "3f2a91c0-17");
    expect(&read.tls.version, "TLSv1.3");
    expect(&read.tls.cipher, "TLS_AES_128_GCM_SHA256");
    expect(&read.tls.common_name, "alice");
    ck_assert(read.tls.is_used && read.tls.has_certificate && read.tls.is_verified);
}
END_TEST

#define READ(header, text) proxy_read_tlvs(header, (const uint8_t *)(text), sizeof(text) - 1, &error)

/* A type that is not registered, two authorities, and padding. */
START_TEST(the_first_of_a_type_counts_and_unknown_types_are_skipped) {
    struct error error = {""};
    struct proxy_header header = {.version = PROXY_V2};
    ck_assert_int_eq(READ(&header, "\xe3\0\x02??\x02\0\x01"
                                   "a\x02\0\x01"
                                   "b\x04\0\0"),
                     0);
    expect(&header.authority, "a");
}
END_TEST

START_TEST(a_certificate_that_was_not_verified_is_not_taken_for_one) {
    struct error error = {""};
    struct proxy_header header = {.version = PROXY_V2}, other = header, none = header;
    ck_assert_int_eq(READ(&header, "\x20\0\x05\x07\0\0\0\x01"), 0);
    ck_assert(header.tls.has_certificate && !header.tls.is_verified);
    ck_assert_int_eq(READ(&other, "\x20\0\x05\x01\0\0\0\0"), 0);
    ck_assert(other.tls.is_used && !other.tls.has_certificate && !other.tls.is_verified);
    ck_assert_int_eq(READ(&none, "\x20\0\x05\0\0\0\0\0"), 0);
    ck_assert(!none.tls.is_used);
}
END_TEST

START_TEST(a_value_above_its_limit_is_left_out) {
    uint8_t bytes[3 + 256] = {0x02, 1, 0};
    struct proxy_header header = {.version = PROXY_V2};
    ck_assert_int_eq(proxy_read_tlvs(&header, bytes, sizeof bytes, NULL), 0);
    ck_assert_uint_eq(header.authority.length, 0);
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
} wrong[] = {
    {"\x02", 1},
    {"\x02\0", 2},
    {"\x02\0\x01", 3},
    {"\x02\xff\xff"
     "a",
     4},
    {"\x02\0\x01"
     "a\x05",
     5},
    {"\x20\0\x04\x01\0\0\0", 7},
    {"\x20\0\x06\x01\0\0\0\0\x21", 9},
    {"\x20\0\x09\x01\0\0\0\0\x21\0\x02v", 12},
};

START_TEST(a_length_beyond_its_end_is_refused) {
    struct error error = {""};
    struct proxy_header header = {.version = PROXY_V2};
    ck_assert_int_eq(proxy_read_tlvs(&header, (const uint8_t *)wrong[_i].bytes, wrong[_i].length, &error), -1);
    ck_assert_str_ne(error.text, "");
    ck_assert(!header.tls.is_used);
}
END_TEST

START_TEST(without_room_values_are_left_out_whole) {
    uint8_t bytes[16];
    struct proxy_header header = {.authority = value_of("www.example.org"), .alpn = value_of("h2")};
    ck_assert_uint_eq(proxy_write_tlvs(bytes, sizeof bytes, &header), 5);
    ck_assert_mem_eq(bytes, "\x01\0\x02h2", 5);
    ck_assert_uint_eq(proxy_write_tlvs(bytes, 0, &header), 0);
}
END_TEST

static TCase *tlvs(void) {
    TCase *group = tcase_create("tlvs");
    tcase_add_test(group, values_come_back_as_they_were_written);
    tcase_add_test(group, the_first_of_a_type_counts_and_unknown_types_are_skipped);
    tcase_add_test(group, a_certificate_that_was_not_verified_is_not_taken_for_one);
    tcase_add_test(group, a_value_above_its_limit_is_left_out);
    tcase_add_loop_test(group, a_length_beyond_its_end_is_refused, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(group, without_room_values_are_left_out_whole);
    return group;
}

UNIT_MAIN("proto/proxy_tlvs", tlvs)

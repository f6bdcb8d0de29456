/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_open: OPEN and its answers there and back; words from anywhere never break the JSON.
 */
#include "config.h"

#include "proto/open.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct open_address address(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    ck_assert_int_eq(endpoint_parse(&endpoint, text, NULL), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return open_address_of(&addr);
}

static void expect_same(const struct open_address *a, const struct open_address *b) {
    ck_assert_mem_eq(a->host, b->host, sizeof a->host);
    ck_assert_uint_eq(a->port, b->port);
}

static const struct open_request extremes[] = {
    {.relay = 0, .service = 1, .budget_ms = 0},
    {.relay = UINT64_MAX, .service = UINT32_MAX, .budget_ms = 86400000, .flags = OPEN_FLAGS_IGNORED},
    {.relay = 0x0102030405060708, .service = 0x090a0b0c, .budget_ms = 0x00010203, .flags = 1},
};

START_TEST(open_comes_back_as_it_was_sent) {
    struct open_request sent = extremes[_i], got;
    uint8_t bytes[FRAME_OPEN_MOST],
        tlvs[FRAME_OPEN_TLVS] = {4, (FRAME_OPEN_TLVS - 3) >> 8, (FRAME_OPEN_TLVS - 3) & 0xff};
    struct error error = {{0}};
    sent.client = address("10.0.0.1:4711");
    sent.local = address("[2001:db8::1]:65535");
    sent.tlvs = tlvs;
    sent.tlvs_length = _i == 1 ? sizeof tlvs : 0;
    size_t length = open_format(bytes, &sent);
    ck_assert_uint_eq(length, FRAME_OPEN_SIZE + sent.tlvs_length);
    ck_assert_msg(open_parse(&got, bytes, length, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(got.relay, sent.relay);
    ck_assert_uint_eq(got.service, sent.service);
    ck_assert_uint_eq(got.budget_ms, sent.budget_ms);
    ck_assert_uint_eq(got.flags, sent.flags);
    expect_same(&got.client, &sent.client);
    expect_same(&got.local, &sent.local);
    ck_assert_uint_eq(got.tlvs_length, sent.tlvs_length);
    ck_assert_mem_eq(got.tlvs, tlvs, got.tlvs_length);
}
END_TEST

/* The example in docs/protocol.md. */
START_TEST(open_has_its_fields_where_the_protocol_says) {
    static const uint8_t wanted[FRAME_OPEN_SIZE] = {0,    0,    0,  0, 0, 0, 0,    0x11, 0, 0, 0, 2, 0, 0,
                                                    0x27, 0x10, 0,  0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0,
                                                    0xff, 0xff, 10, 0, 0, 1, 0x12, 0x67, 0, 0, 0, 0, 0, 0,
                                                    0,    0,    0,  0, 0, 0, 0,    0,    0, 0, 0, 22};
    struct open_request open = {
        .relay = 17, .service = 2, .budget_ms = 10000, .client = address("10.0.0.1:4711"), .local = {.port = 22}};
    uint8_t bytes[FRAME_OPEN_MOST];
    ck_assert_uint_eq(open_format(bytes, &open), sizeof wanted);
    ck_assert_mem_eq(bytes, wanted, sizeof wanted);
}
END_TEST

/* Behind the fields zeros are one value each that is not known, and its length. */
START_TEST(open_of_another_length_is_refused) {
    uint8_t bytes[FRAME_OPEN_MOST + 3] = {0};
    struct open_request got;
    struct error error = {{0}};
    for (size_t length = 0; length <= sizeof bytes; length++) {
        bool is_right = length >= FRAME_OPEN_SIZE && length <= FRAME_OPEN_MOST && (length - FRAME_OPEN_SIZE) % 3 == 0;
        ck_assert_int_eq(open_parse(&got, bytes, length, &error), is_right ? 0 : -1);
    }
}
END_TEST

START_TEST(value_that_ends_behind_open_is_refused) {
    uint8_t bytes[FRAME_OPEN_SIZE + 4] = {[FRAME_OPEN_SIZE] = 2, 0, 2};
    struct open_request got;
    struct error error = {{0}};
    ck_assert_int_eq(open_parse(&got, bytes, sizeof bytes, &error), -1);
    ck_assert_str_eq(error.text, "TLV 0x02 is longer than what holds it");
}
END_TEST

START_TEST(flag_that_may_not_be_ignored_is_refused) {
    struct open_request open = {.service = 1, .flags = (uint16_t)(1U << _i)}, got;
    uint8_t bytes[FRAME_OPEN_MOST];
    struct error error = {{0}};
    size_t length = open_format(bytes, &open);
    bool is_known = open.flags & (OPEN_FLAGS_IGNORED | OPEN_FLAG_VISIT);
    ck_assert_int_eq(open_parse(&got, bytes, length, &error), is_known ? 0 : -1);
    ck_assert(is_known || strstr(error.text, "flags"));
}
END_TEST

START_TEST(budget_of_more_than_a_day_is_refused) {
    struct open_request open = {.service = 1, .budget_ms = 86400001}, got;
    uint8_t bytes[FRAME_OPEN_MOST];
    struct error error = {{0}};
    size_t length = open_format(bytes, &open);
    ck_assert_int_eq(open_parse(&got, bytes, length, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "budget"));
}
END_TEST

static const struct {
    const char *address, *text;
} addresses[] = {{"10.0.0.1:4711", "10.0.0.1:4711"},
                 {"[::ffff:10.0.0.1]:4711", "10.0.0.1:4711"},
                 {"[2001:db8::1]:1", "[2001:db8::1]:1"},
                 {"0.0.0.0:80", "0.0.0.0:80"},
                 {"[::]:80", "[::]:80"},
                 {"unix:/run/evil path.sock", "unix:"}};

START_TEST(address_is_written_as_addresses_are) {
    char text[ADDR_TEXT];
    struct open_address got = address(addresses[_i].address);
    ck_assert_str_eq(open_address_format(&got, text, sizeof text), addresses[_i].text);
}
END_TEST

START_TEST(opened_comes_back) {
    char text[400], address[160];
    unsigned dial_ms = 0, lookup_ms = 0;
    size_t length = opened_format(text, sizeof text, "[::1]:5900", 12, 5);
    ck_assert_str_eq(text, "{\"address\":\"[::1]:5900\",\"dial_ms\":12,\"lookup_ms\":5}");
    opened_parse((const uint8_t *)text, length, address, &dial_ms, &lookup_ms);
    ck_assert_str_eq(address, "[::1]:5900");
    ck_assert_uint_eq(dial_ms, 12);
    ck_assert_uint_eq(lookup_ms, 5);
    ck_assert_uint_eq(opened_format(text, length, "[::1]:5900", 12, 5), 0);
}
END_TEST

START_TEST(each_refusal_comes_back) {
    for (int code = REFUSAL_REFUSED; code <= REFUSAL_UNKNOWN_SERVICE; code++) {
        char text[400], words[160];
        enum refusal got = REFUSAL_REFUSED;
        size_t length = refused_format(text, sizeof text, (enum refusal)code, "a\\b \"c\"");
        refused_parse((const uint8_t *)text, length, &got, words);
        ck_assert_int_eq(got, code);
        ck_assert_str_eq(words, "a\\b \"c\"");
    }
    ck_assert(refusal_counts(REFUSAL_DENIED));
    ck_assert(!refusal_counts(REFUSAL_BUSY));
    ck_assert(!refusal_counts(REFUSAL_DRAINING));
    ck_assert(!refusal_counts(REFUSAL_UNKNOWN_SERVICE));
}
END_TEST

START_TEST(any_words_survive_as_clean_ones) {
    static const struct {
        const char *sent, *got;
    } words[] = {{"plain", "plain"},
                 {"", ""},
                 {NULL, ""},
                 {"tab\tbell\a", "tab?bell?"},
                 {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7"},
                 {"latin \xe9", "latin ?"},
                 {"cut \xe2\x82", "cut ??"},
                 {"overlong \xc0\xaf", "overlong ??"},
                 {"surrogate \xed\xa0\x80", "surrogate ???"},
                 {"csi \xc2\x9b", "csi ?"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char text[400], reason[160];
        size_t length = reset_format(text, sizeof text, words[i].sent);
        ck_assert_uint_gt(length, 0);
        reset_parse((const uint8_t *)text, length, reason);
        ck_assert_str_eq(reason, words[i].got);
    }
}
END_TEST

START_TEST(long_words_are_cut_between_characters) {
    char sent[600], text[400], reason[160];
    for (size_t i = 0; i + 3 < sizeof sent; i += 3)
        memcpy(sent + i, "\xe2\x82\xac", 4);
    size_t length = reset_format(text, sizeof text, sent);
    reset_parse((const uint8_t *)text, length, reason);
    ck_assert_uint_eq(strlen(reason), 159);
    char quotes[600];
    memset(quotes, '"', sizeof quotes - 1);
    quotes[sizeof quotes - 1] = '\0';
    length = refused_format(text, sizeof text, REFUSAL_DNS, quotes);
    ck_assert_uint_gt(length, 0);
    enum refusal code;
    refused_parse((const uint8_t *)text, length, &code, reason);
    ck_assert_uint_eq(strlen(reason), 159);
}
END_TEST

START_TEST(a_malformed_notice_says_nothing_and_harms_nothing) {
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "null",
                                        "{\"address\":5,\"dial_ms\":\"x\",\"code\":9,\"message\":[],\"reason\":{}}",
                                        "{\"code\":\"of tomorrow\",\"dial_ms\":-4}",
                                        "{\"dial_ms\":99999999999999}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char words[160] = "untouched";
        unsigned dial_ms = 77, lookup_ms = 77;
        enum refusal code = REFUSAL_BUSY;
        const uint8_t *text = (const uint8_t *)texts[i];
        opened_parse(text, strlen(texts[i]), words, &dial_ms, &lookup_ms);
        ck_assert_str_eq(words, "");
        ck_assert_uint_eq(dial_ms, 0);
        ck_assert_uint_eq(lookup_ms, 0);
        refused_parse(text, strlen(texts[i]), &code, words);
        ck_assert_int_eq(code, REFUSAL_REFUSED);
        ck_assert_str_eq(words, "");
        reset_parse(text, strlen(texts[i]), words);
        ck_assert_str_eq(words, "");
    }
}
END_TEST

START_TEST(address_of_a_socket_comes_back) {
    static const char *const texts[] = {"10.0.0.1:4711", "[2001:db8::1]:65535", "[::1]:1"};
    struct open_address sent = address(texts[_i]);
    struct addr addr = open_address_to_addr(&sent);
    char text[ADDR_TEXT];
    ck_assert_str_eq(addr_format(&addr, text, sizeof text), texts[_i]);
}
END_TEST

/* A balancer may tell an address alone. */
START_TEST(address_without_a_port_is_one) {
    struct open_address without = address("10.0.0.1:1"), none = {.port = 0};
    char text[ADDR_TEXT];
    without.port = 0;
    ck_assert_str_eq(open_address_format(&without, text, sizeof text), "10.0.0.1:0");
    ck_assert(!open_address_is_none(&without));
    ck_assert(open_address_is_none(&none));
}
END_TEST

static TCase *open_message(void) {
    TCase *group = tcase_create("open");
    tcase_add_loop_test(group, open_comes_back_as_it_was_sent, 0, sizeof extremes / sizeof extremes[0]);
    tcase_add_test(group, open_has_its_fields_where_the_protocol_says);
    tcase_add_test(group, open_of_another_length_is_refused);
    tcase_add_test(group, value_that_ends_behind_open_is_refused);
    tcase_add_loop_test(group, flag_that_may_not_be_ignored_is_refused, 0, 16);
    tcase_add_test(group, budget_of_more_than_a_day_is_refused);
    tcase_add_test(group, address_without_a_port_is_one);
    tcase_add_loop_test(group, address_of_a_socket_comes_back, 0, 3);
    tcase_add_loop_test(group, address_is_written_as_addresses_are, 0, sizeof addresses / sizeof addresses[0]);
    return group;
}

static TCase *answers(void) {
    TCase *group = tcase_create("answers");
    tcase_add_test(group, opened_comes_back);
    tcase_add_test(group, each_refusal_comes_back);
    tcase_add_test(group, any_words_survive_as_clean_ones);
    tcase_add_test(group, long_words_are_cut_between_characters);
    tcase_add_test(group, a_malformed_notice_says_nothing_and_harms_nothing);
    return group;
}

UNIT_MAIN("proto/open", open_message, answers)

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

START_TEST(open_comes_back_as_it_was_sent) {
    char first[] = "localhost:5900", second[] = "[::1]:5901", third[] = "unix:/run/a \"b\".sock";
    char *to[] = {first, second, third}, text[1024];
    char *terms = open_format_terms("Win\"VNC\\", to, 3, (const uint16_t[]){80, 65535}, 2);
    size_t length = open_format(text, sizeof text, terms, "3f2a0011-17", "10.0.0.1:4711", 9000);
    struct open_request got;
    struct error error = {{0}};
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_msg(open_parse(&got, text, length, &error) == 0, "%s in %s", error.text, text);
    ck_assert_str_eq(got.id, "3f2a0011-17");
    ck_assert_str_eq(got.service, "Win\"VNC\\");
    ck_assert_str_eq(got.from, "10.0.0.1:4711");
    ck_assert_uint_eq(got.timeout_ms, 9000);
    ck_assert_int_eq(got.to_count, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(got.to[i], to[i]);
    ck_assert_int_eq(got.port_count, 2);
    ck_assert_uint_eq(got.ports[0], 80);
    ck_assert_uint_eq(got.ports[1], 65535);
    open_done(&got);
    free(terms);
}
END_TEST

START_TEST(an_open_that_does_not_fit_is_not_written_in_part) {
    char only[] = "localhost:5900", *to[] = {only}, text[1024];
    char *terms = open_format_terms("x", to, 1, NULL, 0);
    size_t length = open_format(text, sizeof text, terms, "a-1", "b", 1);
    ck_assert_uint_eq(open_format(text, length, terms, "a-1", "b", 1), 0);
    ck_assert_uint_eq(open_format(text, length + 1, terms, "a-1", "b", 1), length);
    free(terms);
}
END_TEST

START_TEST(terms_hold_no_more_destinations_than_open_may) {
    char each[] = "a:1", *to[OPEN_DESTINATIONS_MAX + 3];
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++)
        to[i] = each;
    char *terms = open_format_terms("x", to, sizeof to / sizeof to[0], NULL, 0), text[1024];
    struct open_request got;
    size_t length = open_format(text, sizeof text, terms, "a-1", "b", 1);
    ck_assert_int_eq(open_parse(&got, text, length, NULL), 0);
    ck_assert_int_eq(got.to_count, OPEN_DESTINATIONS_MAX);
    open_done(&got);
    free(terms);
    ck_assert_ptr_null(open_format_terms("\xff", to, 1, NULL, 0));
}
END_TEST

/* Quotation marks and backslashes take two bytes each in JSON; OPEN has 3584 for all of it. */
START_TEST(the_longest_destinations_that_pass_fit_into_open) {
    char longest[300] = "unix:/", *to[OPEN_DESTINATIONS_MAX];
    uint16_t ports[OPEN_PORTS_MAX];
    memset(longest + strlen(longest), '"', 107 - 1); /* as long as a socket's path may be */
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++)
        to[i] = longest;
    for (size_t i = 0; i < OPEN_PORTS_MAX; i++)
        ports[i] = 65535;
    char *terms = open_format_terms("x", to, OPEN_DESTINATIONS_MAX, ports, OPEN_PORTS_MAX);
    ck_assert_ptr_nonnull(terms);
    ck_assert_uint_le(strlen(terms) + PROTO_NAME_MAX, 3584);
    free(terms);
}
END_TEST

#define TERMS "\"id\":\"a-1\",\"service\":\"s\",\"timeout_ms\":5"
static const char *const bad_opens[] = {
    "{}",
    "{" TERMS "}",
    "{" TERMS ",\"to\":\"a:1\"}",
    "{" TERMS ",\"to\":[]}",
    "{" TERMS ",\"to\":[\"\"]}",
    "{" TERMS ",\"to\":[1]}",
    "{" TERMS ",\"to\":[null]}",
    "{" TERMS ",\"to\":[\"a:1\\u0007\"]}",
    "{" TERMS ",\"to\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
    "{" TERMS ",\"to\":[\"a:1\"],\"from\":7}",
    "{\"id\":\"a-1\",\"service\":\"s\",\"timeout_ms\":-5,\"to\":[\"a:1\"]}",
    "{\"id\":\"a-1\",\"service\":\"s\",\"timeout_ms\":\"5\",\"to\":[\"a:1\"]}",
    "{\"id\":\"a-1\",\"service\":\"s\",\"to\":[\"a:1\"]}",
    "{\"id\":\"\",\"service\":\"s\",\"timeout_ms\":5,\"to\":[\"a:1\"]}",
    "{\"id\":\"123456789012345678901234567890123\",\"service\":\"s\",\"timeout_ms\":5,\"to\":[\"a:1\"]}",
    "{\"id\":\"a-1\",\"service\":\"a\\r\\nb\",\"timeout_ms\":5,\"to\":[\"a:1\"]}",
};

START_TEST(a_bad_open_is_refused) {
    struct open_request got;
    struct error error = {{0}};
    ck_assert_msg(open_parse(&got, bad_opens[_i], strlen(bad_opens[_i]), &error) == -1, "taken: %s", bad_opens[_i]);
    ck_assert_str_ne(error.text, "");
    ck_assert_ptr_null(got.json);
    ck_assert_int_eq(got.to_count, 0);
}
END_TEST

START_TEST(opened_comes_back) {
    char text[400], address[160];
    unsigned dial_ms = 0;
    size_t length = opened_format(text, sizeof text, "[::1]:5900", 12);
    ck_assert_str_eq(text, "{\"address\":\"[::1]:5900\",\"dial_ms\":12}");
    opened_parse((const uint8_t *)text, length, address, &dial_ms);
    ck_assert_str_eq(address, "[::1]:5900");
    ck_assert_uint_eq(dial_ms, 12);
    ck_assert_uint_eq(opened_format(text, length, "[::1]:5900", 12), 0);
}
END_TEST

START_TEST(each_refusal_comes_back) {
    for (int code = REFUSAL_REFUSED; code <= REFUSAL_DRAINING; code++) {
        char text[400], words[160];
        enum refusal got = REFUSAL_REFUSED;
        size_t length = refused_format(text, sizeof text, (enum refusal)code, "a\\b \"c\"");
        refused_parse((const uint8_t *)text, length, &got, words);
        ck_assert_int_eq(got, code);
        ck_assert_str_eq(words, "a\\b \"c\"");
    }
    ck_assert_str_eq(refusal_name(REFUSAL_DNS), "dns");
    ck_assert(refusal_counts(REFUSAL_DENIED));
    ck_assert(!refusal_counts(REFUSAL_BUSY));
    ck_assert(!refusal_counts(REFUSAL_DRAINING));
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
        unsigned dial_ms = 77;
        enum refusal code = REFUSAL_BUSY;
        const uint8_t *text = (const uint8_t *)texts[i];
        opened_parse(text, strlen(texts[i]), words, &dial_ms);
        ck_assert_str_eq(words, "");
        ck_assert_uint_eq(dial_ms, 0);
        refused_parse(text, strlen(texts[i]), &code, words);
        ck_assert_int_eq(code, REFUSAL_REFUSED);
        ck_assert_str_eq(words, "");
        reset_parse(text, strlen(texts[i]), words);
        ck_assert_str_eq(words, "");
    }
}
END_TEST

static TCase *open_message(void) {
    TCase *group = tcase_create("open");
    tcase_add_test(group, open_comes_back_as_it_was_sent);
    tcase_add_test(group, an_open_that_does_not_fit_is_not_written_in_part);
    tcase_add_test(group, the_longest_destinations_that_pass_fit_into_open);
    tcase_add_test(group, terms_hold_no_more_destinations_than_open_may);
    tcase_add_loop_test(group, a_bad_open_is_refused, 0, (int)(sizeof bad_opens / sizeof bad_opens[0]));
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

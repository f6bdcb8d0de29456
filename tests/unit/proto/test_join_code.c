/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_join_code: join codes there and back, and damaged in every place.
 */
#include "config.h"

#include "unit.h"

#include "proto/join_code.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static struct join_code sample(void) {
    struct join_code code = {.server_count = 2, .pin_count = 1};
    snprintf(code.servers[0], JOIN_CODE_SERVER_TEXT, "munnel.example:10001");
    snprintf(code.servers[1], JOIN_CODE_SERVER_TEXT, "[2001:db8::1]:443");
    snprintf(code.pins[0], JOIN_CODE_PIN_TEXT, "sha256:%064d", 7);
    ck_assert_int_eq(auth_token_make(&code.token, "web1"), 0);
    return code;
}

static void check_equal(const struct join_code *got, const struct join_code *sent) {
    ck_assert_uint_eq(got->server_count, sent->server_count);
    for (size_t i = 0; i < sent->server_count; i++)
        ck_assert_str_eq(got->servers[i], sent->servers[i]);
    ck_assert_uint_eq(got->pin_count, sent->pin_count);
    for (size_t i = 0; i < sent->pin_count; i++)
        ck_assert_str_eq(got->pins[i], sent->pins[i]);
    ck_assert_str_eq(got->token.name, sent->token.name);
    ck_assert_mem_eq(got->token.secret, sent->token.secret, SECRET_SIZE);
}

START_TEST(a_code_comes_back) {
    /* Names of each length: every remainder of the encoding. */
    for (size_t length = 1; length <= 6; length++) {
        struct join_code sent = sample(), got;
        memset(sent.servers[0], 'a', length);
        snprintf(sent.servers[0] + length, 8, ":1");
        char text[JOIN_CODE_TEXT];
        struct error error = {{0}};
        ck_assert_msg(join_code_format(&sent, text, &error) == 0, "%s", error.text);
        ck_assert_int_eq(strncmp(text, "munnel1.", 8), 0);
        ck_assert_uint_eq(strcspn(text, " \n=+/"), strlen(text));
        ck_assert_msg(join_code_parse(&got, text, &error) == 0, "%s", error.text);
        check_equal(&got, &sent);
    }
}
END_TEST

START_TEST(white_space_and_folded_lines_are_forgiven) {
    struct join_code sent = sample(), got;
    char text[JOIN_CODE_TEXT], folded[2 * JOIN_CODE_TEXT];
    ck_assert_int_eq(join_code_format(&sent, text, NULL), 0);
    size_t used = (size_t)snprintf(folded, sizeof folded, "\n  ");
    for (size_t i = 0; text[i]; i++) {
        folded[used++] = text[i];
        if (i > 8 && i % 60 == 0)
            folded[used++] = '\n';
    }
    snprintf(folded + used, 4, " \r\n");
    ck_assert_int_eq(join_code_parse(&got, folded, NULL), 0);
    check_equal(&got, &sent);
}
END_TEST

START_TEST(eight_long_servers_fit) {
    struct join_code code = sample(), got;
    char text[JOIN_CODE_TEXT];
    code.server_count = JOIN_CODE_SERVERS;
    for (size_t i = 0; i < JOIN_CODE_SERVERS; i++)
        snprintf(code.servers[i], JOIN_CODE_SERVER_TEXT, "%060zu.%060zu.%060zu.%060zu.example:65535", i, i, i, i);
    ck_assert_int_eq(join_code_format(&code, text, NULL), 0);
    ck_assert_int_eq(join_code_parse(&got, text, NULL), 0);
    check_equal(&got, &code);
}
END_TEST

START_TEST(a_cut_code_is_never_taken) {
    struct join_code sent = sample(), got;
    char text[JOIN_CODE_TEXT];
    ck_assert_int_eq(join_code_format(&sent, text, NULL), 0);
    for (size_t length = strlen(text); length-- > 0;) {
        struct error error = {{0}};
        text[length] = '\0';
        ck_assert_int_eq(join_code_parse(&got, text, &error), -1);
        ck_assert_str_ne(error.text, "");
        ck_assert_uint_eq(got.server_count, 0);
    }
}
END_TEST

static void refuses(const char *json) {
    struct join_code got;
    unsigned char encoded[2048];
    char text[2100];
    EVP_EncodeBlock(encoded, (const unsigned char *)json, (int)strlen(json));
    encoded[strcspn((char *)encoded, "=")] = '\0';
    for (unsigned char *at = encoded; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    snprintf(text, sizeof text, "munnel1.%s", (char *)encoded);
    struct error error = {{0}};
    ck_assert_msg(join_code_parse(&got, text, &error) == -1, "taken: %s", json);
    ck_assert_ptr_null(strstr(error.text, "0123456789abcdef"));
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
START_TEST(what_is_in_it_is_checked) {
    refuses("");
    refuses("[]");
    refuses("{}");
    refuses("{\"s\":[],\"p\":[\"" HEX "\"],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[\"a\"],\"p\":[\"" HEX "\"],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[7],\"p\":[\"" HEX "\"],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[\":80\"],\"p\":[\"" HEX "\"],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[\"unix:/x\"],\"p\":[\"" HEX "\"],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[\"a:1\",\"a:1\",\"a:1\",\"a:1\",\"a:1\",\"a:1\",\"a:1\",\"a:1\",\"a:1\"],\"p\":[\"" HEX
            "\"],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[\"a:1\"],\"p\":[],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[\"a:1\"],\"p\":[\"00\"],\"t\":\"a:" HEX "\"}");
    refuses("{\"s\":[\"a:1\"],\"p\":[\"" HEX "\"],\"t\":\"" HEX "\"}");
    refuses("{\"s\":[\"a:1\"],\"p\":[\"" HEX "\"],\"t\":5}");
    refuses("{\"s\":[\"a:1\"],\"p\":[\"" HEX "\"]}");
}
END_TEST

/* What is pasted instead of a code: each error names what to do, and none shows the secret. */
static const struct {
    const char *text, *error;
} pasted[] = {
    {"", "there is no join code, only white space"},
    {" \r\n", "there is no join code, only white space"},
    {"hello", "a join code begins with \"munnel1.\""},
    {"default:" HEX "\n", "this is a token, not a join code"},
    {"munnel2.e30", "for another version of munnel-agent"},
    {"munnel-agent --join -", "a join code begins with \"munnel1.\""},
    {"munnel1.e30", "the join code is damaged"},
};

START_TEST(an_error_names_what_was_pasted_instead) {
    struct join_code got;
    struct error error = {{0}};
    ck_assert_int_eq(join_code_parse(&got, pasted[_i].text, &error), -1);
    ck_assert_msg(strstr(error.text, pasted[_i].error), "%s", error.text);
    ck_assert_ptr_null(strstr(error.text, "0123456789abcdef"));
}
END_TEST

START_TEST(what_is_no_code_is_refused) {
    static const char *const bad[] = {"",          "hello",        "munnel2.e30",
                                      "munnel1.",  "munnel1.e30=", "munnel1.e30+",
                                      "munnel1.e", "default:" HEX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct join_code got;
        struct error error = {{0}};
        ck_assert_msg(join_code_parse(&got, bad[i], &error) == -1, "taken: %s", bad[i]);
        ck_assert_ptr_null(strstr(error.text, HEX));
    }
    char large[3 * JOIN_CODE_TEXT];
    memset(large, 'A', sizeof large);
    memcpy(large, "munnel1.", 8);
    large[sizeof large - 1] = '\0';
    struct join_code got;
    ck_assert_int_eq(join_code_parse(&got, large, NULL), -1);
}
END_TEST

static TCase *codes(void) {
    TCase *group = tcase_create("codes");
    tcase_add_test(group, a_code_comes_back);
    tcase_add_test(group, white_space_and_folded_lines_are_forgiven);
    tcase_add_test(group, eight_long_servers_fit);
    tcase_add_test(group, a_cut_code_is_never_taken);
    tcase_add_test(group, what_is_in_it_is_checked);
    tcase_add_test(group, what_is_no_code_is_refused);
    tcase_add_loop_test(group, an_error_names_what_was_pasted_instead, 0, (int)(sizeof pasted / sizeof pasted[0]));
    return group;
}

UNIT_MAIN("proto/join_code", codes)

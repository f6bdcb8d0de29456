/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_http_head: heads of answers, byte by byte, folded, and malformed.
 */
#include "config.h"

#include "unit.h"

#include "proto/http_head.h"

#include <string.h>

static char fields[512];

static void note_field(void *context, const char *name, size_t name_length, const char *value, size_t value_length) {
    size_t used = strlen(fields);
    ck_assert_ptr_eq(context, fields);
    snprintf(fields + used, sizeof fields - used, "%.*s=%.*s;", (int)name_length, name, (int)value_length, value);
}

static bool parse(struct http_head *head, const char *text, size_t length) {
    uint8_t bytes[512];
    ck_assert_uint_le(length, sizeof bytes);
    memcpy(bytes, text, length);
    fields[0] = '\0';
    return http_head_parse(head, bytes, length, note_field, fields);
}

START_TEST(a_head_is_read) {
    static const struct {
        const char *text, *reason, *fields;
        unsigned status;
    } cases[] = {
        {"HTTP/1.1 200 Connection established\r\n\r\n", "Connection established", "", 200},
        {"HTTP/1.0 200 OK\r\nProxy-agent: x/1\r\n\r\n", "OK", "Proxy-agent=x/1;", 200},
        {"HTTP/1.1 407\r\nA:\r\nB:b\r\n\r\n", "", "A=;B=b;", 407},
        {"HTTP/1.1 502 \r\n\r\n", "", "", 502},
        {"HTTP/1.1 200 OK\nA: \t b c \t\n\n", "OK", "A=b c;", 200},
        {"HTTP/1.1 407 x\r\nA: b,\r\n\t c\r\n d\r\nE: f\r\n\r\n", "x", "A=b,  \t c   d;E=f;", 407},
        {"HTTP/1.1 200 \xc3\xa4h\r\n\r\n", "??h", "", 200},
        {"HTTP/1.1 200 OK\r\nA: \xc3\xa4\r\n\r\n", "OK", "A=\xc3\xa4;", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_head head;
        ck_assert_msg(parse(&head, cases[i].text, strlen(cases[i].text)), "%s", cases[i].text);
        ck_assert_uint_eq(head.status, cases[i].status);
        ck_assert_str_eq(head.reason, cases[i].reason);
        ck_assert_str_eq(fields, cases[i].fields);
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
                                        "HTTP/1.1 200 O\x01K\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\n folded: into nothing\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nspace : x\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nbare: \rcr\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nA: b\r\n"};
    struct http_head head;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(!parse(&head, texts[i], strlen(texts[i])), "%s", texts[i]);
    ck_assert(!parse(&head, "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 28));
    ck_assert(!parse(&head, "HTTP/1.1 200\0OK\r\n\r\n", 19));
}
END_TEST

START_TEST(its_end_is_found_wherever_it_is_cut) {
    static const char *const texts[] = {"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
                                        "HTTP/1.1 200 OK\r\nA: b\n\r\n", "HTTP/1.1 200 OK\nA: b\r\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t whole = strlen(texts[i]), scanned = 0;
        char more[64];
        snprintf(more, sizeof more, "%srest\r\n\r\n", texts[i]);
        for (size_t length = 0; length < whole; length++)
            ck_assert_uint_eq(http_head_find_end((const uint8_t *)more, length, &scanned), 0);
        ck_assert_uint_eq(http_head_find_end((const uint8_t *)more, whole, &scanned), whole);
        scanned = 0;
        ck_assert_uint_eq(http_head_find_end((const uint8_t *)more, strlen(more), &scanned), whole);
    }
}
END_TEST

START_TEST(what_is_no_http_is_known_by_its_first_byte) {
    ck_assert(http_head_may_begin((const uint8_t *)"", 0));
    ck_assert(http_head_may_begin((const uint8_t *)"HTT", 3));
    ck_assert(http_head_may_begin((const uint8_t *)"HTTP/1.1 x", 10));
    ck_assert(!http_head_may_begin((const uint8_t *)"S", 1));
    ck_assert(!http_head_may_begin((const uint8_t *)"HTTP/2", 6));
}
END_TEST

static TCase *parsing(void) {
    TCase *group = tcase_create("parsing");
    tcase_add_test(group, a_head_is_read);
    tcase_add_test(group, a_malformed_head_is_refused);
    tcase_add_test(group, its_end_is_found_wherever_it_is_cut);
    tcase_add_test(group, what_is_no_http_is_known_by_its_first_byte);
    return group;
}

UNIT_MAIN("proto/http_head", parsing)

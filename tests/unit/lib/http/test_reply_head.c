/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reply_head: heads of answers, sizes of chunks, events.
 */
#include "config.h"

#include "lib/http/reply_head.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(struct reply_head *head, const char *text) {
    return reply_head_parse(head, text, strlen(text));
}

START_TEST(a_head_is_taken_apart) {
    static const char text[] = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Type: application/json; charset=utf-8\r\n"
                               "content-length: 12\r\nConnection: close\r\n\r\n{";
    struct reply_head head;
    ck_assert_int_eq(parse(&head, text), 1);
    ck_assert_uint_eq(head.status, 200);
    ck_assert_uint_eq(head.size, sizeof text - 2);
    ck_assert_str_eq(head.version, "v1");
    ck_assert_str_eq(head.content_type, "application/json");
    ck_assert(head.has_length && !head.is_chunked && head.must_close);
    ck_assert_uint_eq(head.length, 12);
    for (size_t length = 0; length < head.size; length++) {
        struct reply_head part;
        ck_assert_int_eq(reply_head_parse(&part, text, length), 0);
    }
}
END_TEST

START_TEST(a_malformed_head_is_refused) {
    static const char *const bad[] = {"\r\n",
                                      "HTTP/2 200 OK\r\n",
                                      "HTTP/1.1 20 OK\r\n",
                                      "HTTP/1.1 100 Continue\r\n",
                                      "HTTP/1.1 200 OK\r\n: a\r\n",
                                      "HTTP/1.1 200 OK\r\nno colon\r\n",
                                      "HTTP/1.1 200 OK\n",
                                      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
                                      "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n",
                                      "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
                                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply_head head;
        ck_assert_msg(parse(&head, bad[i]) == -1, "%s", bad[i]);
    }
    char *longest = malloc(20000);
    memset(longest, 'a', 20000);
    struct reply_head head;
    ck_assert_int_eq(reply_head_parse(&head, longest, 20000), -1);
    free(longest);
}
END_TEST

START_TEST(a_chunk_has_a_size) {
    static const struct {
        const char *text;
        int result;
        size_t size;
    } cases[] = {{"1a\r\n", 1, 26},
                 {"0\r\n", 1, 0},
                 {"1", 0, 0},
                 {"1\r", 0, 0},
                 {"", 0, 0},
                 {"x", -1, 0},
                 {"1x", -1, 0},
                 {"1;a\r\n", -1, 0},
                 {"\r\n", -1, 0},
                 {"1\n\n", -1, 0},
                 {"123456789\r\n", -1, 0},
                 {"-1\r\n", -1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t line, size = 0;
        ck_assert_msg(reply_chunk_parse(cases[i].text, strlen(cases[i].text), &line, &size) == cases[i].result, "%s",
                      cases[i].text);
        if (cases[i].result == 1) {
            ck_assert_uint_eq(line, strlen(cases[i].text));
            ck_assert_uint_eq(size, cases[i].size);
        }
    }
}
END_TEST

START_TEST(an_event_is_its_lines_up_to_an_empty_one) {
    char text[] = ":comment\nid: 7\r\nevent: tick\ndata: a\ndata:b\r\ndata\nretry: 5\n\nrest";
    struct reply_event event;
    size_t taken;
    ck_assert_int_eq(reply_event_parse(&event, text, sizeof text - 1, &taken), 1);
    ck_assert_str_eq(event.id, "7");
    ck_assert_str_eq(event.name, "tick");
    ck_assert_str_eq(event.data, "a\nb\n");
    ck_assert_str_eq(text + taken, "rest");
    char comment[] = ":\n\n", part[] = "data: a\n";
    ck_assert_int_eq(reply_event_parse(&event, comment, 3, &taken), 1);
    ck_assert_ptr_null(event.data);
    ck_assert_int_eq(reply_event_parse(&event, part, 8, &taken), 0);
    ck_assert_uint_eq(taken, 0);
}
END_TEST

static TCase *parsing(void) {
    TCase *group = tcase_create("parsing");
    tcase_add_test(group, a_head_is_taken_apart);
    tcase_add_test(group, a_malformed_head_is_refused);
    tcase_add_test(group, a_chunk_has_a_size);
    tcase_add_test(group, an_event_is_its_lines_up_to_an_empty_one);
    return group;
}

UNIT_MAIN("lib/http/reply_head", parsing)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_http_status: the status of an answer, byte by byte, and what is no answer of HTTP/1.
 */
#include "config.h"

#include "relay/health/http_status.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *answer;
    unsigned status;
} answers[] = {
    {"HTTP/1.1 200 OK\r\n", 200},
    {"HTTP/1.0 503 Service Unavailable\r\n", 503},
    {"HTTP/1.1 204 \r\n", 204},
    {"HTTP/1.1 404\r\n", 404},
    {"HTTP/1.1 101 Switching Protocols\r\n", 101},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", 200},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX: y\r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 500 no\r\n", 500},
};

/* However it comes in pieces: nothing is known before the last byte. */
START_TEST(status_is_known_with_the_last_byte_of_its_line) {
    const char *answer = answers[_i].answer;
    unsigned status = 0;
    for (size_t length = 0; length < strlen(answer); length++)
        ck_assert_msg(http_status_find(answer, length, &status) == 0, "after %zu bytes", length);
    ck_assert_int_eq(http_status_find(answer, strlen(answer), &status), 1);
    ck_assert_uint_eq(status, answers[_i].status);
}
END_TEST

static const char *const no_answers[] = {
    "x",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "220 mail.example ESMTP\r\n",
    "HTTP/2 200\r\n",
    "HTTP/1.1  200 OK\r\n",
    "HTTP/1.1 20 OK\r\n",
    "HTTP/1.1 2000 OK\r\n",
    "HTTP/1.1 20x OK\r\n",
    "HTTP/1.1 099 no\r\n",
    "HTTP/1.1 600 no\r\n",
    "HTTP/1.1 200 OK\n",
    "HTTP/1.1 200OK\r\n",
    "http/1.1 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nSSH",
    "HTTP/1.1 100 Continue\r\nX: y\n\r\n",
    "HTTP/1.1\r\n",
    "<html>",
};

START_TEST(what_is_no_http_is_found_out) {
    unsigned status;
    ck_assert_msg(http_status_find(no_answers[_i], strlen(no_answers[_i]), &status) == -1, "%s", no_answers[_i]);
}
END_TEST

START_TEST(nul_within_a_line_is_refused) {
    unsigned status;
    ck_assert_int_eq(http_status_find("HTTP/1.1 200 a\0b\r\n", 18, &status), -1);
}
END_TEST

/* A server that sends on and on, a line without an end or interim answers without end, is given up. */
START_TEST(answer_without_end_is_refused_at_the_limit) {
    static char bytes[HTTP_STATUS_BYTES_MAX];
    unsigned status;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "HTTP/1.1 200 ", 13);
    ck_assert_int_eq(http_status_find(bytes, sizeof bytes - 1, &status), 0);
    ck_assert_int_eq(http_status_find(bytes, sizeof bytes, &status), -1);
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = interim[i % (sizeof interim - 1)];
    ck_assert_int_eq(http_status_find(bytes, sizeof bytes - 1, &status), 0);
    ck_assert_int_eq(http_status_find(bytes, sizeof bytes, &status), -1);
}
END_TEST

static TCase *answering(void) {
    TCase *group = tcase_create("answers");
    tcase_add_loop_test(group, status_is_known_with_the_last_byte_of_its_line, 0, sizeof answers / sizeof *answers);
    tcase_add_loop_test(group, what_is_no_http_is_found_out, 0, sizeof no_answers / sizeof *no_answers);
    tcase_add_test(group, nul_within_a_line_is_refused);
    tcase_add_test(group, answer_without_end_is_refused_at_the_limit);
    return group;
}

UNIT_MAIN("relay/health/http_status", answering)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_http_requests: of each request its host and its end are found, in any pieces; what is malformed is refused.
 */
#include "config.h"

#include "unit.h"

#include "proto/http_requests.h"

#include <string.h>

/* The steps of a text, each with the host or the detail: "head web.example, end, " and so on; in pieces of `piece`. */
static void read_steps(const char *text, size_t piece, char *steps, size_t size) {
    struct http_requests *requests = http_requests_new();
    size_t length = strlen(text), at = 0, taken;
    enum http_step step = HTTP_STEP_MORE;

    ck_assert_ptr_nonnull(requests);
    *steps = '\0';
    while (at < length && step != HTTP_STEP_WRONG) {
        size_t now = length - at < piece ? length - at : piece, end = at + now;
        do {
            step = http_requests_read(requests, (const uint8_t *)text + at, end - at, &taken);
            ck_assert_uint_le(taken, end - at);
            at += taken;
            size_t used = strlen(steps);
            if (step == HTTP_STEP_HEAD)
                snprintf(steps + used, size - used, "head %s at %zu, ", http_requests_host(requests), at);
            else if (step == HTTP_STEP_END || step == HTTP_STEP_UPGRADE)
                snprintf(steps + used, size - used, "%s at %zu, ", step == HTTP_STEP_END ? "end" : "upgrade", at);
            else if (step == HTTP_STEP_WRONG)
                snprintf(steps + used, size - used, "wrong: %s", http_requests_detail(requests));
        } while (step != HTTP_STEP_MORE && step != HTTP_STEP_WRONG);
    }
    http_requests_free(requests);
}

#define GET(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"

static const struct {
    const char *text, *steps;
} cases[] = {
    {GET("web.example"), "head web.example at 37, end at 37, "},
    {GET("WEB.example:8080"), "head web.example at 42, end at 42, "},
    {GET("a") GET("b"), "head a at 27, end at 27, head b at 54, end at 54, "},
    {"\r\n" GET("a"), "head a at 29, end at 29, "},
    {"GET / HTTP/1.0\r\n\r\n", "head  at 18, end at 18, "},
    {"GET / HTTP/1.1\r\nhOsT:\ta \r\nX: b\r\n\r\n", "head a at 34, end at 34, "},
    {"GET http://other.example/x HTTP/1.1\r\nHost: a\r\n\r\n", "head other.example at 48, end at 48, "},
    {"GET HTTP://other.example:80?x HTTP/1.1\r\nHost: a\r\n\r\n", "head other.example at 51, end at 51, "},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" GET("b"),
     "head a at 47, end at 50, head b at 77, end at 77, "},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" GET("b"),
     "head a at 56, end at 67, head b at 94, end at 94, "},
    {"CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n",
     "head db.example at 59, end at 59, upgrade at 59, "},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" GET("b"),
     "head a at 68, end at 68, upgrade at 68, head b at 95, end at 95, "},
    {"GET / HTTP/1.1\r\n\r\n", "wrong: no Host"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "head  at 25, end at 25, "},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "wrong: more than one Host"},
    {"GET http://b/ HTTP/1.1\r\n\r\n", "wrong: no Host"},
    {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "wrong: malformed Host"},
    {"GET http://user@b/ HTTP/1.1\r\nHost: a\r\n\r\n", "wrong: malformed Host"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "wrong: malformed Host"},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "wrong: malformed Host"},
};

START_TEST(host_and_end_of_each_request_are_found) {
    char steps[512];

    for (size_t piece = 1; piece <= strlen(cases[_i].text); piece++) {
        read_steps(cases[_i].text, piece, steps, sizeof steps);
        ck_assert_str_eq(steps, cases[_i].steps);
    }
}
END_TEST

static const char *const wrong[] = {
    "SSH-2.0-OpenSSH_9.2\r\n",
    "\x16\x03\x01",
    "GET / HTTP/1.1\nHost a\n\n",
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

START_TEST(what_two_parsers_might_read_differently_is_refused) {
    char steps[512];

    read_steps(wrong[_i], 4096, steps, sizeof steps);
    ck_assert_ptr_nonnull(strstr(steps, "wrong"));
}
END_TEST

START_TEST(a_host_that_is_too_long_is_refused) {
    char text[1024], steps[512], name[400] = "";

    memset(name, 'a', sizeof name - 1);
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name);
    read_steps(text, 4096, steps, sizeof steps);
    ck_assert_str_eq(steps, "wrong: Host is too long");
    snprintf(text, sizeof text, "GET /%s%s HTTP/1.1\r\nHost: a\r\n\r\n", name, name);
    read_steps(text, 7, steps, sizeof steps);
    ck_assert_ptr_nonnull(strstr(steps, "head a"));
}
END_TEST

START_TEST(the_preface_of_http_2_is_known) {
    ck_assert(http_is_preface((const uint8_t *)"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24));
    ck_assert(!http_is_preface((const uint8_t *)"PRI * HTTP/2.0\r", 15));
    ck_assert(!http_is_preface((const uint8_t *)GET("a"), 27));
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");

    tcase_add_loop_test(group, host_and_end_of_each_request_are_found, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(group, what_two_parsers_might_read_differently_is_refused, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(group, a_host_that_is_too_long_is_refused);
    tcase_add_test(group, the_preface_of_http_2_is_known);
    return group;
}

UNIT_MAIN("proto/http_requests", reading)

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_http_responses: which requests are answered, in any pieces; and what follows a response that is none.
 */
#include "config.h"

#include "unit.h"

#include "proto/http_responses.h"

#include <string.h>

/* asked: a letter for each request, 'g' GET, 'h' HEAD, 'c' CONNECT. */
static const struct {
    const char *asked, *text;
    size_t waiting;
    bool is_between, is_lost;
    enum http_upgrade upgrade;
} cases[] = {
    {"g", "", 1, true, false, HTTP_UPGRADE_NONE},
    {"g", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", 1, false, false, HTTP_UPGRADE_REFUSED},
    {"g", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, true, false, HTTP_UPGRADE_REFUSED},
    {"gg", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n", 1, false, false,
     HTTP_UPGRADE_NONE},
    {"gg", "HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 0, true, false, HTTP_UPGRADE_REFUSED},
    {"g", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, true, false,
     HTTP_UPGRADE_REFUSED},
    {"g", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 1, false, false, HTTP_UPGRADE_REFUSED},
    /* A response to HEAD has no body, and one to GET behind it has. */
    {"hg", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, true,
     false, HTTP_UPGRADE_REFUSED},
    {"g", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 1, true, false,
     HTTP_UPGRADE_NONE},
    {"g", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, true, false,
     HTTP_UPGRADE_REFUSED},
    /* Up to the end of the connection. */
    {"g", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1, false, false, HTTP_UPGRADE_REFUSED},
    {"g", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 0, false, false, HTTP_UPGRADE_REFUSED},
    {"g", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 0, false, false, HTTP_UPGRADE_REFUSED},
    {"g", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nanything", 1, false, false,
     HTTP_UPGRADE_DONE},
    {"gg", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", 2, false, true,
     HTTP_UPGRADE_NONE},
    {"c", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nanything", 1, false, false, HTTP_UPGRADE_DONE},
    {"c", "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nabc", 0, true, false, HTTP_UPGRADE_REFUSED},
    /* Not asked for, as nginx does when a client is silent; and no HTTP at all. */
    {"", "HTTP/1.1 408 Request Timeout\r\n", 0, false, true, HTTP_UPGRADE_NONE},
    {"g", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 408 Request Timeout\r\n", 0, false, true,
     HTTP_UPGRADE_REFUSED},
    {"g", "SSH-2.0-server\r\n", 1, false, true, HTTP_UPGRADE_NONE},
};

static void check_case(size_t index, size_t piece) {
    struct http_responses *responses = http_responses_new();
    size_t length = strlen(cases[index].text);

    ck_assert_ptr_nonnull(responses);
    for (const char *asked = cases[index].asked; *asked; asked++)
        ck_assert(http_responses_expect(responses, *asked == 'h', *asked == 'c'));
    for (size_t at = 0; at < length; at += piece)
        http_responses_read(responses, (const uint8_t *)cases[index].text + at,
                            length - at < piece ? length - at : piece);
    ck_assert_msg(http_responses_waiting(responses) == cases[index].waiting &&
                      http_responses_is_between(responses) == cases[index].is_between &&
                      http_responses_is_lost(responses) == cases[index].is_lost &&
                      http_responses_upgrade(responses) == cases[index].upgrade,
                  "%s in pieces of %zu: %zu wait, between %d, lost %d, upgrade %d", cases[index].text, piece,
                  http_responses_waiting(responses), http_responses_is_between(responses),
                  http_responses_is_lost(responses), (int)http_responses_upgrade(responses));
    http_responses_free(responses);
}

START_TEST(requests_are_answered_in_any_pieces) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece <= 128; piece = piece < 8 ? piece + 1 : piece * 4)
            check_case(i, piece);
}
END_TEST

START_TEST(so_many_may_wait) {
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    struct http_responses *responses = http_responses_new();

    ck_assert_ptr_nonnull(responses);
    for (int i = 0; i < HTTP_RESPONSES_MOST; i++)
        ck_assert(http_responses_expect(responses, true, false));
    ck_assert(!http_responses_expect(responses, true, false));
    http_responses_read(responses, (const uint8_t *)answer, sizeof answer - 1);
    ck_assert(http_responses_expect(responses, false, false));
    ck_assert(!http_responses_expect(responses, true, false));
    for (int i = 1; i < HTTP_RESPONSES_MOST; i++)
        http_responses_read(responses, (const uint8_t *)answer, sizeof answer - 1);
    ck_assert_uint_eq(http_responses_waiting(responses), 1);
    ck_assert(http_responses_is_between(responses));
    http_responses_read(responses, (const uint8_t *)answer, sizeof answer - 1);
    ck_assert(!http_responses_is_between(responses)); /* its body */
    http_responses_free(responses);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");

    tcase_add_test(group, requests_are_answered_in_any_pieces);
    tcase_add_test(group, so_many_may_wait);
    return group;
}

UNIT_MAIN("proto/http_responses", reading)

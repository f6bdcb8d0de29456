/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_transport: the client's connection: deadlines, ends, and what cannot be connected to.
 */
#include "config.h"

#include "local_fixture.h"

#include "lib/base/clock.h"

#include <string.h>

enum { SHORT_MS = 100 };

START_TEST(nothing_that_comes_costs_the_deadline) {
    struct served served = serve_at("a");
    struct error error = {""};
    char byte;
    size_t count;
    client_connects(&served);
    uint64_t begin_ms = clock_ms();
    ck_assert_int_eq(http_transport_read(served.client, &byte, 1, begin_ms + SHORT_MS, &count, &error),
                     HTTP_TRANSPORT_LATE);
    ck_assert_uint_ge(clock_ms() - begin_ms, SHORT_MS - 10);
    ck_assert(!http_transport_is_readable(served.client));
    serve_no_more(&served);
}
END_TEST

START_TEST(what_is_not_taken_costs_the_deadline) {
    static char text[64 * 1024];
    struct served served = serve_at("b");
    enum http_transport_result result = HTTP_TRANSPORT_DONE;
    struct error error = {""};
    size_t count;
    client_connects(&served);
    for (int i = 0; i < 1000 && result == HTTP_TRANSPORT_DONE; i++)
        result = http_transport_write(served.client, text, sizeof text, clock_ms() + SHORT_MS, &count, &error);
    ck_assert_int_eq(result, HTTP_TRANSPORT_LATE);
    serve_no_more(&served);
}
END_TEST

static bool is_readable(void *context) {
    return http_transport_is_readable(context);
}

START_TEST(the_end_is_readable_and_stays) {
    struct served served = serve_at("c");
    struct error error = {""};
    char got[2];
    size_t count;
    client_connects(&served);
    ck_assert_uint_eq(client_takes(&served, "", 0, got), 0);
    ck_assert(unit_wait_until(is_readable, served.client, LOCAL_MS));
    ck_assert_int_eq(http_transport_read(served.client, got, 1, clock_ms() + LOCAL_MS, &count, &error),
                     HTTP_TRANSPORT_ENDED);
    serve_no_more(&served);
}
END_TEST

START_TEST(where_no_program_listens_it_tells_what_to_do) {
    struct error error = {""};
    const char *path = local_path("nothing");
    ck_assert_ptr_null(http_transport_open(path, clock_ms() + SHORT_MS, &error));
    ck_assert_msg(strstr(error.text, path) && strstr(error.text, "is it running"), "%s", error.text);
}
END_TEST

START_TEST(what_can_be_no_path_is_refused) {
    struct error error = {""};
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(http_transport_check("", &error), -1);
    ck_assert_int_eq(http_transport_check(longest, &error), -1);
    ck_assert_str_ne(error.text, "");
    ck_assert_int_eq(http_transport_check(local_path("a"), &error), 0);
}
END_TEST

static TCase *connecting(void) {
    TCase *group = tcase_create("connecting");
    tcase_add_test(group, nothing_that_comes_costs_the_deadline);
    tcase_add_test(group, what_is_not_taken_costs_the_deadline);
    tcase_add_test(group, the_end_is_readable_and_stays);
    tcase_add_test(group, where_no_program_listens_it_tells_what_to_do);
    tcase_add_test(group, what_can_be_no_path_is_refused);
    return group;
}

UNIT_MAIN("lib/http/transport", connecting)

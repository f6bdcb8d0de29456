/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_local_listener: a program of this machine connects, and is known; a Unix socket, or on Windows a pipe with
 * pipe_bridge_windows.c and pipe_rights_windows.c behind it.
 */
#include "config.h"

#include "local_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_TEXT = 300 * 1024 };

START_TEST(a_client_is_known_and_permitted) {
    struct served served = serve_at("a");
    struct local_peer peer = {.name = ""};
    client_connects(&served);
    ck_assert(local_listener_ask_peer(served.listener, served.fd, &peer));
    ck_assert(peer.is_permitted);
    ck_assert_str_ne(peer.name, "");
    serve_no_more(&served);
}
END_TEST

START_TEST(a_connection_of_another_listener_is_none_of_its_own) {
    struct served one = serve_at("one"), other = serve_at("other");
    struct local_peer peer;
    client_connects(&one);
    ck_assert(!local_listener_ask_peer(other.listener, one.fd, &peer));
    serve_no_more(&one);
    serve_no_more(&other);
}
END_TEST

START_TEST(what_was_sent_before_the_end_arrives) {
    struct served served = serve_at("b");
    char *text = calloc(1, LONG_TEXT), *got = calloc(1, LONG_TEXT + 1);
    memset(text, 'x', LONG_TEXT);
    client_connects(&served);
    ck_assert_uint_eq(client_takes(&served, text, LONG_TEXT, got), LONG_TEXT);
    ck_assert_mem_eq(got, text, LONG_TEXT);
    free(text);
    free(got);
    serve_no_more(&served);
}
END_TEST

START_TEST(a_client_that_goes_is_noticed) {
    struct served served = serve_at("c");
    client_connects(&served);
    http_transport_close(served.client);
    served.client = NULL;
    ck_assert(server_notices_end(&served));
    serve_no_more(&served);
}
END_TEST

START_TEST(a_connection_outlives_its_listener) {
    struct served served = serve_at("d");
    char text[] = "text", got[sizeof text + 1] = "";
    client_connects(&served);
    local_listener_free(served.listener);
    served.listener = NULL;
    ck_assert_uint_eq(client_takes(&served, text, sizeof text, got), sizeof text);
    ck_assert_str_eq(got, text);
    serve_no_more(&served);
}
END_TEST

static bool is_free(void *addr) {
    return !local_listener_is_served(addr);
}

START_TEST(an_address_has_one_listener) {
    struct addr addr = local_addr("e");
    struct error error = {""};
    ck_assert(!local_listener_is_served(&addr));
    struct served served = serve_at("e");
    ck_assert(local_listener_is_served(&addr));
    ck_assert_ptr_null(local_listener_bind(&addr, NULL, &error));
    ck_assert_msg(strstr(error.text, "choose another"), "%s", error.text);
    serve_no_more(&served);
    ck_assert(unit_wait_until(is_free, &addr, LOCAL_MS));
}
END_TEST

START_TEST(one_that_never_listened_leaves_nothing) {
    struct addr addr = local_addr("f");
    struct error error = {""};
    struct local_listener *listener = local_listener_bind(&addr, NULL, &error);
    ck_assert_msg(listener, "%s", error.text);
    local_listener_free(listener);
    listener = local_listener_bind(&addr, NULL, &error);
    ck_assert_msg(listener, "%s", error.text);
    local_listener_free(listener);
}
END_TEST

static TCase *listening(void) {
    TCase *group = tcase_create("listening");
    tcase_add_test(group, a_client_is_known_and_permitted);
    tcase_add_test(group, a_connection_of_another_listener_is_none_of_its_own);
    tcase_add_test(group, what_was_sent_before_the_end_arrives);
    tcase_add_test(group, a_client_that_goes_is_noticed);
    tcase_add_test(group, a_connection_outlives_its_listener);
    tcase_add_test(group, an_address_has_one_listener);
    tcase_add_test(group, one_that_never_listened_leaves_nothing);
    return group;
}

UNIT_MAIN("lib/http/local_listener", listening)

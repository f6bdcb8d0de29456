/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_join_code_issue: a join code has the token, the pin of the certificate and the servers that it was asked for.
 */
#include "config.h"

#include "conf/join_code_issue.h"
#include "lib/tls/cert_issue.h"
#include "lib/tls/certificate.h"
#include "unit.h"

#include <string.h>

static const struct auth_token token = {.name = "web1", .secret = {1, 2, 3}};

static struct join_code_request request_for(const struct strlist *servers, const char *listen, const char *name) {
    static const char *const names[] = {"munnel.example"};
    const struct cert_request self_signed = {
        .common_name = "x", .names = names, .name_count = 1, .days = 2, .use = CERT_CA};
    ck_assert_int_eq(cert_issue(&self_signed, NULL, NULL, unit_path("s.pem"), unit_path("s.key"), NULL), 0);
    return (struct join_code_request){
        .certificate = unit_path("s.pem"), .servers = servers, .listen = listen, .name = name, .token = &token};
}

static struct join_code issue(const struct join_code_request *request) {
    struct error error = {""};
    struct join_code code;
    char text[JOIN_CODE_TEXT];
    ck_assert_msg(join_code_issue(request, text, &error) == 0, "%s", error.text);
    ck_assert_msg(join_code_parse(&code, text, &error) == 0, "%s", error.text);
    return code;
}

START_TEST(it_has_the_token_and_the_pin) {
    char pin[JOIN_CODE_PIN_TEXT];
    struct join_code_request request = request_for(NULL, "10.1.2.3:99", NULL);
    struct join_code code = issue(&request);
    ck_assert_int_eq(certificate_read_pin(request.certificate, pin, NULL), 0);
    ck_assert_uint_eq(code.pin_count, 1);
    ck_assert_str_eq(code.pins[0], pin);
    ck_assert_str_eq(code.token.name, "web1");
    ck_assert_mem_eq(code.token.secret, token.secret, sizeof token.secret);
}
END_TEST

START_TEST(servers_that_are_named_are_in_it_as_they_were_written) {
    char first[] = "a.example:1", second[] = "[::1]:2", *items[] = {first, second};
    struct strlist servers = {items, 2};
    struct join_code_request request = request_for(&servers, ":99", "unused.example");
    struct join_code code = issue(&request);
    ck_assert_uint_eq(code.server_count, 2);
    ck_assert_str_eq(code.servers[0], first);
    ck_assert_str_eq(code.servers[1], second);
}
END_TEST

START_TEST(without_one_the_address_is_a_guess) {
    struct strlist none = {0};
    struct join_code_request request = request_for(&none, ":99", "other.example");
    struct join_code code = issue(&request);
    ck_assert_uint_eq(code.server_count, 1);
    ck_assert_str_eq(code.servers[0], "other.example:99");
    request.name = NULL;
    ck_assert_str_eq(issue(&request).servers[0], "munnel.example:99");
}
END_TEST

START_TEST(what_does_not_fit_is_an_error) {
    char server[JOIN_CODE_SERVER_TEXT + 1], text[JOIN_CODE_TEXT], *items[JOIN_CODE_SERVERS + 1];
    memset(server, 'a', JOIN_CODE_SERVER_TEXT);
    server[JOIN_CODE_SERVER_TEXT] = '\0';
    for (size_t i = 0; i <= JOIN_CODE_SERVERS; i++)
        items[i] = server;
    struct strlist servers = {items, 1};
    struct error error = {""};
    struct join_code_request request = request_for(&servers, ":99", NULL);
    ck_assert_int_eq(join_code_issue(&request, text, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is too long for a join code"));
    server[1] = '\0';
    servers.count = JOIN_CODE_SERVERS + 1;
    ck_assert_int_eq(join_code_issue(&request, text, &error), -1);
    ck_assert_str_eq(error.text, "too many servers for a join code; name 8 at most");
    request.certificate = unit_path("none.pem");
    ck_assert_int_eq(join_code_issue(&request, text, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "none.pem"));
}
END_TEST

static TCase *issuing(void) {
    TCase *group = tcase_create("issuing");
    tcase_add_test(group, it_has_the_token_and_the_pin);
    tcase_add_test(group, servers_that_are_named_are_in_it_as_they_were_written);
    tcase_add_test(group, without_one_the_address_is_a_guess);
    tcase_add_test(group, what_does_not_fit_is_an_error);
    return group;
}

UNIT_MAIN("conf/join_code_issue", issuing)
